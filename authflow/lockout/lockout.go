package lockout

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

//go:embed migrations queries
var files embed.FS

// Migrations are the table {postern.lockout}.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "lockout", FS: files}
}

const (
	maxKeys     = 50_000          // some ten megabytes
	rememberFor = 5 * time.Second // that a key is closed
)

// Lockout counts for all replicas on one database. It is safe for concurrent use.
type Lockout struct {
	store  *sessionstore.Store
	sql    *sessionstore.Statements
	now    func() time.Time
	closed *lru.Cache[string, closed]
}

// closed is until when a key is closed, as it was known at a time.
type closed struct{ until, asOf time.Time }

var _ authflow.Lockout = (*Lockout)(nil)

// New returns the Lockout of a store whose migrations were run. now may be nil: time.Now.
func New(store *sessionstore.Store, now func() time.Time) (*Lockout, error) {
	if now == nil {
		now = time.Now
	}
	queries, err := fs.Sub(files, "queries")
	if err != nil {
		return nil, fmt.Errorf("open lockout queries: %w", err)
	}
	statements, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare lockout queries: %w", err)
	}
	remembered, err := lru.New[string, closed](maxKeys)
	if err != nil {
		return nil, fmt.Errorf("make room for lockouts: %w", err)
	}
	exact := func() time.Time { return now().Truncate(time.Millisecond) } // as rows keep it
	return &Lockout{store: store, sql: statements, now: exact, closed: remembered}, nil
}

// Begin counts a guess; see authflow.Lockout.
func (l *Lockout) Begin(ctx context.Context, key string, p authflow.LockoutPolicy) (guess authflow.Guess, wait time.Duration, err error) {
	now := l.now()
	if c, ok := l.closed.Get(key); ok && now.Before(c.until) && now.Sub(c.asOf) < rememberFor {
		return guess, c.until.Sub(now), nil
	}
	ctx = context.WithoutCancel(ctx) // whoever guesses must not stay out of the count by hanging up; the store bounds the time
	guess = authflow.Guess{Key: key}
	counted, err := l.row(ctx, "Begin", []any{
		key, now.UnixMilli(), p.Forget.Milliseconds(), p.Free, p.First.Milliseconds(), p.Longest.Milliseconds(), steps(p),
	}, &guess.Number)
	if err != nil {
		return guess, 0, fmt.Errorf("count a guess: %w", err)
	}
	if counted {
		return guess, 0, nil
	}
	var until int64
	if _, err := l.row(ctx, "Closed", []any{key}, &until); err != nil {
		return guess, 0, fmt.Errorf("ask how long guessing has to wait: %w", err)
	}
	wait = max(time.UnixMilli(until).Sub(now), time.Millisecond) // it may have opened between the two
	l.closed.Add(key, closed{until: now.Add(wait), asOf: now})
	return guess, wait, nil
}

// Forgive takes a guess back; see authflow.Lockout.
func (l *Lockout) Forgive(ctx context.Context, g authflow.Guess) error {
	l.closed.Remove(g.Key)
	if _, err := l.sql.Exec(context.WithoutCancel(ctx), l.store, "Forgive", g.Key, g.Number, l.now().UnixMilli()); err != nil {
		return fmt.Errorf("take back a guess: %w", err)
	}
	return nil
}

// DeleteBefore removes what is forgotten at t, at most batch keys, and says how many. Call it again while it removes anything. Any number of
// replicas may do so at once.
func (l *Lockout) DeleteBefore(ctx context.Context, t time.Time, batch int) (int64, error) {
	removed, err := l.sql.Exec(ctx, l.store, "DeleteBefore", t.UnixMilli(), batch)
	if err != nil {
		return 0, fmt.Errorf("remove forgotten guesses: %w", err)
	}
	return removed, nil
}

// row runs a statement that answers with one number or nothing.
func (l *Lockout) row(ctx context.Context, name string, args []any, into any) (found bool, err error) {
	err = l.sql.Query(ctx, l.store, name, args, func(scan func(dest ...any) error) error {
		found = true
		return scan(into)
	})
	return found, err
}

// steps is how often the first wait may be doubled before it reaches the longest: beyond that nothing is shifted, and nothing overflows.
func steps(p authflow.LockoutPolicy) int {
	n := 0
	for wait := p.First; wait < p.Longest && n < 40; wait *= 2 {
		n++
	}
	return n
}
