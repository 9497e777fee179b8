-- The triggers on better-auth's tables. They are made again where one is missing, as after a table was made anew. Making one waits for writers under way
-- and holds the next ones up for that moment; no row is read.
CREATE OR REPLACE TRIGGER postern_sessions_deleted AFTER DELETE ON {session} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION {postern.sessions_deleted}();
CREATE OR REPLACE TRIGGER postern_sessions_updated AFTER UPDATE ON {session} REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION {postern.sessions_updated}();
CREATE OR REPLACE TRIGGER postern_sessions_truncated AFTER TRUNCATE ON {session} FOR EACH STATEMENT EXECUTE FUNCTION {postern.invalidate_everybody}();
CREATE OR REPLACE TRIGGER postern_users_deleted AFTER DELETE ON {user} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION {postern.users_deleted}();
CREATE OR REPLACE TRIGGER postern_users_updated AFTER UPDATE ON {user} REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION {postern.users_updated}();
CREATE OR REPLACE TRIGGER postern_users_truncated AFTER TRUNCATE ON {user} FOR EACH STATEMENT EXECUTE FUNCTION {postern.invalidate_everybody}();
