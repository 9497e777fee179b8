package sessionstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bench is a cache over a real file, whose look-ups the test can hold up, count and break.
type bench struct {
	*Cache
	user    User
	session Session
	queries atomic.Int64

	database Config

	mu       sync.Mutex
	clock    time.Time
	results  []string
	outcomes map[string]int // of renewals
	gate     func() error   // runs between reading the row and answering
}

func newBench(t testing.TB, cfg CacheConfig) *bench {
	t.Helper()
	b := &bench{clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), outcomes: map[string]int{}}
	b.database = Config{Path: filepath.Join(t.TempDir(), "postern.db")}
	store, err := Open(t.Context(), b.database, Options{Now: b.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	b.Cache = NewCache(store, cfg, CacheOptions{Now: b.time, Observe: func(result string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.results = append(b.results, result)
	}, ObserveRenewal: func(outcome string, n int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.outcomes[outcome] += n
	}})
	b.find = func(ctx context.Context, token Token) (*Identity, error) {
		identity, err := store.FindSession(ctx, token)
		b.queries.Add(1) // only now, so that awaitQueries means that the row was read
		b.mu.Lock()
		gate := b.gate
		b.mu.Unlock()
		if gate != nil {
			if broken := gate(); broken != nil {
				return nil, broken
			}
		}
		return identity, err
	}
	b.user = User{ID: UserID(NewID()), Name: "Ada", Email: "ada@example.com"}
	check(t, store.CreateUser(t.Context(), &b.user))
	b.session = b.create(t, Token(NewID()))
	return b
}

func (b *bench) create(t testing.TB, token Token) Session {
	t.Helper()
	session := Session{ID: SessionID(NewID()), UserID: b.user.ID, Token: token, ExpiresAt: b.time().Add(24 * time.Hour)}
	check(t, b.CreateSession(t.Context(), &session))
	return session
}

func (b *bench) time() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func (b *bench) setGate(gate func() error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate = gate
}

// ask looks the token up and compares both the answer and how many queries there have been so far.
func (b *bench) ask(t *testing.T, token Token, want error, queries int64) {
	t.Helper()
	_, err := b.FindSession(t.Context(), token)
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
	if n := b.queries.Load(); n != queries {
		t.Fatalf("%d queries so far, want %d", n, queries)
	}
}

func (b *bench) heard(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.results, want) {
		t.Errorf("observed %v, want %v", b.results, want)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var usual = CacheConfig{Size: 100, TTL: 30 * time.Second, NegativeTTL: 5 * time.Second, StaleIfError: time.Minute}

func TestHitCostsNoQueryUntilTTL(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	b.advance(30*time.Second - 1)
	b.ask(t, b.session.Token, nil, 1)
	b.advance(1)
	b.ask(t, b.session.Token, nil, 2)
	b.ask(t, b.session.Token, nil, 2)
	b.heard(t, "miss", "hit", "miss", "hit")
}

func TestUnknownTokenIsRememberedBriefly(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, "unknown", ErrNotFound, 1)
	b.ask(t, "unknown", ErrNotFound, 1)
	b.advance(5 * time.Second)
	b.ask(t, "unknown", ErrNotFound, 2)
	b.create(t, "unknown")
	b.ask(t, "unknown", nil, 3)
	b.heard(t, "miss", "negative", "miss", "miss")
}

func TestUnknownTokensDoNotDriveKnownOnesOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	for i := range 500 {
		b.ask(t, Token(fmt.Sprint("invented", i)), ErrNotFound, int64(i+2))
	}
	b.ask(t, b.session.Token, nil, 501)
}

func TestZeroSizeAsksEveryTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, CacheConfig{TTL: time.Hour, NegativeTTL: time.Hour})
	b.ask(t, b.session.Token, nil, 1)
	b.ask(t, b.session.Token, nil, 2)
}

func TestConcurrentMissesShareOneQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	release := make(chan struct{})
	b.setGate(func() error { <-release; return nil })
	leaver, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := b.FindSession(leaver, b.session.Token)
		left <- err
	}()
	b.awaitQueries(1)
	answers := make(chan error)
	for range 20 {
		go func() {
			_, err := b.FindSession(t.Context(), b.session.Token)
			answers <- err
		}()
	}
	// The one who started the query leaves; the others still get its answer.
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(release)
	for range 20 {
		if err := <-answers; err != nil {
			t.Errorf("who stayed got %v", err)
		}
	}
	if n := b.queries.Load(); n != 1 {
		t.Errorf("%d queries, want 1", n)
	}
}

func (b *bench) awaitQueries(n int64) {
	for b.queries.Load() < n {
		time.Sleep(time.Millisecond)
	}
}

// TestFillThatStartedBeforeAChangeIsDropped holds a query up after it has read the row, changes the row, and lets it go on.
func TestFillThatStartedBeforeAChangeIsDropped(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(b *bench) error
		after  error
	}{
		"session deleted": {func(b *bench) error {
			_, err := b.DeleteSession(context.Background(), b.session.Token)
			return err
		}, ErrNotFound},
		"sessions of the user deleted": {func(b *bench) error {
			_, err := b.DeleteSessions(context.Background(), b.user.ID)
			return err
		}, ErrNotFound},
		"session deleted by id": {func(b *bench) error {
			_, err := b.DeleteSessionByID(context.Background(), b.user.ID, b.session.ID)
			return err
		}, ErrNotFound},
		"other sessions deleted": {func(b *bench) error {
			_, err := b.DeleteOtherSessions(context.Background(), b.user.ID, "another")
			return err
		}, ErrNotFound},
		"user deleted": {func(b *bench) error { return b.DeleteUser(context.Background(), b.user.ID) }, ErrNotFound},
		"user deleted in a transaction": {func(b *bench) error {
			return b.InTx(context.Background(), func(tx *Store) error { return tx.DeleteUser(context.Background(), b.user.ID) })
		}, ErrNotFound},
		"told by another process":                {func(b *bench) error { b.Forget(b.session.Token.Key()); return nil }, nil},
		"told by another process about the user": {func(b *bench) error { b.ForgetUser(b.user.ID); return nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, usual)
			release := make(chan struct{})
			b.setGate(func() error { <-release; return nil })
			early := make(chan error)
			go func() {
				_, err := b.FindSession(context.Background(), b.session.Token)
				early <- err
			}()
			b.awaitQueries(1)
			check(t, row.change(b))
			b.setGate(nil)
			// Whoever asks after the change does not get the answer of the query that was under way before it.
			b.ask(t, b.session.Token, row.after, 2)
			close(release)
			if err := <-early; err != nil {
				t.Errorf("who asked before the change got %v", err)
			}
			b.ask(t, b.session.Token, row.after, 2)
		})
	}
}

func TestNegativeFillThatStartedBeforeTheSessionIsDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	release := make(chan struct{})
	b.setGate(func() error { <-release; return nil })
	early := make(chan error)
	go func() {
		_, err := b.FindSession(context.Background(), "soon")
		early <- err
	}()
	b.awaitQueries(1)
	b.create(t, "soon")
	b.setGate(nil)
	close(release)
	if err := <-early; !errors.Is(err, ErrNotFound) {
		t.Errorf("who asked before got %v", err)
	}
	b.ask(t, "soon", nil, 2)
}

func TestStaleEntryIsServedWhileTheDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	b.setGate(func() error { return fmt.Errorf("test: %w", ErrUnavailable) })
	b.advance(31 * time.Second)
	b.ask(t, b.session.Token, nil, 2)
	b.ask(t, b.session.Token, nil, 2) // known to be unavailable for the moment
	b.ask(t, "another", ErrUnavailable, 3)
	b.advance(time.Second)
	b.ask(t, b.session.Token, nil, 4)
	b.advance(time.Minute)
	b.ask(t, b.session.Token, ErrUnavailable, 5)
	b.setGate(nil)
	b.ask(t, b.session.Token, nil, 6)
	b.heard(t, "miss", "stale", "stale", "miss", "stale", "miss", "miss")
}

func TestRevokedSessionIsNotServedStale(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	_, err := b.DeleteSession(t.Context(), b.session.Token)
	check(t, err)
	b.setGate(func() error { return ErrUnavailable })
	b.ask(t, b.session.Token, ErrUnavailable, 2)
}

func TestSlowDatabaseGivesStaleEntryAtTheCallersDeadline(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	b.advance(31 * time.Second)
	release := make(chan struct{})
	defer close(release)
	b.setGate(func() error { <-release; return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.FindSession(ctx, b.session.Token); err != nil {
		t.Errorf("a stale entry was there, yet: %v", err)
	}
	other, cancelOther := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancelOther()
	if _, err := b.FindSession(other, "another"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
	b.heard(t, "miss", "stale", "miss")
}

func TestOtherErrorsAreNotRememberedAndNotCovered(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	b.advance(31 * time.Second)
	broken := errors.New("broken")
	b.setGate(func() error { return broken })
	b.ask(t, b.session.Token, broken, 2)
	b.setGate(nil)
	b.ask(t, b.session.Token, nil, 3)
}

// TestIndexFollowsTheList fills the cache beyond its size and forgets users, and compares the two at each step.
func TestIndexFollowsTheList(t *testing.T) {
	t.Parallel()
	b := newBench(t, CacheConfig{Size: 7, TTL: time.Hour})
	users := []UserID{"a", "b", "c"}
	compare := func() {
		t.Helper()
		linked := 0
		for user, e := range b.byUser {
			for ; e != nil; e = e.next {
				linked++
				if kept, ok := b.known.Peek(e.key); !ok || kept != e || e.identity.User.ID != user || (e.next != nil && e.next.prev != e) {
					t.Fatalf("entry of %s is linked and not listed", user)
				}
			}
		}
		if linked != b.known.Len() {
			t.Fatalf("%d linked, %d listed", linked, b.known.Len())
		}
	}
	for i := range 60 {
		key := Token(fmt.Sprint(i % 11)).Key()
		b.locked(func() {
			b.drop(key)
			b.remember(&entry{identity: &Identity{User: User{ID: users[i%3]}}, key: key})
		})
		compare()
		if i%13 == 0 {
			b.ForgetUser(users[i%2])
			compare()
		}
	}
}

func (b *bench) locked(do func()) {
	b.Cache.mu.Lock()
	defer b.Cache.mu.Unlock()
	do()
}

func TestKeysHoldNoToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	for _, key := range b.known.Keys() {
		if bytes.Contains(key[:], []byte(b.session.Token)) {
			t.Error("the key holds the token")
		}
	}
	if printed := fmt.Sprint(b.known.Keys()); bytes.Contains([]byte(printed), []byte(b.session.Token)) {
		t.Error("printing the keys shows the token")
	}
}

func TestHitDoesNotAllocate(t *testing.T) {
	// Not parallel: the count covers the whole process.
	b := newBench(t, usual)
	b.observe = func(string) {}
	ctx := t.Context()
	if _, err := b.FindSession(ctx, b.session.Token); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() { _, _ = b.FindSession(ctx, b.session.Token) }); n > 0 {
		t.Errorf("%v allocations for each hit", n)
	}
}

func BenchmarkHit(b *testing.B) {
	bench := newBench(b, usual)
	bench.observe = func(string) {}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := bench.FindSession(b.Context(), bench.session.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMissSQLite(b *testing.B) {
	bench := newBench(b, CacheConfig{Size: 10})
	bench.observe = func(string) {}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bench.FindSession(b.Context(), bench.session.Token); err != nil {
			b.Fatal(err)
		}
	}
}
