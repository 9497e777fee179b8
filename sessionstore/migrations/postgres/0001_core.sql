-- better-auth's core tables, as its own generator makes them. Each is created only where it is missing, so a table with a
-- million rows is never touched.

-- name: CreateTablesIn
CREATE SCHEMA {tables_in};

-- name: CreateTable_user
CREATE TABLE {user} (
    {user.id} text NOT NULL PRIMARY KEY,
    {user.name} text NOT NULL,
    {user.email} text NOT NULL UNIQUE,
    {user.emailVerified} boolean NOT NULL,
    {user.image} text,
    {user.createdAt} timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    {user.updatedAt} timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP{user.more definitions}
);

-- name: CreateTable_session
CREATE TABLE {session} (
    {session.id} text NOT NULL PRIMARY KEY,
    {session.expiresAt} timestamptz NOT NULL,
    {session.token} text NOT NULL UNIQUE,
    {session.createdAt} timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    {session.updatedAt} timestamptz NOT NULL,
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
    {account.accessTokenExpiresAt} timestamptz,
    {account.refreshTokenExpiresAt} timestamptz,
    {account.scope} text,
    {account.password} text,
    {account.createdAt} timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    {account.updatedAt} timestamptz NOT NULL
);
CREATE INDEX {index account.userId} ON {account} ({account.userId});

-- name: CreateTable_verification
CREATE TABLE {verification} (
    {verification.id} text NOT NULL PRIMARY KEY,
    {verification.identifier} text NOT NULL,
    {verification.value} text NOT NULL,
    {verification.expiresAt} timestamptz NOT NULL,
    {verification.createdAt} timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    {verification.updatedAt} timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX {index verification.identifier} ON {verification} ({verification.identifier});

-- Postern's own tables stand in a schema of their own, where the application's migration tools do not look.

-- name: CreateOwnSchema
CREATE SCHEMA postern;

-- name: CreateMigrationTable
CREATE TABLE {postern.migration} (
    set_name text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (set_name, version)
);
