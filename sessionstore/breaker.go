package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// DatabaseState is how the database is doing.
type DatabaseState string

// The states of a database.
const (
	Available DatabaseState = "ok"       // it answers
	Degraded  DatabaseState = "degraded" // it fails some calls, or has come back just now
	Away      DatabaseState = "away"     // it does not answer, and is asked by one call at a time only
)

// DatabaseStates are all there are.
func DatabaseStates() []DatabaseState { return []DatabaseState{Available, Degraded, Away} }

// Condition is a state, since when, and the last error on the way there.
type Condition struct {
	State DatabaseState
	Since time.Time
	Cause error
}

const (
	breakAfter  = 3                      // failures in a row
	firstPause  = 100 * time.Millisecond // before the first probe of a database that is away
	longest     = 2 * time.Second        // pause between probes, and for how long one may take
	fullLoad    = 16                     // calls at once that end the careful beginning after an outage
	settleAfter = 5 * time.Second        // without trouble, until a database that was degraded is not
)

// breaker keeps calls from a database that does not answer: each would wait until it times out, and all would come down upon it together
// once it is back. While it is away one call at a time tries, after pauses that grow and are drawn at random, and all others are
// refused at once. The first that succeeds lets one in, then two, then four, until there is no need to count any more.
//
// Calls are counted as failures in a row, so a database that is merely slow for some is never away.
type breaker struct {
	log     *slog.Logger
	observe func(Condition)
	now     func() time.Time

	mu       sync.Mutex
	current  Condition
	failures int // in a row

	trouble time.Time     // the last
	pause   time.Duration // while away: before the next probe
	next    time.Time     // and when that may be
	probing bool
	room    int           // after an outage: how many at once; 0: no limit
	running int           // of those that were counted
	freed   chan struct{} // closed when somebody who waits for room should look again
}

func newBreaker(log *slog.Logger, observe func(Condition)) *breaker {
	b := &breaker{log: log, observe: observe, now: time.Now, freed: make(chan struct{})}
	if b.observe == nil {
		b.observe = func(Condition) {}
	}
	b.current = Condition{State: Available, Since: b.now()}
	return b
}

// pass is the permission to make a call. It is given back by breaker.settle.
type pass struct {
	probe   bool
	counted bool
}

// admit lets a call through or returns why not. In the careful time after an outage it waits for its turn.
func (b *breaker) admit(ctx context.Context) (pass, error) {
	for {
		p, wait, err := b.try()
		if wait == nil {
			return p, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return pass{}, fmt.Errorf("%w: it has come back just now, and others go first: %w", ErrUnavailable, ctx.Err())
		}
	}
}

// try is admit, but for the waiting: it returns what to wait for before the next try.
func (b *breaker) try() (p pass, wait <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.current.State == Away && (b.probing || b.now().Before(b.next)):
		return pass{}, nil, fmt.Errorf("%w for %s: %w", ErrUnavailable, b.now().Sub(b.current.Since).Round(time.Second/10), b.current.Cause)
	case b.current.State == Away:
		b.probing = true
		return pass{probe: true}, nil, nil
	case b.room == 0:
		return pass{}, nil, nil
	case b.running >= b.room:
		return pass{}, b.freed, nil
	}
	b.running++
	return pass{counted: true}, nil, nil
}

// settle hears how a call ended. Neutral says that its end proves nothing.
func (b *breaker) settle(p pass, err error, neutral bool) {
	b.mu.Lock()
	before := b.current
	if p.counted {
		b.running--
	}
	if p.probe {
		b.probing = false
	}
	switch {
	case neutral:
		if p.probe {
			b.next = b.now().Add(b.pause)
		}
	case errors.Is(err, errNoAnswer):
		b.failed(p, err)
	case errors.Is(err, errHampered):
		b.answered(p)
		b.turn(Degraded, err)
		b.trouble = b.now()
	default:
		b.answered(p)
	}
	close(b.freed)
	b.freed = make(chan struct{})
	after := b.current
	b.mu.Unlock()
	if after.State != before.State {
		b.tell(before, after)
	}
}

func (b *breaker) failed(p pass, err error) {
	b.failures++
	b.trouble = b.now()
	switch {
	case b.current.State == Away && !p.probe: // it began before
		return
	case b.failures < breakAfter && !p.probe && b.room == 0:
		b.turn(Degraded, err)
		return
	case b.current.State == Away:
		b.pause = min(2*b.pause, longest)
	default:
		b.pause = firstPause
	}
	b.current.Cause = err
	b.turn(Away, err)
	b.room = 0
	b.next = b.now().Add(b.pause/2 + rand.N(b.pause))
}

func (b *breaker) answered(p pass) {
	b.failures = 0
	switch {
	case p.probe:
		b.trouble = b.now()
		b.room = 1
		b.turn(Degraded, b.current.Cause)
	case p.counted && b.room > 0:
		if b.room *= 2; b.room >= fullLoad {
			b.room = 0
		}
	case b.current.State == Degraded && b.room == 0 && b.now().Sub(b.trouble) >= settleAfter:
		b.turn(Available, nil)
	}
}

func (b *breaker) turn(to DatabaseState, cause error) {
	if b.current.State != to {
		b.current = Condition{State: to, Since: b.now(), Cause: cause}
	}
}

func (b *breaker) tell(before, after Condition) {
	b.observe(after)
	was := slog.Duration("after", after.Since.Sub(before.Since).Round(time.Millisecond))
	switch {
	case after.State == Away:
		b.log.LogAttrs(context.Background(), slog.LevelError, "database is away", slog.Any("err", after.Cause))
	case before.State == Away:
		b.log.LogAttrs(context.Background(), slog.LevelInfo, "database is back", was)
	case after.State == Degraded:
		b.log.LogAttrs(context.Background(), slog.LevelWarn, "database is degraded", slog.Any("err", after.Cause))
	default:
		b.log.LogAttrs(context.Background(), slog.LevelInfo, "database is well", was)
	}
}

func (b *breaker) condition() Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current
}

// Condition tells how the database is doing, as far as calls have shown.
func (s *Store) Condition() Condition { return s.db.breaker.condition() }

// How often a connection is tried for one call, and how long to wait before the second time. A database that is waking up, or that has no
// connection left, may have one a moment later; nothing was sent, so any statement may be tried again.
const (
	connectTries = 3
	connectPause = 50 * time.Millisecond
)

// outside makes a call that belongs to no transaction.
func (s *Store) outside(ctx context.Context, what string, do func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, s.db.queryTimeout)
	p, err := s.db.breaker.admit(limited)
	cancel()
	switch {
	case errors.Is(ctx.Err(), context.Canceled) && err != nil:
		return fmt.Errorf("%s: %w", what, context.Canceled)
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	}
	settled := false
	defer func() {
		if !settled { // do panicked
			s.db.breaker.settle(p, nil, true)
		}
	}()
	err = s.bounded(ctx, what, func(ctx context.Context) error {
		if p.probe {
			patient, cancel := context.WithTimeout(ctx, longest)
			defer cancel()
			return s.noAnswer(patient, do(patient))
		}
		pause := connectPause
		for try := 1; ; try++ {
			err := do(ctx)
			if !errors.Is(err, errNotConnected) || try == connectTries || p.counted {
				return err
			}
			select {
			case <-ctx.Done():
				return err
			case <-time.After(pause/2 + rand.N(pause)):
			}
			pause *= 2
		}
	})
	settled = true
	s.db.breaker.settle(p, err, ctx.Err() != nil)
	return err
}

// within makes a call on a connection that a transaction has already.
func (s *Store) within(ctx context.Context, what string, do func(ctx context.Context) error) error {
	err := s.bounded(ctx, what, do)
	s.db.breaker.settle(pass{}, err, ctx.Err() != nil)
	return err
}

// noAnswer marks an error that came of waiting in vain. The embedded database waits for its own writers only.
func (s *Store) noAnswer(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || s.db.driver.dialect() == sqlite {
		return err
	}
	return fmt.Errorf("%w: %w", errNoAnswer, err)
}
