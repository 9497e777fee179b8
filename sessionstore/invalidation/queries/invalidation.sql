-- Everything that has become visible since a poll whose horizon is $1: transactions below it had ended by then, so their rows were seen. The first
-- row is there even if nothing is.
-- name: Poll
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, extract(epoch FROM pg_postmaster_start_time())::text, pg_is_in_recovery(), extract(epoch FROM clock_timestamp())::float8,
    i.id, i.user_id, coalesce(extract(epoch FROM clock_timestamp() - i.at), 0)::float8
FROM (SELECT 1) always LEFT JOIN {postern.invalidation} i ON i.xact >= $1::text::xid8;

-- name: Horizon
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, extract(epoch FROM pg_postmaster_start_time())::text, pg_is_in_recovery();

-- name: MarkSeen
UPDATE {postern.invalidation} SET seen_at = now() WHERE seen_at IS NULL;

-- name: DeleteSeen
DELETE FROM {postern.invalidation} WHERE seen_at < now() - $1::float8 * interval '1 second';
