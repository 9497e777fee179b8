-- name: DeleteBefore
-- SKIP LOCKED: replicas that clean up at the same time take different rows instead of waiting for each other.
DELETE FROM {postern.audit_event} WHERE id IN (
    SELECT id FROM {postern.audit_event} WHERE at < $1 AND (seal IS NULL
        OR seal < COALESCE((SELECT MIN(seq) FROM {postern.audit_seal} WHERE newest_at >= $3), 9223372036854775807))
    ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
);
