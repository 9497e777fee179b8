package sessionstore

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDriver is one file, with one connection that writes and several that read. SQLite lets one writer in at a time
// anyway; a queue in this process is fair, where its own waiting is not.
type sqliteDriver struct {
	writer  *sql.DB
	readers *sql.DB
}

// sqliteTimeout stands in for a shorter query_timeout: a queue of writers that waits for the disk is no outage.
const sqliteTimeout = 30 * time.Second

// pragmas hold for every connection.
var pragmas = []string{
	// Readers see the last commit while a writer works, and neither waits for the other: https://sqlite.org/wal.html.
	"journal_mode(WAL)",
	// Every commit is on the disk before it is acknowledged. With NORMAL, power loss may undo the last ones in WAL mode.
	"synchronous(FULL)",
	// Another process, such as the command line beside a server, may hold the lock for a moment.
	"busy_timeout(10000)",
	// Off by default for the sake of old applications. Deleting a user must take sessions along.
	"foreign_keys(ON)",
	// A schema that somebody tampered with can not call functions with side effects: https://sqlite.org/pragma.html#pragma_trusted_schema.
	"trusted_schema(OFF)",
}

func openSQLite(cfg Config) (driver, error) {
	// It holds session tokens and password hashes. SQLite gives its side files the same mode.
	file, err := os.OpenFile(cfg.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open database file: %w", err)
	}
	writer, err := sql.Open("sqlite", sqliteURL(cfg.Path))
	if err != nil {
		return nil, fmt.Errorf("open database file: %w", err)
	}
	readers, err := sql.Open("sqlite", sqliteURL(cfg.Path, "query_only(ON)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database file: %w", err), writer.Close())
	}
	writer.SetMaxOpenConns(1)
	readers.SetMaxOpenConns(cfg.MaxConns)
	readers.SetMaxIdleConns(cfg.MaxConns)
	return &sqliteDriver{writer: writer, readers: readers}, nil
}

func sqliteURL(path string, more ...string) string {
	// Without _dqs a misspelt name in double quotes would be taken for a string: https://sqlite.org/quirks.html#dblquote.
	query := url.Values{"_pragma": append(append([]string{}, pragmas...), more...), "_dqs": {"0"}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	return u.String()
}

func (d *sqliteDriver) dialect() dialect { return sqlite }

// batch: a query costs no round trip, and SQLite takes no arrays.
func (d *sqliteDriver) batch() int { return 1 }

func (d *sqliteDriver) close() {
	// Closing the last connection folds the write-ahead log into the file. What can not be folded is read at the next start.
	_ = d.readers.Close()
	_ = d.writer.Close()
}

func (d *sqliteDriver) ping(ctx context.Context) error {
	// Reads the file, which opening it does not. The writer goes first: it is the one who may turn WAL mode on.
	for _, pool := range []*sql.DB{d.writer, d.readers} {
		var tables int
		if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return translateSQLite(err)
		}
	}
	return nil
}

func (d *sqliteDriver) exec(ctx context.Context, q statement, args []any) (int64, error) {
	return sqliteExec(ctx, d.writer, q, args)
}

func (d *sqliteDriver) query(ctx context.Context, q statement, args []any, each func(scanFunc) error) error {
	if q.reads {
		return sqliteQuery(ctx, d.readers, q, args, each)
	}
	return sqliteQuery(ctx, d.writer, q, args, each)
}

// begin takes the writer. IMMEDIATE takes the file's lock at once: a transaction that begins by reading could not get it
// later if somebody else has written meanwhile. Transactions of database/sql are not used, for they end with the context
// they were begun with.
func (d *sqliteDriver) begin(ctx context.Context) (transaction, error) {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return nil, translateSQLite(err)
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, errors.Join(translateSQLite(err), conn.Close())
	}
	return &sqliteTx{conn: conn}, nil
}

// lock has nothing left to do: BEGIN IMMEDIATE took it.
func (d *sqliteDriver) lock(context.Context, transaction) error { return nil }

func (d *sqliteDriver) script(ctx context.Context, tx transaction, sql string) error {
	_, err := tx.(*sqliteTx).conn.ExecContext(ctx, sql)
	return translateSQLite(err)
}

type sqliteTx struct {
	conn *sql.Conn
}

func (t *sqliteTx) exec(ctx context.Context, q statement, args []any) (int64, error) {
	return sqliteExec(ctx, t.conn, q, args)
}

func (t *sqliteTx) query(ctx context.Context, q statement, args []any, each func(scanFunc) error) error {
	return sqliteQuery(ctx, t.conn, q, args, each)
}

func (t *sqliteTx) commit(ctx context.Context) error {
	if _, err := t.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return errors.Join(translateSQLite(err), t.discard())
	}
	return t.conn.Close()
}

func (t *sqliteTx) rollback(ctx context.Context) error {
	if _, err := t.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		return errors.Join(translateSQLite(err), t.discard())
	}
	return t.conn.Close()
}

// discard closes the connection for good instead of giving it back: it may still be in a transaction.
func (t *sqliteTx) discard() error {
	err := t.conn.Raw(func(any) error { return sqldriver.ErrBadConn })
	if errors.Is(err, sqldriver.ErrBadConn) {
		return nil
	}
	return err
}

// sqlConn is what a pool and a connection of database/sql have in common.
type sqlConn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func sqliteExec(ctx context.Context, on sqlConn, q statement, args []any) (int64, error) {
	args, err := arguments(sqlite, args)
	if err != nil {
		return 0, err
	}
	result, err := on.ExecContext(ctx, q.sql, args...)
	if err != nil {
		return 0, translateSQLite(err)
	}
	return result.RowsAffected()
}

func sqliteQuery(ctx context.Context, on sqlConn, q statement, args []any, each func(scanFunc) error) (err error) {
	args, err = arguments(sqlite, args)
	if err != nil {
		return err
	}
	rows, err := on.QueryContext(ctx, q.sql, args...)
	if err != nil {
		return translateSQLite(err)
	}
	defer func() { err = errors.Join(err, translateSQLite(rows.Close())) }()
	scan := func(dest ...any) error { return rows.Scan(lenientTimes(dest)...) }
	for rows.Next() {
		if err := each(scan); err != nil {
			return err
		}
	}
	return translateSQLite(rows.Err())
}

func lenientTimes(dest []any) []any {
	lenient := make([]any, len(dest))
	for i, d := range dest {
		switch d := d.(type) {
		case *time.Time:
			lenient[i] = lenientTime{to: d}
		case **time.Time:
			lenient[i] = lenientTime{nullable: d}
		default:
			lenient[i] = d
		}
	}
	return lenient
}

// translateSQLite sorts errors by what a caller can do about them. Codes: https://sqlite.org/rescode.html.
func translateSQLite(err error) error {
	var failure *modernc.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sqldriver.ErrBadConn), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case !errors.As(err, &failure):
		return err
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_CONSTRAINT_CHECK:
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	switch failure.Code() & 0xff { // the primary code, without its refinement
	case sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
