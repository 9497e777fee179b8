-- name: Letters
SELECT kind, recipient, subject, body_text FROM {postern.mail} ORDER BY rowid;

-- name: Events
SELECT event, outcome, coalesce(user_id, ''), coalesce(session_id, ''), coalesce(account, ''), coalesce(ip_address, ''), coalesce(reason, '')
FROM {postern.audit_event} ORDER BY rowid;
