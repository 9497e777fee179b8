-- name: DeleteBefore
-- SKIP LOCKED: replicas that clean up at the same time take different rows, and nobody waits for a row that is being counted in.
DELETE FROM {postern.rate_limit} WHERE key IN (
    SELECT key FROM {postern.rate_limit} WHERE ends_at < $1 ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED
);
