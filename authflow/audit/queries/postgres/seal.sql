-- name: Claim
-- SKIP LOCKED: replicas that seal at the same time do not wait for each other's rows; one of them will find its number taken.
UPDATE {postern.audit_event} SET seal = $1 WHERE id IN (
    SELECT id FROM {postern.audit_event} WHERE seal IS NULL ORDER BY at, id LIMIT $2 FOR UPDATE SKIP LOCKED
);

-- name: Between
SELECT id, at, event, outcome, user_id, actor_id, session_id, account, ip_address, user_agent, request_id, reason, device, place, mac, seal
FROM {postern.audit_event}
WHERE (at > $1 OR (at = $1 AND id > $2)) AND at < $3 AND ($4::text = '' OR event = $4::text) AND ($5::text = '' OR user_id = $5::text)
ORDER BY at, id LIMIT $6;
