-- A SQLite transaction that writes is alone already.

-- name: LockCleanup
SELECT true;
