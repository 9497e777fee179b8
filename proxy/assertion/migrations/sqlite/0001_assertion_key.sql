-- Keys that sign what the application is told of a request. A new table: nothing that exists is touched or locked.
CREATE TABLE {postern.assertion_key} (
    id text NOT NULL PRIMARY KEY,
    algorithm text NOT NULL,
    public_key text NOT NULL,
    private_key text NOT NULL,
    signs_from date NOT NULL
);
