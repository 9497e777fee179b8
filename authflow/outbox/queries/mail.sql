-- name: Enqueue
INSERT INTO {postern.mail} (id, kind, recipient, subject, body_text, body_html, attempts, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)
ON CONFLICT (id) DO NOTHING;

-- name: Claim
-- SQLite has one writer at a time, so the row that the subselect finds is still the same when it is changed.
UPDATE {postern.mail} SET attempts = attempts + 1, due_at = $2
WHERE id = (SELECT id FROM {postern.mail} WHERE dead_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT 1)
RETURNING id, kind, recipient, subject, body_text, body_html, attempts, COALESCE(last_error, 'no attempt at all'), created_at;

-- name: Delete
DELETE FROM {postern.mail} WHERE id = $1;

-- name: Retry
UPDATE {postern.mail} SET due_at = $3, last_error = $4
WHERE id = $1 AND attempts = $2 AND dead_at IS NULL;

-- name: Bury
UPDATE {postern.mail} SET dead_at = $3, last_error = $4, body_text = '', body_html = ''
WHERE id = $1 AND attempts = $2 AND dead_at IS NULL;

-- name: DeleteDead
DELETE FROM {postern.mail} WHERE dead_at < $1;
