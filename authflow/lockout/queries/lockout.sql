-- name: Begin
-- Counts a guess at $1, unless it is closed at $2. After $4 guesses each further one closes it for twice as long as the one before: $5 at
-- first, $6 at last, which $7 doublings reach. All are forgotten $3 after the last. Times are in milliseconds, as they are shifted here.
INSERT INTO {postern.lockout} AS l (key, guesses, open_at, forget_at)
VALUES ($1, 1, CASE WHEN $4 > 1 THEN $2 ELSE $2 + $5 END, $2 + $3)
ON CONFLICT (key) DO UPDATE SET
    guesses = CASE WHEN l.forget_at <= $2 THEN 1 ELSE l.guesses + 1 END,
    open_at = CASE
        WHEN (CASE WHEN l.forget_at <= $2 THEN 1 ELSE l.guesses + 1 END) < $4 THEN $2
        WHEN (CASE WHEN l.forget_at <= $2 THEN 1 ELSE l.guesses + 1 END) - $4 >= $7 THEN $2 + $6
        ELSE $2 + ($5 << ((CASE WHEN l.forget_at <= $2 THEN 1 ELSE l.guesses + 1 END) - $4))
    END,
    forget_at = $2 + $3
WHERE l.open_at <= $2
RETURNING guesses;

-- name: Closed
SELECT open_at FROM {postern.lockout} WHERE key = $1;

-- name: Forgive
-- Where others have guessed since ($2 is not the last any more), what they have closed stays closed.
UPDATE {postern.lockout} SET
    guesses = guesses - 1,
    open_at = CASE WHEN guesses = $2 AND open_at > $3 THEN $3 ELSE open_at END
WHERE key = $1 AND guesses > 0;

-- name: DeleteBefore
DELETE FROM {postern.lockout} WHERE key IN (
    SELECT key FROM {postern.lockout} WHERE forget_at < $1 ORDER BY forget_at LIMIT $2
);
