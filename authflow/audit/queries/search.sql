-- name: Search
SELECT id, at, event, outcome, user_id, actor_id, session_id, account, ip_address, user_agent, request_id, reason, place
FROM {postern.audit_event}
WHERE ($1 = '' OR event = $1) AND ($2 = '' OR outcome = $2) AND ($3 = '' OR user_id = $3 OR actor_id = $3) AND ($4 = '' OR ip_address = $4)
    AND (at < $5 OR (at = $5 AND id < $6))
ORDER BY at DESC, id DESC LIMIT $7;
