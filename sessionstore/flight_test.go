package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// crowd is a cache whose queries the test answers one by one.
type crowd struct {
	*bench
	asked  chan []Token
	answer chan error
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{bench: newBench(t, usual), asked: make(chan []Token, 64), answer: make(chan error, 64)}
	query := func(tokens ...Token) (map[Token]*Identity, error) {
		c.asked <- tokens
		err := <-c.answer
		found := map[Token]*Identity{}
		for _, token := range tokens {
			if token[0] == 'k' {
				found[token] = &Identity{Session: Session{Token: token, ExpiresAt: c.time().Add(time.Hour)}, User: User{ID: "u"}}
			}
		}
		return found, err
	}
	c.batch = maxBatch
	c.find = func(_ context.Context, token Token) (*Identity, error) {
		found, err := query(token)
		if err == nil && found[token] == nil {
			err = ErrNotFound
		}
		return found[token], err
	}
	c.findMany = func(_ context.Context, tokens []Token) (map[Token]*Identity, error) { return query(tokens...) }
	return c
}

// go looks tokens up, each in a goroutine of its own, and returns when all of them wait.
func (c *crowd) look(t *testing.T, vouched bool, tokens ...Token) (results map[Token]error, wait func()) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	results = map[Token]error{}
	for _, token := range tokens {
		all.Go(func() {
			found, err := c.Find(t.Context(), Lookup{Token: token, Vouched: vouched})
			if err == nil && found.Session.Token != token {
				err = fmt.Errorf("%s got the session of %s", token, found.Session.Token)
			}
			mu.Lock()
			results[token] = err
			mu.Unlock()
		})
		eventually(t, "the look-up is there", func() bool {
			c.Cache.mu.Lock()
			defer c.Cache.mu.Unlock()
			_, flying := c.flights[token.Key()]
			return flying
		})
	}
	return results, all.Wait
}

// busy has as many queries under way as there may be, each for one token.
func (c *crowd) busy(t *testing.T) (wait func()) {
	t.Helper()
	var waits []func()
	for _, token := range named("k0-", maxQueries) {
		_, wait := c.look(t, true, token)
		if asked := <-c.asked; !slices.Equal(asked, []Token{token}) {
			t.Fatalf("asked for %v instead of %s", asked, token)
		}
		waits = append(waits, wait)
	}
	return func() {
		for _, wait := range waits {
			wait()
		}
	}
}

func named(prefix string, n int) []Token {
	tokens := make([]Token, n)
	for i := range tokens {
		tokens[i] = Token(fmt.Sprintf("%s%03d", prefix, i))
	}
	return tokens
}

func TestOneLookUpWaitsForNothing(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	results, wait := c.look(t, true, "known")
	if asked := <-c.asked; !slices.Equal(asked, []Token{"known"}) {
		t.Errorf("asked for %v", asked)
	}
	c.answer <- nil
	wait()
	if results["known"] != nil {
		t.Error(results["known"])
	}
}

// What comes while all queries are under way leaves together, and everybody gets their own answer.
func TestLookUpsThatWaitShareAQuery(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	waitFirst := c.busy(t)
	known, waitKnown := c.look(t, true, named("k1-", 40)...)
	unknown, waitUnknown := c.look(t, true, named("x1-", 20)...)
	c.answer <- nil
	if asked := <-c.asked; len(asked) != 60 {
		t.Errorf("%d of 60 share a query", len(asked))
	}
	for range maxQueries {
		c.answer <- nil
	}
	waitFirst()
	waitKnown()
	waitUnknown()
	for token, err := range known {
		if err != nil {
			t.Errorf("%s: %v", token, err)
		}
	}
	for token, err := range unknown {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", token, err)
		}
	}
	if _, err := c.FindSession(t.Context(), "k1-007"); err != nil || len(c.asked) > 0 {
		t.Errorf("the answer was not remembered: %v", err)
	}
}

func TestAQueryThatFailsFailsAllThatShareIt(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	waitFirst := c.busy(t)
	shared, wait := c.look(t, true, named("k1-", 10)...)
	c.answer <- nil
	<-c.asked
	c.answer <- ErrUnavailable
	for range maxQueries {
		c.answer <- nil
	}
	waitFirst()
	wait()
	failed := 0
	for _, err := range shared {
		if errors.Is(err, ErrUnavailable) {
			failed++
		}
	}
	// Which of the five queries got the error is open; if it was the shared one, all ten have it.
	if failed != 0 && failed != 10 {
		t.Errorf("%d of 10 failed", failed)
	}
}

// A flood of invented tokens waits behind everybody whose token we signed, and is turned away where it grows too long.
func TestInventedTokensDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	waitFirst := c.busy(t)
	for i := range maxUnknown {
		c.Cache.mu.Lock()
		c.join(t.Context(), Token(fmt.Sprint("x", i)).Key(), Lookup{Token: Token(fmt.Sprint("x", i))})
		c.Cache.mu.Unlock()
	}
	if _, err := c.FindSession(t.Context(), "one too many"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the flood goes on: %v", err)
	}
	_, waitVouched := c.look(t, true, named("k1-", 30)...)
	c.answer <- nil
	asked := <-c.asked
	if len(asked) != maxBatch || asked[0] != "k1-000" || asked[29] != "k1-029" || asked[30] != "x0" {
		t.Errorf("the next query asks for %d: %v", len(asked), asked)
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case c.answer <- nil:
			case <-c.asked:
			case <-done:
				return
			}
		}
	}()
	waitFirst()
	waitVouched()
	eventually(t, "the flood is over", func() bool {
		c.Cache.mu.Lock()
		defer c.Cache.mu.Unlock()
		return c.runway.queries == 0
	})
	close(done)
}

func TestTheFloodGetsATurnToo(t *testing.T) {
	t.Parallel()
	var r runway
	for i := range 1000 {
		r.vouched = append(r.vouched, &flight{token: Token(fmt.Sprint("k", i))})
	}
	r.unknown = []*flight{{token: "x"}}
	if batch := r.take(64); len(batch) != 64 || batch[63].token != "x" {
		t.Errorf("nobody of the flood among %d", len(batch))
	}
	if batch := r.take(1); len(batch) != 1 || batch[0].token != "k63" {
		t.Errorf("took %v", batch[0].token)
	}
}

func TestNobodyWaitsLongerThanAQueryMayTake(t *testing.T) {
	t.Parallel()
	f := &flight{done: make(chan struct{})}
	if _, err := f.wait(t.Context(), time.Millisecond); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}
