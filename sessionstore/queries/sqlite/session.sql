-- A time may have been written in another form than ours.
-- name: RenewSession
UPDATE {session} SET {session.expiresAt} = $3, {session.updatedAt} = $4
WHERE {session.token} = $1 AND strftime('%Y-%m-%dT%H:%M:%fZ', {session.expiresAt}) = $2 AND {session.expiresAt} > $5;
