package lockout

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

var policy = authflow.LockoutPolicy{Free: 3, First: time.Second, Longest: 10 * time.Second, Forget: time.Minute}

func each(t *testing.T, test func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		test(t, store, storetest.NewClock())
	})
}

func replica(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) *Lockout {
	t.Helper()
	l, err := New(store, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func begin(t *testing.T, l *Lockout, key string) (authflow.Guess, time.Duration) {
	t.Helper()
	guess, wait, err := l.Begin(t.Context(), key, policy)
	if err != nil {
		t.Fatal(err)
	}
	return guess, wait
}

func TestWaitsDoubleUpToTheLongestAndAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		l := replica(t, store, clock)
		var waits []time.Duration
		begin(t, l, "a")
		begin(t, l, "a")
		for range 6 {
			if _, wait := begin(t, l, "a"); wait != 0 {
				t.Fatalf("closed for %s after waiting", wait)
			}
			_, wait := begin(t, replica(t, store, clock), "a") // another one knows
			waits = append(waits, wait)
			clock.Advance(wait)
		}
		want := []time.Duration{1, 2, 4, 8, 10, 10}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(waits, want) {
			t.Errorf("waits %v, want %v", waits, want)
		}
		clock.Advance(time.Minute)
		for i := range 3 {
			if _, wait := begin(t, l, "a"); wait != 0 {
				t.Errorf("guess %d after all was forgotten has to wait %s", i, wait)
			}
		}
	})
}

func TestOfManyAtOnceNoMoreAreCountedThanMayBe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		replicas := []*Lockout{replica(t, store, clock), replica(t, store, clock)}
		var counted atomic.Int64
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				_, wait, err := replicas[i%2].Begin(t.Context(), "a", policy)
				if err != nil {
					t.Error(err)
				}
				if wait == 0 {
					counted.Add(1)
				}
			})
		}
		all.Wait()
		if got := counted.Load(); got != 3 {
			t.Errorf("%d were counted, want 3", got)
		}
	})
}

func TestAForgivenGuessCostsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		l := replica(t, store, clock)
		for range 20 {
			guess, wait := begin(t, l, "a")
			if wait != 0 {
				t.Fatalf("has to wait %s", wait)
			}
			if err := l.Forgive(t.Context(), guess); err != nil {
				t.Fatal(err)
			}
		}
		// What somebody else has closed since stays closed.
		slow, _ := begin(t, l, "b")
		begin(t, l, "b")
		begin(t, l, "b")
		if _, wait := begin(t, l, "b"); wait == 0 {
			t.Fatal("not closed")
		}
		if err := l.Forgive(t.Context(), slow); err != nil {
			t.Fatal(err)
		}
		if _, wait := begin(t, l, "b"); wait == 0 {
			t.Error("a guess that was taken back has opened what another one had closed")
		}
	})
}

func TestWithoutTheTableNobodyGuesses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		l := replica(t, store, clock)
		statements, err := store.Statements(fstest.MapFS{"test.sql": {Data: []byte("-- name: Drop\nDROP TABLE {postern.lockout};")}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := statements.Exec(t.Context(), store, "Drop"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := l.Begin(t.Context(), "a", policy); err == nil {
			t.Error("a guess was let through uncounted")
		}
	})
}

func TestWhatIsForgottenIsRemoved(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store, clock *storetest.Clock) {
		l := replica(t, store, clock)
		for _, key := range []string{"a", "b", "c"} {
			begin(t, l, key)
		}
		clock.Advance(30 * time.Second)
		begin(t, l, "d")
		clock.Advance(40 * time.Second)
		for _, want := range []int64{2, 1, 0} {
			if got, err := l.DeleteBefore(t.Context(), clock.Now(), 2); err != nil || got != want {
				t.Errorf("removed %d, %v, want %d", got, err, want)
			}
		}
	})
}

func TestStepsNeverOverflow(t *testing.T) {
	t.Parallel()
	for _, p := range []authflow.LockoutPolicy{{First: 1, Longest: 1 << 62}, {First: time.Second, Longest: time.Second}, {}} {
		if n := steps(p); n < 0 || n > 40 {
			t.Error("steps", p, n)
		}
	}
}
