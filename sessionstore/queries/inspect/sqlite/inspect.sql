-- $1 is the plain name. A primary key is never null here, whatever the declaration says.
-- name: Columns
SELECT c.name, lower(c.type), NOT (c."notnull" OR c.pk), c.dflt_value IS NOT NULL, false,
    c.pk OR EXISTS (
        SELECT 1 FROM pragma_index_list($1) l
        WHERE l."unique" AND NOT l.partial AND (SELECT group_concat(i.name) FROM pragma_index_info(l.name) i) = c.name
    )
FROM pragma_table_info($1) c
ORDER BY c.cid;

-- name: Database
SELECT 'SQLite file ' || file FROM pragma_database_list WHERE name = 'main';
