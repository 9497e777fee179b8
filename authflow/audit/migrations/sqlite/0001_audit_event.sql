-- What happened to accounts. A new table: nothing that exists is touched or locked. It has no foreign keys: an event outlives
-- the user and the session it names.
CREATE TABLE {postern.audit_event} (
    id text NOT NULL PRIMARY KEY,
    at date NOT NULL,
    event text NOT NULL,
    outcome text NOT NULL,
    user_id text,
    actor_id text,
    session_id text,
    account text,
    ip_address text,
    user_agent text,
    request_id text,
    reason text
);
CREATE INDEX postern_audit_event_at_idx ON {postern.audit_event} (at);
CREATE INDEX postern_audit_event_user_id_idx ON {postern.audit_event} (user_id, at);
