package sessionstore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// While the database is away, who may change something is not let in by what has outlived its ttl.
func TestOnlySafeRequestsAreServedStale(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	b.advance(31 * time.Second)
	b.setGate(func() error { return ErrUnavailable })
	for range 2 { // the second one while it is known that the database is away
		if _, err := b.Find(t.Context(), Lookup{Token: b.session.Token, Current: true}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("an unsafe request: %v", err)
		}
		if _, err := b.Find(t.Context(), Lookup{Token: b.session.Token}); err != nil {
			t.Errorf("a safe request: %v", err)
		}
	}
}

// Out of step, many who may change something share look-ups that begin after they have asked.
func TestOutOfStepLookUpsAreSharedWhenTheyBeginLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	found, err := b.Store.FindSession(t.Context(), b.session.Token)
	check(t, err)
	b.batch = 1
	b.follow(time.Second) // and nobody ever says that it is in step
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b.find = func(context.Context, Token) (*Identity, error) {
			b.queries.Add(1)
			<-release
			return found, nil
		}
		const callers = 50
		answers := make(chan error, callers)
		for i := range callers {
			go func() {
				_, err := b.Find(t.Context(), Lookup{Token: b.session.Token, Current: true})
				answers <- err
			}()
			if i < maxQueries {
				synctest.Wait() // each of them starts one: those before may have read too early
			}
		}
		synctest.Wait()
		close(release)
		for range callers {
			check(t, <-answers)
		}
	})
	if n := b.queries.Load(); n != maxQueries+1 {
		t.Errorf("%d queries, want %d", n, maxQueries+1)
	}
}
