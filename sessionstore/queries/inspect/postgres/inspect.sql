-- $1 is a quoted and, where database.tables_in is set, qualified name. Otherwise the search_path decides, as it will for every
-- later query. No row: no such table. A unique index counts when it covers this column alone and all rows.
-- name: Columns
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, NULL), NOT a.attnotnull, a.atthasdef OR a.attidentity <> '', t.typtype = 'e',
    EXISTS (
        SELECT 1 FROM pg_catalog.pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
    )
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;

-- CREATE SCHEMA IF NOT EXISTS wants the right to create even when there is nothing to create, hence the question.
-- name: HasSchema
SELECT pg_catalog.to_regnamespace($1) IS NOT NULL;

-- The triggers of a table, but for those that are switched off.
-- name: Triggers
SELECT tgname::text FROM pg_catalog.pg_trigger
WHERE tgrelid = pg_catalog.to_regclass($1) AND NOT tgisinternal AND tgenabled <> 'D';

-- name: Database
SELECT 'PostgreSQL database ' || pg_catalog.current_database();
