-- name: FindCursor
SELECT seal FROM {postern.audit_cursor} WHERE name = $1;

-- name: HoldCursor
-- Whoever holds it delivers; another may when it was not held on to for a while ($4 is now, in milliseconds). A new one begins at the present end.
INSERT INTO {postern.audit_cursor} AS c (name, seal, holder, held_until)
VALUES ($1, COALESCE((SELECT MAX(seq) FROM {postern.audit_seal}), 0), $2, $3)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
WHERE c.holder = excluded.holder OR c.held_until < $4;

-- name: MoveCursor
UPDATE {postern.audit_cursor} SET seal = $3, held_until = $4 WHERE name = $1 AND holder = $2;

-- name: Undelivered
SELECT COUNT(*) FROM {postern.audit_seal} WHERE seq > (SELECT seal FROM {postern.audit_cursor} WHERE name = $1);
