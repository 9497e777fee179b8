-- name: ListAccounts
SELECT {account.*} FROM {account} WHERE {account.userId} = $1 ORDER BY {account.createdAt}, {account.id};

-- name: CreateAccount
INSERT INTO {account} ({account.id}, {account.userId}, {account.providerId}, {account.accountId}, {account.accessToken}, {account.refreshToken}, {account.idToken},
    {account.accessTokenExpiresAt}, {account.refreshTokenExpiresAt}, {account.scope}, {account.password}, {account.createdAt}, {account.updatedAt})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: CreateAccountWithIssuer
-- needs: account.issuer
INSERT INTO {account} ({account.id}, {account.userId}, {account.providerId}, {account.accountId}, {account.accessToken}, {account.refreshToken}, {account.idToken},
    {account.accessTokenExpiresAt}, {account.refreshTokenExpiresAt}, {account.scope}, {account.password}, {account.createdAt}, {account.updatedAt}, {account.issuer})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: FindAccount
SELECT {account.*} FROM {account}
WHERE {account.providerId} = $1 AND {account.accountId} = $2
ORDER BY {account.createdAt}, {account.id} LIMIT 2;

-- name: FindAccountByIssuer
-- needs: account.issuer
SELECT {account.*} FROM {account}
WHERE {account.providerId} = $1 AND {account.accountId} = $2
    AND ({account.issuer} IN ($3, $4) OR {account.issuer} IS NULL OR {account.issuer} = '')
ORDER BY {account.createdAt}, {account.id} LIMIT 2;

-- name: FindUserAccount
SELECT {account.*} FROM {account} WHERE {account.id} = $1 AND {account.userId} = $2;

-- name: HoldAccounts
-- A SQLite transaction that may write is alone already.
SELECT 1 WHERE $1 <> '';

-- name: UpdateTokens
UPDATE {account}
SET {account.accessToken} = COALESCE($2, {account.accessToken}),
    {account.refreshToken} = COALESCE($3, {account.refreshToken}),
    {account.idToken} = COALESCE($4, {account.idToken}),
    {account.accessTokenExpiresAt} = COALESCE($5, {account.accessTokenExpiresAt}),
    {account.refreshTokenExpiresAt} = COALESCE($6, {account.refreshTokenExpiresAt}),
    {account.scope} = COALESCE($7, {account.scope}),
    {account.updatedAt} = $8
WHERE {account.id} = $1;

-- name: ReplaceTokens
UPDATE {account}
SET {account.accessToken} = COALESCE($2, {account.accessToken}),
    {account.refreshToken} = COALESCE($3, {account.refreshToken}),
    {account.idToken} = COALESCE($4, {account.idToken}),
    {account.accessTokenExpiresAt} = COALESCE($5, {account.accessTokenExpiresAt}),
    {account.refreshTokenExpiresAt} = COALESCE($6, {account.refreshTokenExpiresAt}),
    {account.scope} = COALESCE($7, {account.scope}),
    {account.updatedAt} = $8
WHERE {account.id} = $1 AND {account.refreshToken} = $9;

-- name: FindCredential
SELECT {account.*} FROM {account}
WHERE {account.userId} = $1 AND {account.providerId} = $2
ORDER BY {account.createdAt}, {account.id} LIMIT 1;

-- name: FindUserWithCredential
SELECT {u:user.*}, {a:account.*}
FROM {user} u LEFT JOIN {account} a
    ON {a:account.userId} = {u:user.id} AND {a:account.providerId} = $2 AND {a:account.password} IS NOT NULL
WHERE {u:user.email} = $1
ORDER BY {a:account.createdAt}, {a:account.id} LIMIT 1;

-- name: SetPassword
UPDATE {account} SET {account.password} = $3, {account.updatedAt} = $4
WHERE {account.userId} = $1 AND {account.providerId} = $2;

-- name: UpgradePassword
UPDATE {account} SET {account.password} = $3, {account.updatedAt} = $4
WHERE {account.id} = $1 AND {account.password} = $2;

-- name: HoldPassword
-- A SQLite transaction that may write is alone already.
SELECT true FROM {account} WHERE {account.id} = $1 AND {account.password} = $2;

-- name: DeleteAccount
DELETE FROM {account} WHERE {account.id} = $1 AND {account.userId} = $2;

-- name: DeleteAccounts
DELETE FROM {account} WHERE {account.userId} = $1;
