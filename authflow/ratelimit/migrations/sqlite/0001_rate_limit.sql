-- How often something happened in a window of time. A new table: nothing that exists is touched or locked.
CREATE TABLE {postern.rate_limit} (
    key text NOT NULL PRIMARY KEY,
    hits integer NOT NULL,
    ends_at date NOT NULL
);
CREATE INDEX postern_rate_limit_ends_at_idx ON {postern.rate_limit} (ends_at);
