-- better-auth's core tables, as its Kysely adapter makes them: dates are ISO 8601 text, booleans 0 and 1. Each is created only where it is missing, so a table with a
-- million rows is never touched.

-- name: CreateTable_user
CREATE TABLE {user} (
    {user.id} text NOT NULL PRIMARY KEY,
    {user.name} text NOT NULL,
    {user.email} text NOT NULL UNIQUE,
    {user.emailVerified} integer NOT NULL,
    {user.image} text,
    {user.createdAt} date NOT NULL,
    {user.updatedAt} date NOT NULL{user.more definitions}
);

-- name: CreateTable_session
CREATE TABLE {session} (
    {session.id} text NOT NULL PRIMARY KEY,
    {session.expiresAt} date NOT NULL,
    {session.token} text NOT NULL UNIQUE,
    {session.createdAt} date NOT NULL,
    {session.updatedAt} date NOT NULL,
    {session.ipAddress} text,
    {session.userAgent} text,
    {session.userId} text NOT NULL REFERENCES {user} ({user.id}) ON DELETE CASCADE{session.more definitions}
);
CREATE INDEX {index session.userId} ON {session} ({session.userId});

-- name: CreateTable_account
CREATE TABLE {account} (
    {account.id} text NOT NULL PRIMARY KEY,
    {account.accountId} text NOT NULL,
    {account.providerId} text NOT NULL,
    {account.userId} text NOT NULL REFERENCES {user} ({user.id}) ON DELETE CASCADE,
    {account.accessToken} text,
    {account.refreshToken} text,
    {account.idToken} text,
    {account.accessTokenExpiresAt} date,
    {account.refreshTokenExpiresAt} date,
    {account.scope} text,
    {account.password} text,
    {account.createdAt} date NOT NULL,
    {account.updatedAt} date NOT NULL
);
CREATE INDEX {index account.userId} ON {account} ({account.userId});

-- name: CreateTable_verification
CREATE TABLE {verification} (
    {verification.id} text NOT NULL PRIMARY KEY,
    {verification.identifier} text NOT NULL,
    {verification.value} text NOT NULL,
    {verification.expiresAt} date NOT NULL,
    {verification.createdAt} date NOT NULL,
    {verification.updatedAt} date NOT NULL
);
CREATE INDEX {index verification.identifier} ON {verification} ({verification.identifier});

-- SQLite has no schemas; Postern's own tables have the prefix postern_ instead.

-- name: CreateMigrationTable
CREATE TABLE {postern.migration} (
    set_name text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    applied_at date NOT NULL,
    PRIMARY KEY (set_name, version)
);
