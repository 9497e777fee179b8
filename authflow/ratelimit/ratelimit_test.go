package ratelimit

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

var (
	three   = authflow.Limit{Max: 3, Window: 10 * time.Second}
	hundred = authflow.Limit{Max: 100, Window: 10 * time.Second}
)

// each runs a test over the table in every kind of database, with a clock that only the test moves.
func each(t *testing.T, test func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		test(t, store, storetest.NewClock())
	})
}

// replica is a counter of its own over the store.
func replica(t *testing.T, store *sessionstore.Store, o Options) *Counter {
	t.Helper()
	c, err := New(store, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// allowed is how many of n hits are.
func allowed(t *testing.T, c *Counter, key string, limit authflow.Limit, n int) int {
	t.Helper()
	count := 0
	for range n {
		if c.Take(t.Context(), key, limit) == 0 {
			count++
		}
	}
	return count
}

// hits is what the row says; -1 without one.
func hits(t *testing.T, store *sessionstore.Store, key string) int {
	t.Helper()
	found := -1
	do(t, store, func(st *sessionstore.Statements) error {
		return st.Query(t.Context(), store, "Hits", []any{key}, func(scan func(...any) error) error { return scan(&found) })
	})
	return found
}

func do(t *testing.T, store *sessionstore.Store, use func(*sessionstore.Statements) error) {
	t.Helper()
	statements, err := store.Statements(fstest.MapFS{
		"test.sql": {Data: []byte(`-- name: Hits
SELECT hits FROM {postern.rate_limit} WHERE key = $1;
-- name: Away
ALTER TABLE {postern.rate_limit} RENAME TO gone;
-- name: Back
ALTER TABLE gone RENAME TO postern_rate_limit;`)},
		"postgres/test.sql": {Data: []byte(`-- name: Back
ALTER TABLE postern.gone RENAME TO rate_limit;`)},
	})
	if err == nil {
		err = use(statements)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// away takes the table away, and puts it back.
func away(t *testing.T, store *sessionstore.Store) (back func()) {
	t.Helper()
	run := func(name string) {
		t.Helper()
		do(t, store, func(st *sessionstore.Statements) error {
			_, err := st.Exec(t.Context(), store, name)
			return err
		})
	}
	run("Away")
	return func() { t.Helper(); run("Back") }
}

func TestAWindowHoldsMaxHitsAndEnds(t *testing.T) {
	t.Parallel()
	for _, limit := range []authflow.Limit{three, hundred, {Max: 1, Window: 30 * 24 * time.Hour}, {Max: 19, Window: time.Second}, {Max: 20, Window: time.Second}, {Max: 33, Window: time.Minute}} {
		t.Run(fmt.Sprint(limit.Max), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
				c := replica(t, store, Options{Now: clock.Now})
				for range 3 {
					if got := allowed(t, c, "k", limit, 2*limit.Max); got != limit.Max {
						t.Errorf("%d allowed, want %d", got, limit.Max)
					}
					if got := allowed(t, c, "another", limit, limit.Max); got != limit.Max {
						t.Errorf("another key: %d allowed", got)
					}
					if wait := c.Take(t.Context(), "k", limit); wait <= 0 || wait > limit.Window {
						t.Errorf("wait %v", wait)
					}
					clock.Advance(limit.Window - 2*time.Millisecond)
					if c.Take(t.Context(), "k", limit) == 0 {
						t.Error("the window ended early")
					}
					clock.Advance(2 * time.Millisecond)
				}
			})
		})
	}
}

func TestNothingExtendsAWindow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now})
		for i := range 10 {
			if wait := c.Take(t.Context(), "k", three); wait > 0 {
				t.Errorf("hit %d, four seconds after the last: wait %v", i, wait)
			}
			clock.Advance(4 * time.Second)
		}
	})
}

func TestReplicasShareASmallLimitExactly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		a, b := replica(t, store, Options{Now: clock.Now}), replica(t, store, Options{Now: clock.Now})
		got := []time.Duration{}
		for _, c := range []*Counter{a, b, a} {
			got = append(got, c.Take(t.Context(), "k", three))
			clock.Advance(2 * time.Second)
		}
		for _, c := range []*Counter{a, b} {
			got = append(got, c.Take(t.Context(), "k", three))
		}
		if want := []time.Duration{0, 0, 0, 4 * time.Second, 4 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("waits %v, want %v", got, want)
		}
		clock.Advance(4 * time.Second) // the window that a began ends for b as well
		if allowed(t, b, "k", three, 5)+allowed(t, a, "k", three, 5) != 3 {
			t.Error("the next window is not shared")
		}
	})
}

func TestReplicasShareALargeLimitNearly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		for name, turn := range map[string]func(a, b *Counter, key string) int{
			"one after the other": func(a, b *Counter, key string) int {
				return allowed(t, a, key, hundred, 200) + allowed(t, b, key, hundred, 200)
			},
			"in turns": func(a, b *Counter, key string) int {
				n := 0
				for range 200 {
					n += allowed(t, a, key, hundred, 1) + allowed(t, b, key, hundred, 1)
				}
				return n
			},
		} {
			a, b := replica(t, store, Options{Now: clock.Now}), replica(t, store, Options{Now: clock.Now})
			if got := turn(a, b, name); got < 95 || got > 120 {
				t.Errorf("%s: %d allowed, want about 100 and no more than 120", name, got)
			}
		}
	})
}

func TestWhatIsSeldomAskedCostsNoQuery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now})
		allowed(t, c, "k", hundred, 20)
		if got := hits(t, store, "k"); got != -1 {
			t.Errorf("after a fifth the row says %d, want none", got)
		}
		allowed(t, c, "k", hundred, 1)
		if got := hits(t, store, "k"); got != 25 {
			t.Errorf("the row says %d, want a fifth and a twentieth", got)
		}
		allowed(t, c, "k", hundred, 4)
		if got := hits(t, store, "k"); got != 25 {
			t.Errorf("the row says %d before the twentieth is used up", got)
		}
	})
}

func TestAFullKeyIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now})
		allowed(t, c, "k", three, 1000)
		if got := hits(t, store, "k"); got != 4 {
			t.Errorf("the row says %d, want three and the first that was too many", got)
		}
	})
}

func TestFiftyAtOnceNeverExceedTheLimit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		for limit, most := range map[authflow.Limit]int64{three: 3, {Max: 10, Window: time.Minute}: 10, {Max: 25, Window: time.Minute}: 30} {
			replicas := []*Counter{replica(t, store, Options{Now: clock.Now}), replica(t, store, Options{Now: clock.Now})}
			var count atomic.Int64
			var all sync.WaitGroup
			start := make(chan struct{})
			for i := range 50 {
				all.Go(func() {
					<-start
					if replicas[i%2].Take(context.WithoutCancel(t.Context()), fmt.Sprint("at once ", limit.Max), limit) == 0 {
						count.Add(1)
					}
				})
			}
			close(start)
			all.Wait()
			if got := count.Load(); got > most || got < int64(limit.Max)-1 {
				t.Errorf("%d of 50 allowed, want %d to %d", got, limit.Max, most)
			}
		}
	})
}

func TestAHitIsTakenBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		a, b := replica(t, store, Options{Now: clock.Now}), replica(t, store, Options{Now: clock.Now})
		for i := range 20 {
			for _, c := range []*Counter{a, b} {
				if wait := c.Take(t.Context(), "k", three); wait > 0 {
					t.Fatalf("round %d: wait %v", i, wait)
				}
				c.Return(t.Context(), "k", three)
			}
		}
		if got := hits(t, store, "k"); got != 0 {
			t.Errorf("the row says %d", got)
		}
		// What was refused is not among what can come back.
		allowed(t, a, "k", three, 10)
		allowed(t, b, "k", three, 10)
		a.Return(t.Context(), "k", three)
		if got := allowed(t, a, "k", three, 5); got != 1 {
			t.Errorf("%d allowed after one was taken back", got)
		}
	})
}

func TestWhatWasNeverCountedIsNotTakenBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now})
		c.Return(t.Context(), "k", three)
		c.Take(t.Context(), "k", three)
		clock.Advance(three.Window)
		c.Return(t.Context(), "k", three)
		if got := allowed(t, c, "k", three, 10); got != 3 {
			t.Errorf("%d allowed", got)
		}
		c.Return(t.Context(), "large", hundred)
		c.Take(t.Context(), "large", hundred)
		c.Return(t.Context(), "large", hundred)
		if got := allowed(t, c, "large", hundred, 200); got != 100 {
			t.Errorf("%d allowed", got)
		}
	})
}

func TestD72WhatOneReplicaCountedAnotherKnows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		a, b := replica(t, store, Options{Now: clock.Now}), replica(t, store, Options{Now: clock.Now})
		if a.Counted(t.Context(), "k") {
			t.Error("counted before the first hit")
		}
		a.Take(t.Context(), "k", three)
		if !a.Counted(t.Context(), "k") || !b.Counted(t.Context(), "k") || b.Counted(t.Context(), "other") {
			t.Error("a hit is not known")
		}
		clock.Advance(three.Window)
		if a.Counted(t.Context(), "k") || b.Counted(t.Context(), "k") {
			t.Error("counted after the window")
		}
	})
}

func TestAnOutageIsCountedAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		var log bytes.Buffer
		var told []bool
		c := replica(t, store, Options{Now: clock.Now, Logger: slog.New(slog.NewTextHandler(&log, nil)), Alone: func(on bool) { told = append(told, on) }})
		if got := allowed(t, c, "before", three, 2); got != 2 {
			t.Fatalf("%d allowed", got)
		}
		back := away(t, store)
		for _, limit := range []authflow.Limit{three, hundred} {
			if got := allowed(t, c, fmt.Sprint("new", limit.Max), limit, 200); got != limit.Max {
				t.Errorf("%d allowed alone, want %d", got, limit.Max)
			}
		}
		if got := allowed(t, c, "before", three, 5); got != 1 {
			t.Errorf("%d allowed of a window that had begun before", got)
		}
		c.Return(t.Context(), "before", three)
		if got := allowed(t, c, "before", three, 5); got != 1 {
			t.Errorf("%d allowed after one was taken back", got)
		}
		if c.Counted(t.Context(), "unknown") || !c.Counted(t.Context(), "before") {
			t.Error("what is known here is not told")
		}
		clock.Advance(respite + three.Window)
		allowed(t, c, "later", three, 5)
		if n := strings.Count(log.String(), "\n"); n != 1 || !slices.Equal(told, []bool{true}) {
			t.Errorf("told %v, logged %s", told, log.String())
		}

		back()
		if allowed(t, c, "soon", three, 1); hits(t, store, "soon") != -1 {
			t.Error("the database is asked again without a respite")
		}
		clock.Advance(respite)
		if allowed(t, c, "after", three, 1); hits(t, store, "after") != 1 {
			t.Error("the database is not asked again")
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !slices.Equal(told, []bool{true, false}) {
			t.Errorf("told %v, logged %s", told, log.String())
		}
	})
}

func TestAnOutageIsAskedAboutByOneAtATime(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	o := &outage{logger: slog.New(slog.DiscardHandler), tell: func(bool) {}}
	asks := func() (asks string) {
		for range 3 {
			may, trying := o.mayAsk(now)
			asks += fmt.Sprint(may, trying, " ")
		}
		return asks
	}
	o.heard(t.Context(), now, false, errAway)
	if got := asks(); got != "false false false false false false " {
		t.Errorf("at once: %s", got)
	}
	now = now.Add(respite)
	if got := asks(); got != "true true false false false false " {
		t.Errorf("after a respite: %s", got)
	}
	if o.heard(t.Context(), now, false, nil); !o.on {
		t.Error("an answer to what was asked before ended the outage")
	}
	o.heard(t.Context(), now, true, nil)
	if got := asks(); got != "true false true false true false " {
		t.Errorf("afterwards: %s", got)
	}
}

func TestAClientWhoHangsUpIsCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now, Alone: func(bool) { t.Error("that is no outage") }})
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		c.Take(gone, "k", three)
		if got := hits(t, store, "k"); got != 1 {
			t.Errorf("the row says %d", got)
		}
	})
}

func TestAForgottenKeyIsStillFull(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now})
		allowed(t, c, "k", three, 3)
		c.windows.Purge()
		if got := allowed(t, c, "k", three, 3); got != 0 {
			t.Errorf("%d allowed", got)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	store := storetest.Open(t, storetest.SQLite(t), sessionstore.Options{Migrations: []sessionstore.MigrationSet{Migrations()}})
	c := replica(t, store, Options{})
	for i := range maxKeys + 1000 {
		c.Take(t.Context(), fmt.Sprint(i), hundred)
	}
	if got := c.windows.Len(); got != maxKeys {
		t.Errorf("%d keys", got)
	}
}

func TestOldWindowsAreRemoved(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		c := replica(t, store, Options{Now: clock.Now})
		for i := range 5 {
			c.Take(t.Context(), fmt.Sprint(i), three)
		}
		clock.Advance(three.Window + time.Second)
		c.Take(t.Context(), "open", three)
		for _, want := range []int64{3, 2, 0} {
			if removed, err := c.DeleteBefore(t.Context(), clock.Now(), 3); err != nil || removed != want {
				t.Errorf("%d removed, want %d (%v)", removed, want, err)
			}
		}
		if hits(t, store, "open") != 1 {
			t.Error("an open window was removed")
		}
	})
}
