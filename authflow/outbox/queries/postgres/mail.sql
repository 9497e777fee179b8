-- name: Claim
-- SKIP LOCKED lets workers pass by each other's rows instead of queueing for the same one. "id =", not "id IN": the planner
-- evaluates a scalar subselect once, so that never more than one row is claimed.
UPDATE {postern.mail} SET attempts = attempts + 1, due_at = $2
WHERE id = (
    SELECT id FROM {postern.mail} WHERE dead_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, recipient, subject, body_text, body_html, attempts, COALESCE(last_error, 'no attempt at all'), created_at;
