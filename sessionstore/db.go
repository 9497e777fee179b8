package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Store answers questions about the four models. It is safe for concurrent use.
type Store struct {
	db *database
	tx *boundTx // nil unless InTx made this Store
}

// database is what a Store and those bound to its transactions share.
type database struct {
	driver       driver
	mapping      mapping
	tablesIn     string
	columns      presence
	additional   map[string]AdditionalFields // by model
	inspection   *Statements
	core         *Statements
	clock        func() time.Time
	log          *slog.Logger
	queryTimeout time.Duration
	breaker      *breaker
	trace        func(ctx context.Context, what string) (context.Context, func(error)) // nil: nobody follows

	renewing func(*Session) // has a session that was read say what its row will, once what waits is written; nil without a cache

	watching sync.RWMutex
	watchers []func(change)
}

// scanFunc copies the columns of the current row. It is only valid until the function it was passed to returns.
type scanFunc = func(dest ...any) error

// querier is what a pool and a transaction have in common. Both translate their errors.
type querier interface {
	exec(ctx context.Context, q statement, args []any) (int64, error)
	query(ctx context.Context, q statement, args []any, each func(scan scanFunc) error) error
}

// transaction ends by exactly one of commit and rollback.
type transaction interface {
	querier
	commit(ctx context.Context) error
	rollback(ctx context.Context) error
}

// driver is one kind of database.
type driver interface {
	querier
	dialect() dialect
	begin(ctx context.Context) (transaction, error)
	// script runs several statements without arguments in a transaction of this driver.
	script(ctx context.Context, tx transaction, sql string) error
	// lock makes the transaction wait until no other process migrates.
	lock(ctx context.Context, tx transaction) error
	ping(ctx context.Context) error
	// batch is how many look-ups one query is to answer at most.
	batch() int
	close()
}

// dialect names a database where SQL differs.
type dialect string

const (
	postgres dialect = "postgres"
	sqlite   dialect = "sqlite"
)

// change says whose sessions may have become different. Either of user and token may be empty.
type change struct {
	user  UserID
	token TokenKey
	ends  bool // they may be over

	renewed time.Time // nothing but the expiry is different: it is this; zero of any other change
}

// boundTx is a transaction in progress.
type boundTx struct {
	transaction
	failed  error
	changes []change
}

// Ping asks the database for a sign of life. Returns ErrUnavailable when there is none.
func (s *Store) Ping(ctx context.Context) error {
	return s.outside(ctx, "ping", func(ctx context.Context) error { return s.db.driver.ping(ctx) })
}

// Close waits for queries under way and closes all connections.
func (s *Store) Close() { s.db.driver.close() }

// InTx runs fn with a Store bound to one transaction, and commits if fn returns nil. Called on such a Store it joins the
// transaction it is in. fn must use tx alone, and return the first error: once a statement has failed the transaction
// only rolls back, as PostgreSQL has it. (A row that is not found is no failure.)
func (s *Store) InTx(ctx context.Context, fn func(tx *Store) error) error {
	if s.tx != nil {
		return fn(s)
	}
	var began transaction
	err := s.outside(ctx, "begin transaction", func(ctx context.Context) (err error) {
		began, err = s.db.driver.begin(ctx)
		return err
	})
	if err != nil {
		return err
	}
	tx := &boundTx{transaction: began}
	done := false
	defer func() {
		if !done { // fn panicked
			s.rollback(ctx, tx)
		}
	}()
	err = fn(&Store{db: s.db, tx: tx})
	done = true
	if err == nil && tx.failed != nil {
		err = fmt.Errorf("transaction goes on after: %w", tx.failed)
	}
	if err != nil {
		s.rollback(ctx, tx)
		return err
	}
	err = s.within(ctx, "commit", tx.commit)
	// Also when the commit failed: whether it took place is then unknown.
	s.notify(tx.changes...)
	return err
}

// rollback must happen even if the caller is gone, or the connection would be lost with it.
func (s *Store) rollback(ctx context.Context, tx *boundTx) {
	err := s.bounded(context.WithoutCancel(ctx), "roll back", tx.rollback)
	if err != nil && !errors.Is(err, ErrUnavailable) {
		s.db.log.Warn("transaction was not rolled back", "err", err)
	}
}

func (s *Store) exec(ctx context.Context, name string, args ...any) (int64, error) {
	return s.db.core.Exec(ctx, s, name, args...)
}

func (s *Store) withFields(name, model string, fields Fields, args []any) (statement, []any, error) {
	q, err := s.db.core.find(name)
	if err != nil {
		return q, nil, err
	}
	q, args, err = s.db.withFields(q, model, fields, args)
	if err != nil {
		return q, nil, fmt.Errorf("%s: %w", name, err)
	}
	return q, args, nil
}

func (s *Store) query(ctx context.Context, name string, args []any, each func(scan scanFunc) error) error {
	return s.db.core.Query(ctx, s, name, args, each)
}

// queryRow is a query that answers with one row, or else with ErrNotFound.
func (s *Store) queryRow(ctx context.Context, name string, args []any, row func(scan scanFunc) error) error {
	return s.queryRowFields(ctx, name, "", nil, args, row)
}

// queryRowFields is queryRow of a statement that also writes additional fields of the model.
func (s *Store) queryRowFields(ctx context.Context, name, model string, fields Fields, args []any, row func(scan scanFunc) error) error {
	q, args, err := s.withFields(name, model, fields, args)
	if err != nil {
		return err
	}
	found := false
	err = s.run(ctx, name, func(ctx context.Context, on querier) error {
		return on.query(ctx, q, args, func(scan scanFunc) error {
			found = true
			return row(scan)
		})
	})
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// run carries one statement out, in the transaction if there is one.
func (s *Store) run(ctx context.Context, what string, do func(ctx context.Context, on querier) error) error {
	if s.tx == nil {
		return s.outside(ctx, what, func(ctx context.Context) error { return do(ctx, s.db.driver) })
	}
	if s.tx.failed != nil {
		return fmt.Errorf("%s: transaction has failed already: %w", what, s.tx.failed)
	}
	err := s.within(ctx, what, func(ctx context.Context) error { return do(ctx, s.tx) })
	s.tx.failed = err
	return err
}

// bounded limits how long one step may take. A step that is cut short has an unknown outcome, which is ErrUnavailable,
// unless it was the caller who went away.
func (s *Store) bounded(ctx context.Context, what string, do func(ctx context.Context) error) (err error) {
	if s.db.trace != nil {
		traced, end := s.db.trace(ctx, what)
		ctx = traced
		defer func() { end(err) }()
	}
	limited, cancel := context.WithTimeout(ctx, s.db.queryTimeout)
	defer cancel()
	err = do(limited)
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", what, context.Canceled)
	case limited.Err() != nil && s.db.driver.dialect() != sqlite:
		return fmt.Errorf("%s: %w", what, s.noAnswer(limited, err))
	case limited.Err() != nil && !errors.Is(err, ErrUnavailable):
		return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// now is the current time as rows keep it.
func (s *Store) now() time.Time { return s.db.clock().UTC().Truncate(time.Millisecond) }

// changed tells the caches that a session or user may be different now. It is called whatever became of the statement,
// for an error does not prove that nothing was written. In a transaction it waits for the end.
func (s *Store) changed(c change) {
	if s.tx != nil {
		s.tx.changes = append(s.tx.changes, c)
		return
	}
	s.notify(c)
}

func (s *Store) notify(changes ...change) {
	s.db.watching.RLock()
	defer s.db.watching.RUnlock()
	for _, watcher := range s.db.watchers {
		for _, c := range changes {
			watcher(c)
		}
	}
}

func (s *Store) watch(watcher func(change)) {
	s.db.watching.Lock()
	defer s.db.watching.Unlock()
	s.db.watchers = append(s.db.watchers, watcher)
}
