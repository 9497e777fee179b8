-- The table of better-auth's jwt plugin, as its own generator makes it. Created only where it is missing and a feature uses it.

-- name: CreateTable_jwks
CREATE TABLE {jwks} (
    {jwks.id} text NOT NULL PRIMARY KEY,
    {jwks.publicKey} text NOT NULL,
    {jwks.privateKey} text NOT NULL,
    {jwks.createdAt} date NOT NULL,
    {jwks.expiresAt} date,
    {jwks.alg} text,
    {jwks.crv} text
);
