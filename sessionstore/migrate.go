package sessionstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed queries
var queryFiles embed.FS

//go:embed migrations
var migrationFiles embed.FS

// MigrationSet creates the tables of one feature, step by step. FS holds migrations/postgres/0001_name.sql and
// migrations/sqlite/0001_name.sql, numbered without gaps and only ever added to. They may use the placeholders of Statements.
// An older Postern goes on with a database that has further steps, so that versions can be rolled and rolled back; a step that it cannot go on with
// is called 0007_breaking_name.sql.
//
// A feature that keeps its rows in the table of a better-auth plugin names that model instead, such as jwks: such a table
// is made where it is missing and never altered, as the core ones, and may be renamed like them.
type MigrationSet struct {
	Name   string
	FS     fs.FS    // nil when the feature has no tables of its own
	Models []string // plugin tables of better-auth that the feature uses

	// Triggers are those that the feature has on better-auth's tables in PostgreSQL, by model. FS then holds triggers/postgres.sql, which
	// may be run any number of times: it is whenever one is missing, after the steps.
	Triggers map[string][]string
}

// migrationTimeout is for statements that build an index over a large table.
const migrationTimeout = time.Hour

// Migrate creates what is missing: tables of better-auth that do not exist, columns of additional fields, and the steps of the sets
// that were not applied. Beyond those columns, and triggers, tables of better-auth that exist are never altered. Everything happens in
// one transaction under a lock, so that of any number of replicas one does it and the others find it done. When the report has
// problems nothing is done.
func Migrate(ctx context.Context, cfg Config, sets []MigrationSet, log *slog.Logger) (Report, error) {
	db, err := connect(ctx, cfg, Options{Logger: log}, true)
	if err != nil {
		return Report{}, err
	}
	defer db.driver.close()
	db.queryTimeout = migrationTimeout
	var report Report
	err = (&Store{db: db}).InTx(ctx, func(tx *Store) error {
		if err := db.driver.lock(ctx, tx.tx.transaction); err != nil {
			return fmt.Errorf("wait for other migrations: %w", err)
		}
		if report, err = db.status(ctx, tx, sets); err != nil {
			return err
		}
		if len(report.Problems) > 0 {
			return report.Err()
		}
		return db.migrate(ctx, tx, sets, &report)
	})
	if err != nil {
		return report, err
	}
	for _, line := range report.created() {
		db.log.Info("database migrated", "created", line)
	}
	return report, nil
}

// Status says what Migrate would do, and changes nothing.
func Status(ctx context.Context, cfg Config, sets []MigrationSet) (Report, error) {
	db, err := connect(ctx, cfg, Options{}, true)
	if err != nil {
		return Report{}, err
	}
	defer db.driver.close()
	return db.status(ctx, &Store{db: db}, sets)
}

// status inspects the database and remembers which columns exist.
func (db *database) status(ctx context.Context, on *Store, sets []MigrationSet) (Report, error) {
	report := Report{}
	err := db.inspection.Query(ctx, on, "Database", nil, func(scan scanFunc) error { return scan(&report.Database) })
	if err != nil {
		return report, err
	}
	wanted, err := wantedModels(sets)
	if err != nil {
		return report, err
	}
	db.columns = presence{}
	for _, m := range wanted {
		m = db.model(m.name)
		found, err := db.inspectModel(ctx, on, m)
		if err != nil {
			return report, err
		}
		state := Missing
		if found.present != nil {
			state, db.columns[m.name] = Present, found.present
		}
		report.Steps = append(report.Steps, Step{
			Name: "table " + db.mapping[m.name].Table, State: state, Uses: found.optional, Leaves: found.foreign, model: m.name,
		})
		report.Problems = append(report.Problems, found.problems...)
		if err := db.planColumns(ctx, on, m.name, found.missing, &report); err != nil {
			return report, err
		}
	}
	applied, err := db.applied(ctx, on)
	if err != nil {
		return report, err
	}
	for _, set := range sets {
		if set.FS == nil {
			continue
		}
		steps, err := set.load(db.driver.dialect())
		if err != nil {
			return report, err
		}
		report.add(set.Name, steps, applied[set.Name])
		if err := db.addTriggers(ctx, on, set, &report); err != nil {
			return report, err
		}
	}
	return report, nil
}

// wantedModels are the core ones and those of plugins that the sets use.
func wantedModels(sets []MigrationSet) ([]model, error) {
	wanted := slices.Clone(models)
	for _, set := range sets {
		for _, name := range set.Models {
			i := slices.IndexFunc(pluginModels, func(m model) bool { return m.name == name })
			if i < 0 {
				return nil, fmt.Errorf("migrations %s: there is no plugin model %q", set.Name, name)
			}
			if !slices.ContainsFunc(wanted, func(m model) bool { return m.name == name }) {
				wanted = append(wanted, pluginModels[i])
			}
		}
	}
	return wanted, nil
}

// applied reads which steps were applied, by set: the names in order.
func (db *database) applied(ctx context.Context, on *Store) (map[string][]string, error) {
	table := ownTable(db.driver.dialect(), "migration")
	if db.driver.dialect() == sqlite {
		table = "postern_migration"
	}
	columns, err := db.columnsOf(ctx, on, table)
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	applied := map[string][]string{}
	err = db.inspection.Query(ctx, on, "AppliedMigrations", nil, func(scan scanFunc) error {
		var set, name string
		var version int
		if err := scan(&set, &version, &name); err != nil {
			return err
		}
		if version != len(applied[set])+1 {
			return fmt.Errorf("table %s: version %d of %s follows version %d", table, version, set, len(applied[set]))
		}
		applied[set] = append(applied[set], name)
		return nil
	})
	return applied, err
}

// migrate carries out every step of the report that is missing.
func (db *database) migrate(ctx context.Context, tx *Store, sets []MigrationSet, report *Report) error {
	ddl, err := db.ddl()
	if err != nil {
		return err
	}
	if err := db.ensureOwn(ctx, tx, ddl); err != nil {
		return err
	}
	for i := range report.Steps {
		step := &report.Steps[i]
		if step.State != Missing {
			continue
		}
		switch {
		case step.column != nil:
			err = db.addColumn(ctx, tx, step.model, step.column)
		case step.model != "":
			err = db.createModel(ctx, tx, ddl, step.model)
		case step.version == 0:
			err = db.run(ctx, tx, step)
		default:
			err = db.apply(ctx, tx, step)
		}
		if err != nil {
			return fmt.Errorf("create %s: %w", step.Name, err)
		}
		step.State = Created
	}
	return nil
}

// ddl reads the statements that create better-auth's tables and the table of migrations.
func (db *database) ddl() (*Statements, error) {
	folder, err := fs.Sub(migrationFiles, "migrations/"+string(db.driver.dialect()))
	if err != nil {
		return nil, err
	}
	return db.statements(folder)
}

// ensureOwn makes the place for Postern's own tables.
func (db *database) ensureOwn(ctx context.Context, tx *Store, ddl *Statements) error {
	if err := db.ensureSchema(ctx, tx, ddl, "postern", "CreateOwnSchema"); err != nil {
		return err
	}
	applied, err := db.applied(ctx, tx)
	if err != nil || applied != nil {
		return err
	}
	return db.script(ctx, tx, ddl, "CreateMigrationTable")
}

func (db *database) createModel(ctx context.Context, tx *Store, ddl *Statements, model string) error {
	if err := db.ensureSchema(ctx, tx, ddl, db.tablesIn, "CreateTablesIn"); err != nil {
		return err
	}
	return db.script(ctx, tx, ddl, "CreateTable_"+model)
}

func (db *database) ensureSchema(ctx context.Context, tx *Store, ddl *Statements, schema, create string) error {
	if db.driver.dialect() == sqlite || schema == "" {
		return nil
	}
	exists := false
	err := db.inspection.Query(ctx, tx, "HasSchema", []any{quote(schema)}, func(scan scanFunc) error { return scan(&exists) })
	if err != nil || exists {
		return err
	}
	return db.script(ctx, tx, ddl, create)
}

func (db *database) apply(ctx context.Context, tx *Store, step *Step) error {
	if err := db.run(ctx, tx, step); err != nil {
		return err
	}
	_, err := db.inspection.Exec(ctx, tx, "RecordMigration", step.set, step.version, step.file, tx.now())
	return err
}

func (db *database) run(ctx context.Context, tx *Store, step *Step) error {
	sql, err := fill(step.sql, db.identifier)
	if err != nil {
		return err
	}
	return db.driver.script(ctx, tx.tx.transaction, sql)
}

func (db *database) script(ctx context.Context, tx *Store, ddl *Statements, name string) error {
	q, err := ddl.find(name)
	if err != nil {
		return err
	}
	return db.driver.script(ctx, tx.tx.transaction, q.sql)
}

// load reads the steps for one database, and makes sure that the other has the same.
func (m MigrationSet) load(d dialect) ([]Step, error) {
	steps, err := m.read(d)
	if err != nil {
		return nil, err
	}
	other := postgres
	if d == postgres {
		other = sqlite
	}
	others, err := m.read(other)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(steps, others, func(a, b Step) bool { return a.file == b.file }) {
		return nil, fmt.Errorf("migrations %s: the folders postgres and sqlite hold different steps", m.Name)
	}
	return steps, nil
}

func (m MigrationSet) read(d dialect) ([]Step, error) {
	folder := "migrations/" + string(d)
	entries, err := fs.ReadDir(m.FS, folder)
	if err != nil {
		return nil, fmt.Errorf("migrations %s: %w", m.Name, err)
	}
	var steps []Step
	for i, entry := range entries {
		number, name, named := strings.Cut(strings.TrimSuffix(entry.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || !named || version != i+1 || !strings.HasSuffix(entry.Name(), ".sql") {
			return nil, fmt.Errorf("migrations %s: %s/%s: expected %04d_name.sql", m.Name, folder, entry.Name(), i+1)
		}
		sql, err := fs.ReadFile(m.FS, folder+"/"+entry.Name())
		if err != nil {
			return nil, fmt.Errorf("migrations %s: %w", m.Name, err)
		}
		steps = append(steps, Step{
			Name: fmt.Sprintf("migration %s %d %s", m.Name, version, name), set: m.Name, version: version, file: name, sql: string(sql),
		})
	}
	if len(steps) == 0 {
		return nil, errors.New("migrations " + m.Name + ": " + folder + " is empty")
	}
	return steps, nil
}
