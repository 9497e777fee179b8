-- name: HoldPassword
-- Waits for a change that is under way and then looks again; a change that comes later waits for this transaction.
SELECT true FROM {account} WHERE {account.id} = $1 AND {account.password} = $2 FOR SHARE;
