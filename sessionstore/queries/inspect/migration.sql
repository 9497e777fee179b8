-- name: AppliedMigrations
SELECT set_name, version, name FROM {postern.migration} ORDER BY set_name, version;

-- name: RecordMigration
INSERT INTO {postern.migration} (set_name, version, name, applied_at) VALUES ($1, $2, $3, $4);
