-- name: CreateSession
INSERT INTO {session} ({session.id}, {session.userId}, {session.token}, {session.expiresAt}, {session.createdAt}, {session.updatedAt}, {session.ipAddress}, {session.userAgent}{session.more columns})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8{session.more values})
RETURNING {session.*};

-- name: FindSession
SELECT {s:session.*}, {u:user.*}
FROM {session} s JOIN {user} u ON {u:user.id} = {s:session.userId}
WHERE {s:session.token} = $1;

-- name: ListSessions
SELECT {session.*} FROM {session}
WHERE {session.userId} = $1 AND {session.expiresAt} > $2
ORDER BY {session.createdAt} DESC, {session.id};

-- name: UpdateSession
UPDATE {session} SET {session.updatedAt} = $2{session.more assignments}
WHERE {session.token} = $1 AND {session.expiresAt} > $2
RETURNING {session.*};

-- name: DeleteSession
DELETE FROM {session} WHERE {session.token} = $1;

-- name: DeleteExpiredSession
DELETE FROM {session} WHERE {session.token} = $1 AND {session.expiresAt} <= $2;

-- name: DeleteSessionByID
DELETE FROM {session} WHERE {session.userId} = $1 AND {session.id} = $2;

-- name: DeleteSessions
DELETE FROM {session} WHERE {session.userId} = $1;

-- name: DeleteOtherSessions
DELETE FROM {session} WHERE {session.userId} = $1 AND {session.token} <> $2;

-- name: DeleteExpiredSessions
DELETE FROM {session} WHERE {session.id} IN (
    SELECT {session.id} FROM {session} WHERE {session.expiresAt} < $1 LIMIT $2
);
