package sessionstore

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Options are what Open takes besides settings. The zero value works.
type Options struct {
	Logger     *slog.Logger     // nothing is logged without one
	Now        func() time.Time // time.Now without one
	Migrations []MigrationSet   // tables of the features in use

	ObserveDatabase func(Condition) // hears of each change of the database's state

	// Trace follows each step at the database: it is called before, with what is done, and what it returns is called after it.
	Trace func(ctx context.Context, what string) (context.Context, func(error))
}

// Open connects and makes sure that the database is one it understands. A database that does not answer yet is asked again
// until ConnectTimeout. It creates missing tables where the settings say so; otherwise a database that is not up to date
// is refused, with what differs.
func Open(ctx context.Context, cfg Config, o Options) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	if cfg.Migrates() {
		if _, err := Migrate(ctx, cfg, o.Migrations, o.Logger); err != nil {
			return nil, fmt.Errorf("migrate database: %w", err)
		}
	}
	db, err := connect(ctx, cfg, o, false)
	if err != nil {
		return nil, err
	}
	report, err := db.status(ctx, &Store{db: db}, o.Migrations)
	if err == nil {
		err = report.Err()
	}
	if err == nil {
		db.core, err = db.embedded("queries") // now that it is known which optional columns exist
	}
	if err != nil {
		db.driver.close()
		return nil, err
	}
	report.warn(ctx, db.log)
	return &Store{db: db}, nil
}

// connect opens the pool and waits for the database. Direct avoids a transaction pooler.
func connect(ctx context.Context, cfg Config, o Options, direct bool) (*database, error) {
	cfg = cfg.withDefaults()
	names, additional, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	db := &database{
		trace:   o.Trace,
		mapping: names, additional: additional, tablesIn: cfg.TablesIn, queryTimeout: cfg.QueryTimeout,
		clock: o.Now, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
	}
	db.breaker = newBreaker(db.log, o.ObserveDatabase)
	if db.clock == nil {
		db.clock = time.Now
	}
	if cfg.embedded() {
		db.queryTimeout = max(cfg.QueryTimeout, sqliteTimeout)
		db.driver, err = openSQLite(cfg)
	} else {
		db.driver, err = openPostgres(ctx, cfg, direct)
	}
	if err != nil {
		return nil, err
	}
	if db.inspection, err = db.embedded("queries/inspect"); err == nil {
		err = db.await(ctx, cfg.ConnectTimeout)
	}
	if err != nil {
		db.driver.close()
		return nil, err
	}
	return db, nil
}

// embedded reads a folder of our own queries.
func (db *database) embedded(folder string) (*Statements, error) {
	files, err := fs.Sub(queryFiles, folder)
	if err != nil {
		return nil, err
	}
	return db.statements(files)
}

// await asks until the database answers. The pauses grow and are drawn at random, lest replicas that were restarted
// together knock together. What time will not heal, such as a wrong password, is not asked twice.
func (db *database) await(ctx context.Context, patience time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		attempt, stop := context.WithTimeout(limited, min(db.queryTimeout, 5*time.Second))
		err := db.driver.ping(attempt)
		stop()
		if err == nil {
			return nil
		}
		if hopeless(err) {
			return fmt.Errorf("connect to database: %w", err)
		}
		db.log.Warn("database does not answer yet", "err", err)
		select {
		case <-limited.Done():
			return fmt.Errorf("connect to database: %w: no answer within %s: %w", ErrUnavailable, patience, err)
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}
