-- name: Insert
INSERT INTO {postern.audit_event}
    (id, at, event, outcome, user_id, actor_id, session_id, account, ip_address, user_agent, request_id, reason, device, place)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: OfUser
SELECT at, event, outcome, ip_address, user_agent, reason, place FROM {postern.audit_event} WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2;

-- name: DeleteBefore
DELETE FROM {postern.audit_event} WHERE id IN (
    SELECT id FROM {postern.audit_event} WHERE at < $1 ORDER BY at LIMIT $2
);
