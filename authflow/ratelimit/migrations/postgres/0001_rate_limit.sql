-- How often something happened in a window of time. A new table: nothing that exists is touched or locked. It is not logged
-- ahead (UNLOGGED): a crash empties it, which opens every window anew, and a count costs no wait for the disk.
CREATE UNLOGGED TABLE {postern.rate_limit} (
    key text NOT NULL PRIMARY KEY,
    hits integer NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX rate_limit_ends_at_idx ON {postern.rate_limit} (ends_at);
