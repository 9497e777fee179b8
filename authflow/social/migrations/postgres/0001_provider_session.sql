-- Which sessions were begun with which of a provider's, and which of its logout tokens were seen. New tables: nothing that exists is
-- touched or locked. They have no foreign keys, so that whoever deletes sessions, and whatever migrates their table, need not know of
-- them; rows whose session is gone are removed now and then.
CREATE TABLE {postern.provider_session} (
    session_id text NOT NULL PRIMARY KEY,
    user_id text NOT NULL,
    provider text NOT NULL,
    subject text NOT NULL,
    sid text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX provider_session_subject_idx ON {postern.provider_session} (provider, subject);
CREATE INDEX provider_session_sid_idx ON {postern.provider_session} (provider, sid);
CREATE INDEX provider_session_created_at_idx ON {postern.provider_session} (created_at);
CREATE TABLE {postern.logout_token} (
    id text NOT NULL PRIMARY KEY,
    ends_at timestamptz NOT NULL
);
CREATE INDEX logout_token_ends_at_idx ON {postern.logout_token} (ends_at);
