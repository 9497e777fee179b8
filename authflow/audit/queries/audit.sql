-- name: Insert
INSERT INTO {postern.audit_event}
    (id, at, event, outcome, user_id, actor_id, session_id, account, ip_address, user_agent, request_id, reason, device, place, mac)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: OfUser
SELECT at, event, outcome, ip_address, user_agent, reason, place FROM {postern.audit_event} WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2;

-- name: DeleteBefore
-- Rows that are sealed go with all others of their seal, the oldest seals first ($3 is $1 in milliseconds).
DELETE FROM {postern.audit_event} WHERE id IN (
    SELECT id FROM {postern.audit_event} WHERE at < $1 AND (seal IS NULL
        OR seal < COALESCE((SELECT MIN(seq) FROM {postern.audit_seal} WHERE newest_at >= $3), 9223372036854775807))
    ORDER BY at LIMIT $2
);
