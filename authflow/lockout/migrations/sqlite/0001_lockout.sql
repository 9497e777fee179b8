-- How often a secret was guessed at in vain, and until when it may not be guessed at again, in milliseconds of Unix time. A new table:
-- nothing that exists is touched or locked.
CREATE TABLE {postern.lockout} (
    key text NOT NULL PRIMARY KEY,
    guesses integer NOT NULL,
    open_at integer NOT NULL,
    forget_at integer NOT NULL
);
CREATE INDEX postern_lockout_forget_at_idx ON {postern.lockout} (forget_at);
