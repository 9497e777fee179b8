-- $1 is the plain name. A primary key is never null here, whatever the declaration says. Hidden are 2 and 3: generated columns, for which
-- nothing may be written (https://sqlite.org/pragma.html#pragma_table_xinfo).
-- name: Columns
SELECT c.name, lower(c.type), NOT (c."notnull" OR c.pk), c.dflt_value IS NOT NULL OR c.hidden IN (2, 3), false,
    c.pk OR EXISTS (
        SELECT 1 FROM pragma_index_list($1) l
        WHERE l."unique" AND NOT l.partial AND (SELECT group_concat(i.name) FROM pragma_index_info(l.name) i) = c.name
    )
FROM pragma_table_xinfo($1) c
WHERE c.hidden <> 1
ORDER BY c.cid;

-- name: Database
SELECT 'SQLite file ' || file FROM pragma_database_list WHERE name = 'main';
