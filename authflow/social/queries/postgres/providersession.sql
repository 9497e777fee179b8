-- name: FindBySID
-- The parameter is compared with nothing but a literal, so its type has to be said.
SELECT session_id, user_id FROM {postern.provider_session}
WHERE provider = $1 AND sid = $2 AND ($3::text = '' OR subject = $3);
