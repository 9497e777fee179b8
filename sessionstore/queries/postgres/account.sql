-- name: HoldPassword
-- Waits for a change that is under way and then looks again; a change that comes later waits for this transaction.
SELECT true FROM {account} WHERE {account.id} = $1 AND {account.password} = $2 FOR SHARE;

-- name: HoldAccounts
-- Neither the identity nor the first account of a user is a row that could be locked. The first number is arbitrary, and says that
-- the second is one of these; all replicas use the same.
SELECT pg_advisory_xact_lock(709351842, hashtext($1));
