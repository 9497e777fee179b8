// Package storetest holds the contract that every store of sessions keeps, whatever the database and whether or not a cache
// stands in front.
//
//	Run(t, open)        the contract, by subject: users, sessions, accounts, verifications, concurrency, mapping, fields, …
//	Each(t, sets, test) the same databases for the tables of a feature
//
// Each sentence in the comments of package sessionstore has its test here.
package storetest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/test/postgres"
)

// Setup is what a test of the contract asks for.
type Setup struct {
	Schema        sessionstore.Schema
	UserFields    sessionstore.FieldConfigs
	SessionFields sessionstore.FieldConfigs
	Clock         *Clock
}

// Subject is a store under test. Find is its FindSession, or that of the cache in front of it.
type Subject struct {
	*sessionstore.Store
	Clock *Clock
	Find  func(ctx context.Context, token sessionstore.Token) (*sessionstore.Identity, error)
}

// Run holds the stores that open returns to the contract. Each call of open must give an empty database.
func Run(t *testing.T, open func(t *testing.T, s Setup) Subject) {
	for _, subject := range []struct {
		name  string
		tests []test
	}{
		{"users", users},
		{"lists of users", userLists},
		{"sessions", sessions},
		{"accounts", accounts},
		{"linked accounts", linked},
		{"verifications", verifications},
		{"transactions", transactions},
		{"concurrency", concurrency},
		{"cleanup", cleanup},
	} {
		t.Run(subject.name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			s := open(t, Setup{Clock: clock})
			s.Clock = clock
			for _, test := range subject.tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, s) })
			}
		})
	}
	t.Run("mapping", func(t *testing.T) {
		t.Parallel()
		runMappings(t, open)
	})
	t.Run("fields", func(t *testing.T) {
		t.Parallel()
		runFields(t, open)
	})
}

// test is one sentence of the contract. Tests of one subject run one after the other over one database, so that moving the
// clock in one does not disturb another; each makes its own users.
type test struct {
	name string
	run  func(t *testing.T, s Subject)
}

// Each runs a test over every kind of database, with the tables of the sets in it.
func Each(t *testing.T, sets []sessionstore.MigrationSet, test func(t *testing.T, s *sessionstore.Store)) {
	for name, config := range map[string]func(t testing.TB) sessionstore.Config{"postgres": PostgreSQL, "sqlite": SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, config(t), sessionstore.Options{Migrations: sets}))
		})
	}
}

// PostgreSQL is the configuration of a fresh database.
func PostgreSQL(t testing.TB) sessionstore.Config {
	t.Helper()
	return sessionstore.Config{URL: postgres.URL(t), AutoMigrate: true}
}

// SQLite is the configuration of a fresh file.
func SQLite(t testing.TB) sessionstore.Config {
	t.Helper()
	return sessionstore.Config{Path: filepath.Join(t.TempDir(), "postern.db")}
}

// Open opens a store that is closed when the test ends.
func Open(t testing.TB, cfg sessionstore.Config, o sessionstore.Options) *sessionstore.Store {
	t.Helper()
	s, err := sessionstore.Open(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Clock is a time that only tests move.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at an instant with more than millisecond precision, as real ones have.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC)}
}

// Now is the time that was set.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
