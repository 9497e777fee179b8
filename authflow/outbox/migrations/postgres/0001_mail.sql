-- Letters on their way. A new table: nothing that exists is touched or locked.
--
-- due_at is when a worker may take the letter: now, the next attempt, or the end of the lease of the worker that has it.
-- attempts counts claims, and so tells a claim from a later one. dead_at is set when the letter is given up.
CREATE TABLE {postern.mail} (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    dead_at timestamptz
);
CREATE INDEX mail_due_at_idx ON {postern.mail} (due_at) WHERE dead_at IS NULL;
