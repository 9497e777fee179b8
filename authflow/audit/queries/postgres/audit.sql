-- name: DeleteBefore
-- SKIP LOCKED: replicas that clean up at the same time take different rows instead of waiting for each other.
DELETE FROM {postern.audit_event} WHERE id IN (
    SELECT id FROM {postern.audit_event} WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
);
