-- The embedded database has one process, which hears of its own changes: nothing to make.
SELECT 1;
