-- name: CreateVerification
INSERT INTO {verification} ({verification.id}, {verification.identifier}, {verification.value}, {verification.expiresAt}, {verification.createdAt}, {verification.updatedAt})
VALUES ($1, $2, $3, $4, $5, $6);

-- name: FindVerification
SELECT {verification.*} FROM {verification}
WHERE {verification.identifier} = $1 AND {verification.expiresAt} > $2
ORDER BY {verification.createdAt} DESC, {verification.id} LIMIT 1;

-- name: FindLatestVerification
SELECT {verification.*} FROM {verification}
WHERE {verification.identifier} = $1
ORDER BY {verification.createdAt} DESC, {verification.id} LIMIT 1;

-- name: DeleteVerification
DELETE FROM {verification} WHERE {verification.id} = $1;

-- name: ConsumeVerification
DELETE FROM {verification}
WHERE {verification.identifier} = $1 AND {verification.expiresAt} > $2
RETURNING {verification.*};

-- name: DeleteExpiredVerifications
DELETE FROM {verification} WHERE {verification.id} IN (
    SELECT {verification.id} FROM {verification} WHERE {verification.expiresAt} < $1 LIMIT $2
);
