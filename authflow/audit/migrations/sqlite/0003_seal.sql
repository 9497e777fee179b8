-- What makes tampering show. Columns that may be null: nothing is rewritten. The index is built while the table is locked against writing: some
-- seconds for a million rows, as no row has a seal yet.
ALTER TABLE {postern.audit_event} ADD COLUMN mac text;
ALTER TABLE {postern.audit_event} ADD COLUMN seal integer;
CREATE INDEX postern_audit_event_unsealed_idx ON {postern.audit_event} (at) WHERE seal IS NULL;
CREATE INDEX postern_audit_event_seal_idx ON {postern.audit_event} (seal);
CREATE TABLE {postern.audit_seal} (
    seq integer NOT NULL PRIMARY KEY,
    previous text NOT NULL,
    hash text NOT NULL,
    signature text NOT NULL,
    sealed_at integer NOT NULL,
    since_at integer NOT NULL,
    newest_at integer NOT NULL,
    events integer NOT NULL
);
CREATE TABLE {postern.audit_cursor} (
    name text NOT NULL PRIMARY KEY,
    seal integer NOT NULL,
    holder text NOT NULL,
    held_until integer NOT NULL
);
