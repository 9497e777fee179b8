-- What providers have said of sessions that end, for sign-ins that are under way when they say it. A new table: nothing that exists is
-- touched or locked.
CREATE TABLE {postern.provider_logout} (
    provider text NOT NULL,
    subject text NOT NULL,
    sid text NOT NULL,
    said_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (provider, subject, sid)
);
CREATE INDEX provider_logout_sid_idx ON {postern.provider_logout} (provider, sid);
CREATE INDEX provider_logout_ends_at_idx ON {postern.provider_logout} (ends_at);
