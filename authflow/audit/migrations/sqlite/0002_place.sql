-- Where and on what it happened, in words. Columns that may be null: nothing is rewritten, and the table is locked for a moment only.
ALTER TABLE {postern.audit_event} ADD COLUMN device text;
ALTER TABLE {postern.audit_event} ADD COLUMN place text;
