-- The number is arbitrary; all replicas use the same.

-- name: LockCleanup
SELECT pg_try_advisory_xact_lock(7093518420114);
