-- name: Add
-- Counts $2 hits in the window that is open at $3, or opens one until $4. It goes on counting beyond the limit: what was too much
-- is how the caller knows how many of its hits were not.
INSERT INTO {postern.rate_limit} AS r (key, hits, ends_at) VALUES ($1, $2, $4)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN r.ends_at <= $3 THEN excluded.hits ELSE r.hits + excluded.hits END,
    ends_at = CASE WHEN r.ends_at <= $3 THEN excluded.ends_at ELSE r.ends_at END
RETURNING hits, ends_at;

-- name: Return
-- Those beyond the limit ($3) were refused, so they are not among the hits of which one is taken back.
UPDATE {postern.rate_limit} SET hits = CASE WHEN hits > $3 THEN $3 ELSE hits END - 1
WHERE key = $1 AND ends_at > $2 AND hits > 0;

-- name: Counted
SELECT 1 FROM {postern.rate_limit} WHERE key = $1 AND ends_at > $2 AND hits > 0;

-- name: DeleteBefore
DELETE FROM {postern.rate_limit} WHERE key IN (
    SELECT key FROM {postern.rate_limit} WHERE ends_at < $1 ORDER BY ends_at LIMIT $2
);
