package ratelimit

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

//go:embed migrations queries
var files embed.FS

// Migrations are the table {postern.rate_limit}.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "rate_limit", FS: files}
}

// Options are optional: zero values work.
type Options struct {
	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // nil: time.Now
	Alone  func(bool)       // told when this replica begins to count on its own, and when that ends; nil: nobody is told
}

// maxKeys bounds the memory: some ten megabytes.
const maxKeys = 50_000

// Counter counts for all replicas on one database. It is safe for concurrent use.
type Counter struct {
	store   *sessionstore.Store
	sql     *sessionstore.Statements
	now     func() time.Time
	windows *lru.Cache[string, *window]
	outage  outage
}

var _ authflow.Counter = (*Counter)(nil)

// New returns the counter of a store whose migrations were run.
func New(store *sessionstore.Store, o Options) (*Counter, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Alone == nil {
		o.Alone = func(bool) {}
	}
	queries, err := fs.Sub(files, "queries")
	if err != nil {
		return nil, fmt.Errorf("open rate limit queries: %w", err)
	}
	statements, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare rate limit queries: %w", err)
	}
	windows, err := lru.New[string, *window](maxKeys)
	if err != nil {
		return nil, fmt.Errorf("make room for rate limits: %w", err)
	}
	return &Counter{
		store: store, sql: statements, windows: windows,
		now:    func() time.Time { return o.Now().UTC().Truncate(time.Millisecond) },
		outage: outage{logger: o.Logger, tell: o.Alone},
	}, nil
}

// Take counts a hit; see authflow.Counter. Hits on one key wait for each other, so that a flood on it asks once at a time.
func (c *Counter) Take(ctx context.Context, key string, limit authflow.Limit) time.Duration {
	w := c.window(key)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := c.now()
	if !now.Before(w.ends) {
		w.begin(now, limit)
	}
	if w.room == 0 && !w.full {
		c.refill(ctx, key, w, limit, now)
	}
	if w.full {
		return w.ends.Sub(now)
	}
	w.room--
	w.used++
	return 0
}

// Return takes a hit back; see authflow.Counter.
func (c *Counter) Return(ctx context.Context, key string, limit authflow.Limit) {
	w := c.window(key)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := c.now()
	if !now.Before(w.ends) || w.used == 0 {
		return
	}
	w.used--
	w.full = false
	if !w.shared || !c.giveBack(ctx, key, limit, now) {
		w.room++
	}
}

// Counted tells whether there is a hit; see authflow.Counter.
func (c *Counter) Counted(ctx context.Context, key string) bool {
	now := c.now()
	if w, ok := c.windows.Get(key); ok && w.hit(now) {
		return true
	}
	return c.isCounted(ctx, key, now)
}

// DeleteBefore removes windows that were over at t, at most batch of them, and says how many. Call it again while it removes
// anything. Any number of replicas may do so at once.
func (c *Counter) DeleteBefore(ctx context.Context, t time.Time, batch int) (int64, error) {
	removed, err := c.sql.Exec(ctx, c.store, "DeleteBefore", t, batch)
	if err != nil {
		return 0, fmt.Errorf("remove old rate limits: %w", err)
	}
	return removed, nil
}

func (c *Counter) window(key string) *window {
	if w, ok := c.windows.Get(key); ok {
		return w
	}
	fresh := &window{}
	if w, ok, _ := c.windows.PeekOrAdd(key, fresh); ok {
		return w
	}
	return fresh
}
