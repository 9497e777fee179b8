package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pgDriver is a pool of native connections. The pool pings a connection that was idle for a second before it hands it out,
// so after an outage dead connections are replaced instead of failing one caller each.
type pgDriver struct {
	pool *pgxpool.Pool
}

// openPostgres makes the pool and connects lazily.
func openPostgres(ctx context.Context, cfg Config, direct bool) (driver, error) {
	url := cfg.URL
	if direct && cfg.DirectURL != "" {
		url = cfg.DirectURL
	}
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err) // pgx leaves the password out
	}
	pool.MaxConns = int32(cfg.MaxConns)
	pool.PingTimeout = cfg.QueryTimeout
	conn := pool.ConnConfig
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = cfg.QueryTimeout
	}
	// A column without time zone holds UTC, as Prisma writes it. PostgreSQL compares it with our times in the session's zone.
	conn.RuntimeParams["timezone"] = "UTC"
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "postern"
	}
	if cfg.DirectURL != "" && !direct {
		// Behind a transaction pooler the next query may meet another server connection, which does not know the
		// statements this one has prepared: https://www.pgbouncer.org/features.html. This mode prepares nothing.
		conn.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn.StatementCacheCapacity, conn.DescriptionCacheCapacity = 0, 0
	}
	p, err := pgxpool.NewWithConfig(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	return &pgDriver{pool: p}, nil
}

func (d *pgDriver) dialect() dialect { return postgres }

func (d *pgDriver) batch() int { return maxBatch }

func (d *pgDriver) close() { d.pool.Close() }

func (d *pgDriver) ping(ctx context.Context) error {
	// A statement, not the protocol's empty query: a pooler answers that one itself.
	_, err := d.pool.Exec(ctx, "SELECT 1")
	return translatePostgres(err)
}

func (d *pgDriver) exec(ctx context.Context, q statement, args []any) (int64, error) {
	return pgExec(ctx, d.pool, q, args)
}

func (d *pgDriver) query(ctx context.Context, q statement, args []any, each func(scanFunc) error) error {
	return pgQuery(ctx, d.pool, q, args, each)
}

func (d *pgDriver) begin(ctx context.Context) (transaction, error) {
	tx, err := d.pool.Begin(ctx)
	if err != nil {
		return nil, translatePostgres(err)
	}
	return &pgTx{tx: tx}, nil
}

// migrationLock is an arbitrary number that all versions of Postern share.
const migrationLock = 7093518420113

// lock is held until the transaction ends, which is all a transaction pooler can promise.
func (d *pgDriver) lock(ctx context.Context, tx transaction) error {
	_, err := tx.exec(ctx, statement{sql: "SELECT pg_advisory_xact_lock($1)"}, []any{int64(migrationLock)})
	return err
}

// script uses the simple protocol, the only one that takes several statements at once.
func (d *pgDriver) script(ctx context.Context, tx transaction, sql string) error {
	_, err := tx.(*pgTx).tx.Conn().PgConn().Exec(ctx, sql).ReadAll()
	return translatePostgres(err)
}

type pgTx struct {
	tx pgx.Tx
}

func (t *pgTx) exec(ctx context.Context, q statement, args []any) (int64, error) {
	return pgExec(ctx, t.tx, q, args)
}

func (t *pgTx) query(ctx context.Context, q statement, args []any, each func(scanFunc) error) error {
	return pgQuery(ctx, t.tx, q, args, each)
}

func (t *pgTx) commit(ctx context.Context) error { return translatePostgres(t.tx.Commit(ctx)) }

func (t *pgTx) rollback(ctx context.Context) error { return translatePostgres(t.tx.Rollback(ctx)) }

// pgConn is what a pool and a transaction of pgx have in common.
type pgConn interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func pgExec(ctx context.Context, on pgConn, q statement, args []any) (int64, error) {
	args, err := arguments(postgres, args)
	if err != nil {
		return 0, err
	}
	tag, err := on.Exec(ctx, q.sql, args...)
	return tag.RowsAffected(), translatePostgres(err)
}

func pgQuery(ctx context.Context, on pgConn, q statement, args []any, each func(scanFunc) error) error {
	args, err := arguments(postgres, args)
	if err != nil {
		return err
	}
	rows, err := on.Query(ctx, q.sql, args...)
	if err != nil {
		return translatePostgres(err)
	}
	defer rows.Close()
	scan := func(dest ...any) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		tidyTimes(dest)
		return nil
	}
	for rows.Next() {
		if err := each(scan); err != nil {
			return err
		}
	}
	return translatePostgres(rows.Err())
}

// translatePostgres sorts errors by what a caller can do about them. Codes: PostgreSQL manual, appendix A.
func translatePostgres(err error) error {
	var server *pgconn.PgError
	var connecting *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &connecting):
		if refusedForGood(err) {
			return fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		return fmt.Errorf("%w: %w", errNotConnected, err)
	case errors.As(err, &server):
		if sentinel := sentinelFor(server.Code); sentinel != nil {
			return fmt.Errorf("%w: %w", sentinel, err)
		}
		return err
	case pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w", errNotConnected, err)
	case errors.As(err, &network), pgconn.Timeout(err),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, pgx.ErrTxClosed):
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return err
}

// hopeless tells whether asking again can not help: the server refuses us for what we are, not for the state it is in.
// While running, the same answer counts as an outage, since somebody may be changing the password.
func hopeless(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return refusedForGood(err)
	}
	return !errors.Is(err, ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded)
}

func refusedForGood(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (strings.HasPrefix(server.Code, "28") || server.Code == "3D000") // authorization, no such database
}

func sentinelFor(code string) error {
	switch code {
	case "23505": // unique_violation
		return ErrConflict
	case "23503": // foreign_key_violation: the user is gone
		return ErrNotFound
	case "22021", "22001", "22P05", // not in the encoding, too long, untranslatable
		"22P02", "22003", "22007", "22008", // not of the type, out of its range
		"23502", "23514": // null where it is not allowed, a check of the application's
		return ErrInvalid
	case "25006", // read_only_sql_transaction: a standby, or a primary in trouble
		"53100", "58030": // disk_full, io_error
		return errHampered
	case "57014": // query_canceled: statement_timeout
		return ErrUnavailable
	}
	for class, sentinel := range map[string]error{
		"08":  errNoAnswer,    // connection exception
		"40":  ErrUnavailable, // transaction rollback: deadlock, serialization
		"53":  errHampered,    // insufficient resources
		"57P": errNoAnswer,    // shutting down, starting up, crashed
		"58":  errHampered,    // system error
		"XX":  errHampered,    // internal error
	} {
		if strings.HasPrefix(code, class) {
			return sentinel
		}
	}
	return nil
}
