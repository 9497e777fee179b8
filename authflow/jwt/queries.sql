-- name: ListKeys
SELECT {jwks.*} FROM {jwks} ORDER BY {jwks.createdAt} DESC, {jwks.id};

-- name: CreateKey
INSERT INTO {jwks} ({jwks.id}, {jwks.publicKey}, {jwks.privateKey}, {jwks.createdAt}, {jwks.expiresAt})
VALUES ($1, $2, $3, $4, $5);

-- name: CreateKeyWithAlgorithm
-- needs: jwks.alg jwks.crv
INSERT INTO {jwks} ({jwks.id}, {jwks.publicKey}, {jwks.privateKey}, {jwks.createdAt}, {jwks.expiresAt}, {jwks.alg}, {jwks.crv})
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: Reseal
UPDATE {jwks} SET {jwks.privateKey} = $3 WHERE {jwks.id} = $1 AND {jwks.privateKey} = $2;
