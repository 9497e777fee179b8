package harness

import (
	"database/sql"
	"maps"
	"regexp"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/posternhq/postern/test/postgres"
)

// Database is what Postern keeps its rows in, as somebody else sees it who has access.
type Database struct {
	URL string // PostgreSQL's, or empty

	path   string // SQLite's file, or empty
	handle *sql.DB
}

// PostgreSQL is a fresh empty database.
func PostgreSQL(t testing.TB) *Database {
	t.Helper()
	return OpenPostgreSQL(t, postgres.URL(t))
}

// OpenPostgreSQL is a database that is there already.
func OpenPostgreSQL(t testing.TB, url string) *Database {
	t.Helper()
	return open(t, &Database{URL: url}, "pgx", url)
}

// SQLite is a file that does not exist yet.
func SQLite(t testing.TB) *Database {
	t.Helper()
	path := t.TempDir() + "/postern.db"
	return open(t, &Database{path: path}, "sqlite", "file:"+path+"?_pragma=busy_timeout(30000)")
}

func open(t testing.TB, d *Database, driver, source string) *Database {
	t.Helper()
	var err error
	if d.handle, err = sql.Open(driver, source); err != nil {
		t.Fatal(err)
	}
	d.handle.SetMaxOpenConns(2)
	t.Cleanup(func() { _ = d.handle.Close() })
	return d
}

// Settings make Postern use the database, and create its tables.
func (d *Database) Settings() map[string]string {
	if d.path != "" {
		return map[string]string{"database.path": d.path}
	}
	return map[string]string{"database.url": d.URL, "database.auto_migrate": "true"}
}

// Own is the name of one of Postern's own tables.
func (d *Database) Own(table string) string {
	if d.path != "" {
		return "postern_" + table
	}
	return "postern." + table
}

// ApplicationURL is where the example keeps its tasks: in the same PostgreSQL database, or in a SQLite file beside.
func (d *Database) ApplicationURL() string {
	if d.path != "" {
		return "sqlite+aiosqlite:///" + d.path + ".tasks"
	}
	return d.URL
}

// Exec runs a statement with $1 for values, and returns how many rows it changed.
func (d *Database) Exec(t testing.TB, statement string, args ...any) int64 {
	t.Helper()
	result, err := d.handle.ExecContext(t.Context(), d.text(statement), d.values(args)...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Value returns the one value of the one row that a query finds.
func Value[T any](t testing.TB, d *Database, query string, args ...any) T {
	t.Helper()
	var v T
	if err := d.handle.QueryRowContext(t.Context(), d.text(query), d.values(args)...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// Values returns the first value of each row.
func Values[T any](t testing.TB, d *Database, query string, args ...any) []T {
	t.Helper()
	rows, err := d.handle.QueryContext(t.Context(), d.text(query), d.values(args)...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// Time is Value for a time, which SQLite keeps as text.
func (d *Database) Time(t testing.TB, query string, args ...any) time.Time {
	t.Helper()
	if d.path == "" {
		return Value[time.Time](t, d, query, args...)
	}
	at, err := time.Parse(time.RFC3339, Value[string](t, d, "SELECT CAST(("+query+") AS text)", args...))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

func (d *Database) text(statement string) string {
	if d.path == "" {
		return statement
	}
	return placeholder.ReplaceAllString(statement, "?$1")
}

// values puts times into the form that better-auth, and so Postern, uses in SQLite.
func (d *Database) values(args []any) []any {
	if d.path == "" {
		return args
	}
	plain := make([]any, len(args))
	for i, arg := range args {
		if at, ok := arg.(time.Time); ok {
			arg = at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		plain[i] = arg
	}
	return plain
}

// Settings puts several sets of settings together; later ones win.
func Settings(sets ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	return all
}
