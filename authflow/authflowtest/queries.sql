-- name: Letters
SELECT kind, recipient, subject, body_text FROM {postern.mail} ORDER BY rowid;

-- name: Events
SELECT event, outcome, coalesce(user_id, ''), coalesce(actor_id, ''), coalesce(session_id, ''), coalesce(account, ''), coalesce(ip_address, ''), coalesce(reason, ''), coalesce(place, '')
FROM {postern.audit_event} ORDER BY rowid;

-- name: Ban
-- needs: user.banned user.banReason user.banExpires
UPDATE {user} SET {user.banned} = true, {user.banReason} = 'spam', {user.banExpires} = $2 WHERE {user.id} = $1;

-- name: BanReason
-- needs: user.banReason
SELECT {user.banReason} FROM {user} WHERE {user.id} = $1;
