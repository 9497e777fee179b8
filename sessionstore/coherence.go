package sessionstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"
)

//go:embed invalidation
var invalidationFiles embed.FS

// CoherenceConfig says how a cache hears of changes that others make in the database.
type CoherenceConfig struct {
	Enabled      bool          `key:"enabled" default:"true" doc:"Learn of changes that other replicas, a better-auth server or an administrator make, through triggers on the tables of users and sessions. 'postern migrate up' makes them; the role needs the right to. Off: such changes are seen after ttl. The embedded database needs none of it."`
	PollInterval time.Duration `key:"poll_interval" default:"500ms" doc:"How often the database is asked what has changed. It bounds how long a change takes to be seen when notifications do not arrive."`
	Listen       bool          `key:"listen" default:"true" doc:"Keep a connection on which the database says at once that something has changed. It uses database.direct_url; behind a transaction pooler without one, turn it off."`
	MaxLag       time.Duration `key:"max_lag" default:"5s" doc:"How long after the last answer a session is still served from memory to a request that may change something (any method but GET, HEAD, OPTIONS). After that the database is asked each time."`
}

// Validate reports every setting that can not work, with its key and the remedy.
func (c CoherenceConfig) Validate() error {
	if !c.Enabled {
		return nil
	}
	var problems []error
	if c.PollInterval < 10*time.Millisecond || c.PollInterval > time.Minute {
		problems = append(problems, fmt.Errorf("poll_interval: %s is not between 10ms and 1m", c.PollInterval))
	}
	if c.MaxLag < 2*c.PollInterval {
		problems = append(problems, fmt.Errorf("max_lag: %s is below two of poll_interval (%s): one late answer would turn the cache off", c.MaxLag, c.PollInterval))
	}
	return errors.Join(problems...)
}

// CoherenceMigrations are the table {postern.invalidation} and the triggers that fill it.
func CoherenceMigrations() MigrationSet {
	folder, err := fs.Sub(invalidationFiles, "invalidation")
	if err != nil {
		panic(err) // the name is a valid one
	}
	return MigrationSet{Name: "invalidation", FS: folder, Triggers: map[string][]string{
		"session": {"postern_sessions_deleted", "postern_sessions_updated", "postern_sessions_truncated"},
		"user":    {"postern_users_deleted", "postern_users_updated", "postern_users_truncated"},
	}}
}

// CoherenceOptions are what NewCoherence takes besides settings. The zero value works.
type CoherenceOptions struct {
	Logger      *slog.Logger
	Observe     func(lag time.Duration) // hears, for each change, how long after it the cache forgot; by the database's clock
	ObservePoll func(err error)         // hears of each poll

	ObserveClock func(offset time.Duration) // hears with each poll how far the database's clock is ahead of ours
}

// Coherence keeps a cache in step with what others change. Triggers write down whose sessions are out of date, in the transaction
// of the change; Run reads that every PollInterval, and at once when the database notifies, and the cache forgets.
//
// A poll sees every change whose transaction had ended when it began. Rows become visible in another order than they are
// numbered in, so what to ask for next is told by transactions, not by numbers: those below the horizon of a poll's snapshot had all
// ended. What is read twice for it is dropped here.
type Coherence struct {
	cache   *Cache
	config  CoherenceConfig
	sql     *Statements
	direct  string // where to listen; empty: not at all
	log     *slog.Logger
	observe func(time.Duration)
	polled  func(error)
	clock   func(time.Duration)

	horizon string         // empty before the first poll; then the xmin of the last poll's snapshot
	server  string         // when the server started that was polled last
	seen    map[int64]bool // rows of the last poll, which the next may bring again
	last    time.Time      // when the last poll ended
	checked time.Time      // when the triggers were seen last
	failing bool
	again   chan struct{} // the database answers again, so that it is worth while to listen
	apart   bool          // the clocks
}

// NewCoherence returns nil where there is nobody to keep in step with: the embedded database belongs to this process alone.
func NewCoherence(c *Cache, cfg Config, o CoherenceOptions) (*Coherence, error) {
	if !c.config.Coherence.Enabled || c.config.Size == 0 || c.Store.db.driver.dialect() == sqlite {
		return nil, nil
	}
	sql, err := invalidationQueries(c.Store)
	if err != nil {
		return nil, err
	}
	h := &Coherence{cache: c, config: c.config.Coherence, sql: sql, log: o.Logger, observe: o.Observe, polled: o.ObservePoll, clock: o.ObserveClock, again: make(chan struct{}, 1)}
	if h.config.Listen {
		h.direct = cfg.DirectURL
		if h.direct == "" {
			h.direct = cfg.URL
		}
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.observe == nil {
		h.observe = func(time.Duration) {}
	}
	if h.polled == nil {
		h.polled = func(error) {}
	}
	if h.clock == nil {
		h.clock = func(time.Duration) {}
	}
	c.follow(h.config.MaxLag)
	return h, nil
}

// checkEvery is how often it is made sure that the triggers are there. Whoever makes a table anew takes them away with the old one.
const checkEvery = time.Minute

// Run works until ctx ends.
func (h *Coherence) Run(ctx context.Context) error {
	hints := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.listen(ctx, hints)
	}()
	defer func() { <-done }()

	tick := time.NewTicker(h.config.PollInterval)
	defer tick.Stop()
	for {
		err := h.step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		h.report(ctx, err)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-hints:
		}
	}
}

func (h *Coherence) step(ctx context.Context) error {
	if time.Since(h.checked) > checkEvery {
		if err := h.checkTriggers(ctx); err != nil {
			return err
		}
		h.checked = time.Now()
	}
	return h.poll(ctx)
}

// report says when it begins to fail and when that ends.
func (h *Coherence) report(ctx context.Context, err error) {
	h.polled(err)
	switch {
	case err != nil && !h.failing:
		h.log.LogAttrs(ctx, slog.LevelError, "changes made by others are not seen; requests that may change something ask the database each time", slog.Any("err", err))
	case err == nil && h.failing:
		h.log.LogAttrs(ctx, slog.LevelInfo, "changes made by others are seen again")
		select {
		case h.again <- struct{}{}:
		default: // nobody waits for it
		}
	}
	h.failing = err != nil
}

func (h *Coherence) checkTriggers(ctx context.Context) error {
	missing, err := h.cache.Store.db.missingTriggers(ctx, h.cache.Store, CoherenceMigrations())
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("triggers are missing, as after a table was made anew (%s); run: postern migrate up", strings.Join(missing, ", "))
	}
	return err
}

// errStandby: what the primary has acknowledged may be on its way still, for as long as it likes.
var errStandby = fmt.Errorf("%w: the server is a standby, which may be behind", ErrUnavailable)

// poll makes the cache forget whatever has changed since the last one. The first has nothing to compare with.
func (h *Coherence) poll(ctx context.Context) error {
	began := h.cache.now()
	if h.horizon == "" || time.Since(h.last) > keepInvalidations/2 {
		if err := h.begin(ctx); err != nil {
			return err
		}
		h.done(began)
		return nil
	}
	var horizon, server string
	var standby bool
	var epoch float64
	seen := map[int64]bool{}
	err := h.sql.Query(ctx, h.cache.Store, "Poll", []any{h.horizon}, func(scan scanFunc) error {
		var id *int64
		var user *string
		var age float64
		if err := scan(&horizon, &server, &standby, &epoch, &id, &user, &age); err != nil || id == nil {
			return err
		}
		if seen[*id] = true; !h.seen[*id] {
			h.forget(user)
			h.observe(time.Duration(age * float64(time.Second)))
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case standby:
		return errStandby
	case server != h.server || less(horizon, h.horizon):
		// Another server, as after a failover, may count transactions anew from somewhere below: its changes would be taken for old ones.
		h.log.LogAttrs(ctx, slog.LevelInfo, "the database has been started anew, or is another; sessions are looked up again", slog.String("started", server))
		if err := h.begin(ctx); err != nil {
			return err
		}
	default:
		h.horizon, h.seen = horizon, seen
	}
	h.compareClocks(ctx, began, epoch)
	h.done(began)
	return nil
}

// clocksApart is a difference between our clock and the database's that somebody should look into. Sessions begin and end by ours.
const clocksApart = 5 * time.Second

func (h *Coherence) compareClocks(ctx context.Context, began time.Time, epoch float64) {
	now := h.cache.now()
	ours := began.Add(now.Sub(began) / 2)
	offset := time.UnixMicro(int64(epoch * 1e6)).Sub(ours)
	h.clock(offset)
	apart := offset.Abs() > clocksApart+now.Sub(began)
	switch {
	case apart && !h.apart:
		h.log.LogAttrs(ctx, slog.LevelError, "the clocks of this machine and of the database differ; sessions end too soon or too late", slog.Duration("database_ahead", offset))
	case !apart && h.apart:
		h.log.LogAttrs(ctx, slog.LevelInfo, "the clocks of this machine and of the database agree again")
	}
	h.apart = apart
}

func (h *Coherence) done(began time.Time) {
	h.last = time.Now()
	h.cache.inStep(began)
}

// begin drops what was remembered before: nobody knows what has changed since.
func (h *Coherence) begin(ctx context.Context) error {
	var standby bool
	h.horizon, h.seen = "", nil
	var horizon string
	err := h.sql.Query(ctx, h.cache.Store, "Horizon", nil, func(scan scanFunc) error { return scan(&horizon, &h.server, &standby) })
	switch {
	case err != nil:
		return err
	case standby:
		return errStandby
	}
	h.horizon = horizon
	h.cache.ForgetAll()
	return nil
}

func (h *Coherence) forget(user *string) {
	if user == nil {
		h.cache.ForgetAll()
		return
	}
	h.cache.ForgetUser(UserID(*user))
}

// less compares decimal numbers, which are longer than an int64 may be.
func less(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// keepInvalidations is how long a row stays after the clean-up has met it. A replica that was cut off for half as long forgets
// everything.
const keepInvalidations = 10 * time.Minute

// TidyInvalidations removes rows that every replica has read. Call it once in a while, also when Coherence is switched off: the
// triggers go on until they are dropped.
func (s *Store) TidyInvalidations(ctx context.Context) error {
	if s.db.driver.dialect() == sqlite {
		return nil
	}
	columns, err := s.db.columnsOf(ctx, s, ownTable(postgres, "invalidation"))
	if err != nil || len(columns) == 0 {
		return err
	}
	sql, err := invalidationQueries(s)
	if err != nil {
		return err
	}
	if _, err := sql.Exec(ctx, s, "MarkSeen"); err != nil {
		return fmt.Errorf("mark invalidations: %w", err)
	}
	if _, err := sql.Exec(ctx, s, "DeleteSeen", keepInvalidations.Seconds()); err != nil {
		return fmt.Errorf("delete invalidations: %w", err)
	}
	return nil
}

func invalidationQueries(s *Store) (*Statements, error) {
	folder, err := fs.Sub(invalidationFiles, "invalidation/queries")
	if err != nil {
		return nil, fmt.Errorf("read queries: %w", err)
	}
	return s.Statements(folder)
}
