-- name: FindSessions
SELECT {s:session.*}, {u:user.*}
FROM {session} s JOIN {user} u ON {u:user.id} = {s:session.userId}
WHERE {s:session.token} = ANY($1);

-- What was read had milliseconds, as JavaScript has; the row may have more. Rows that somebody else has locked are skipped: waiting for one would hold
-- up all, and two replicas with the same sessions in another order would wait for each other.
-- name: RenewSessions
WITH due AS (
    SELECT {s:session.id} AS id, r.until, r.used FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) AS r(token, was, until, used)
    JOIN {session} s ON {s:session.token} = r.token
    WHERE date_trunc('milliseconds', {s:session.expiresAt}) = r.was AND {s:session.expiresAt} > $5
    FOR UPDATE OF s SKIP LOCKED
)
UPDATE {session} s SET {session.expiresAt} = due.until, {session.updatedAt} = due.used
FROM due WHERE {s:session.id} = due.id
RETURNING {s:session.token};

-- Rows go when both clocks say that they are over: ours may be wrong, and what is deleted does not come back when it is put right.
-- name: DeleteExpiredSession
DELETE FROM {session} WHERE {session.token} = $1 AND {session.expiresAt} <= $2 AND {session.expiresAt} <= now();

-- name: DeleteExpiredSessions
DELETE FROM {session} WHERE {session.id} IN (
    SELECT {session.id} FROM {session} WHERE {session.expiresAt} < $1 AND {session.expiresAt} < now() LIMIT $2
);
