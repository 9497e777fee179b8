-- name: DeleteExpiredVerifications
DELETE FROM {verification} WHERE {verification.id} IN (
    SELECT {verification.id} FROM {verification} WHERE {verification.expiresAt} < $1 AND {verification.expiresAt} < now() LIMIT $2
);
