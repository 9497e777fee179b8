-- name: Begin
-- As in SQLite; the casts say which of PostgreSQL's integers is meant.
INSERT INTO {postern.lockout} AS l (key, guesses, open_at, forget_at)
VALUES ($1, 1, CASE WHEN $4::integer > 1 THEN $2::bigint ELSE $2::bigint + $5::bigint END, $2::bigint + $3::bigint)
ON CONFLICT (key) DO UPDATE SET
    guesses = CASE WHEN l.forget_at <= $2::bigint THEN 1 ELSE l.guesses + 1 END,
    open_at = CASE
        WHEN (CASE WHEN l.forget_at <= $2::bigint THEN 1 ELSE l.guesses + 1 END) < $4::integer THEN $2::bigint
        WHEN (CASE WHEN l.forget_at <= $2::bigint THEN 1 ELSE l.guesses + 1 END) - $4::integer >= $7::integer THEN $2::bigint + $6::bigint
        ELSE $2::bigint + ($5::bigint << ((CASE WHEN l.forget_at <= $2::bigint THEN 1 ELSE l.guesses + 1 END) - $4::integer))
    END,
    forget_at = $2::bigint + $3::bigint
WHERE l.open_at <= $2::bigint
RETURNING guesses;

-- name: DeleteBefore
-- SKIP LOCKED: replicas that clean up at the same time take different rows, and nobody waits for a row that is being counted in.
DELETE FROM {postern.lockout} WHERE key IN (
    SELECT key FROM {postern.lockout} WHERE forget_at < $1 ORDER BY forget_at LIMIT $2 FOR UPDATE SKIP LOCKED
);
