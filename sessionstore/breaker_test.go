package sessionstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// testBreaker is one whose clock the test moves.
type testBreaker struct {
	*breaker
	time   time.Time
	states []DatabaseState
	log    bytes.Buffer
}

func newTestBreaker() *testBreaker {
	b := &testBreaker{time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.breaker = newBreaker(slog.New(slog.NewTextHandler(&b.log, nil)), func(c Condition) { b.states = append(b.states, c.State) })
	b.now = func() time.Time { return b.time }
	return b
}

var (
	errSilent   = fmt.Errorf("%w: dial tcp", errNoAnswer)
	errReadOnly = fmt.Errorf("%w: read only", errHampered)
)

// call makes one call that ends like this, unless it is refused.
func (b *testBreaker) call(t *testing.T, end error) (let bool) {
	t.Helper()
	p, err := b.admit(t.Context())
	if err != nil {
		if !errors.Is(err, ErrUnavailable) {
			t.Fatalf("refused with %v", err)
		}
		return false
	}
	b.settle(p, end, false)
	return true
}

func (b *testBreaker) is(t *testing.T, want DatabaseState) {
	t.Helper()
	if got := b.condition().State; got != want {
		t.Fatalf("the database is %s, want %s", got, want)
	}
}

func (b *testBreaker) breaks(t *testing.T) {
	t.Helper()
	for range breakAfter {
		b.call(t, errSilent)
	}
	b.is(t, Away)
}

func TestADatabaseIsAwayAfterFailuresInARow(t *testing.T) {
	t.Parallel()
	b := newTestBreaker()
	for range 5 { // each followed by an answer, if only that there is no such row
		b.call(t, errSilent)
		b.call(t, errSilent)
		b.is(t, Degraded)
		b.call(t, ErrNotFound)
	}
	b.breaks(t)
	if b.call(t, nil) {
		t.Error("a call was let through at once")
	}
	if c := b.condition(); !errors.Is(c.Cause, errNoAnswer) || !c.Since.Equal(b.time) {
		t.Errorf("condition: %+v", c)
	}
}

func TestADatabaseThatIsAwayIsAskedByOneCallAtATime(t *testing.T) {
	t.Parallel()
	b := newTestBreaker()
	b.breaks(t)
	longestPause := time.Duration(0)
	for range 12 {
		waited := time.Duration(0)
		var probe pass
		var err error
		for probe, err = b.admit(t.Context()); err != nil; probe, err = b.admit(t.Context()) {
			b.time = b.time.Add(10 * time.Millisecond)
			waited += 10 * time.Millisecond
		}
		longestPause = max(longestPause, waited)
		if !probe.probe || b.call(t, nil) {
			t.Fatal("two calls at once, or the first is no probe")
		}
		b.settle(probe, errSilent, false)
		b.is(t, Away)
	}
	if longestPause < longest/2 || longestPause > 2*longest {
		t.Errorf("the longest pause was %s", longestPause)
	}
	// Who asked and left has proved nothing, and does not keep the next from trying.
	b.time = b.time.Add(2 * longest)
	p, err := b.admit(t.Context())
	check(t, err)
	b.settle(p, context.Canceled, true)
	b.is(t, Away)
	b.time = b.time.Add(2 * longest)
	if !b.call(t, nil) {
		t.Error("no probe after one that was given up")
	}
	b.is(t, Degraded)
}

func TestADatabaseThatIsBackIsLoadedLittleByLittle(t *testing.T) {
	t.Parallel()
	b := newTestBreaker()
	b.breaks(t)
	b.time = b.time.Add(longest)
	b.call(t, nil)
	for want := 1; want < fullLoad; want *= 2 {
		var running []pass
		for len(running) <= fullLoad {
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			p, err := b.admit(gone)
			if err != nil {
				break
			}
			running = append(running, p)
		}
		if len(running) != want {
			t.Fatalf("%d calls at once, want %d", len(running), want)
		}
		// One success is enough for more room.
		b.settle(running[0], nil, false)
		for _, p := range running[1:] {
			b.settle(p, context.Canceled, true)
		}
	}
	var all []pass
	for range 100 {
		p, err := b.admit(t.Context())
		check(t, err)
		all = append(all, p)
	}
	for _, p := range all {
		b.settle(p, nil, false)
	}
	b.is(t, Degraded)
	b.time = b.time.Add(settleAfter)
	b.call(t, nil)
	b.is(t, Available)
	if want := []DatabaseState{Degraded, Away, Degraded, Available}; !slices.Equal(b.states, want) {
		t.Errorf("states were %v, want %v", b.states, want)
	}
	for _, line := range []string{"level=WARN msg=\"database is degraded\"", "level=ERROR msg=\"database is away\" err=", "level=INFO msg=\"database is back\" after=2s", "level=INFO msg=\"database is well\""} {
		if strings.Count(b.log.String(), line) != 1 {
			t.Errorf("not once in the log: %s\n%s", line, b.log.String())
		}
	}
}

func TestWhoWaitsForRoomIsLetInWhenThereIsSome(t *testing.T) {
	t.Parallel()
	b := newTestBreaker()
	b.breaks(t)
	b.time = b.time.Add(longest)
	b.call(t, nil)
	first, err := b.admit(t.Context())
	check(t, err)
	second := make(chan error)
	go func() {
		p, err := b.admit(t.Context())
		b.settle(p, nil, false)
		second <- err
	}()
	b.settle(first, nil, false)
	check(t, <-second)
	// A relapse sends away who waits.
	b.breaks(t)
	b.time = b.time.Add(2 * longest)
	b.call(t, nil)
	first, err = b.admit(t.Context())
	check(t, err)
	go func() { _, err := b.admit(t.Context()); second <- err }()
	b.settle(first, errSilent, false)
	if err := <-second; !errors.Is(err, ErrUnavailable) {
		t.Errorf("error is %v", err)
	}
	b.is(t, Away)
}

func TestADatabaseThatRefusesSomethingIsDegraded(t *testing.T) {
	t.Parallel()
	b := newTestBreaker()
	for range 10 {
		b.call(t, errReadOnly)
		b.call(t, nil)
	}
	b.is(t, Degraded)
	b.time = b.time.Add(settleAfter - 1)
	b.call(t, nil)
	b.is(t, Degraded)
	b.time = b.time.Add(1)
	b.call(t, ErrConflict)
	b.is(t, Available)
}

// While nobody listens, a thousand calls do not knock a thousand times.
func TestADatabaseThatRefusesConnectionsIsNotKnockedAt(t *testing.T) {
	t.Parallel()
	knocks, address := knockCounter(t)
	driver, err := openPostgres(t.Context(), Config{URL: "postgres://postgres@" + address + "/x?sslmode=disable"}.withDefaults(), false)
	check(t, err)
	t.Cleanup(driver.close)
	s := &Store{db: &database{driver: driver, clock: time.Now, log: slog.New(slog.DiscardHandler), queryTimeout: 5 * time.Second}}
	s.db.breaker = newBreaker(s.db.log, nil)
	began := time.Now()
	s.db.breaker.now = func() time.Time { return began } // no time passes, so nobody may try
	for range 1000 {
		if err := s.Ping(t.Context()); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("error is %v", err)
		}
	}
	if n := knocks.Load(); n < breakAfter || n > 3*breakAfter*connectTries {
		t.Errorf("%d connections", n)
	}
	if c := s.Condition(); c.State != Away || c.Cause == nil {
		t.Errorf("condition: %+v", c)
	}
}

// knockCounter closes every connection at once.
func knockCounter(t *testing.T) (*atomic.Int64, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { check(t, listener.Close()) })
	var knocks atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			knocks.Add(1)
			_ = conn.Close()
		}
	}()
	return &knocks, listener.Addr().String()
}

// A connection that is refused for now, as by a database that wakes up, is tried again before the call fails.
func TestAConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newTestBreaker()
	s := &Store{db: &database{log: slog.New(slog.DiscardHandler), queryTimeout: 5 * time.Second, breaker: b.breaker}}
	s.db.driver = &pgDriver{}
	for _, c := range []struct {
		err   error
		tries int
	}{
		{errNotConnected, connectTries},
		{errNoAnswer, 1}, // it may have been carried out
		{ErrConflict, 1},
	} {
		tries := 0
		err := s.outside(t.Context(), "x", func(context.Context) error { tries++; return c.err })
		if tries != c.tries || !errors.Is(err, c.err) {
			t.Errorf("%v: %d tries, %v", c.err, tries, err)
		}
	}
	tries := 0
	check(t, s.outside(t.Context(), "x", func(context.Context) error {
		if tries++; tries < connectTries {
			return errNotConnected
		}
		return nil
	}))
}
