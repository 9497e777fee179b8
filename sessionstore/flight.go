package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// flight is a look-up that is under way or waits for its turn. All who ask for the same token meanwhile share its answer. It
// belongs to none of them: it goes on when the caller who started it leaves.
type flight struct {
	key      TokenKey
	token    Token
	ctx      context.Context // of who started it, without its end
	done     chan struct{}
	identity *Identity // these two are set before done is closed
	err      error
	outdated bool // something changed since it started: its answer is not remembered
	begun    bool // the query is under way
}

// How look-ups share round trips. A query takes what has gathered since the last one left, so that a single look-up on an idle cache waits for
// nothing, and a thousand at once cost sixteen queries.
const (
	maxQueries = 4  // at once; more of them would only wait for connections
	maxBatch   = 64 // look-ups in one query

	// lanes for those who wait. Who was vouched for goes first; the others get what is left, and one in eight.
	maxVouched = 1 << 16
	maxUnknown = 1 << 11
)

// errCrowded says that so many tokens nobody vouches for are waiting to be looked up that one more would not get a turn.
var errCrowded = fmt.Errorf("find session: %w: too many unknown tokens are being looked up", ErrUnavailable)

// runway is where look-ups wait. It is guarded by Cache.mu.
type runway struct {
	vouched, unknown []*flight
	queries          int // under way
}

// take removes the next batch.
func (r *runway) take(most int) []*flight {
	reserved := min(len(r.unknown), max(most/8, 1))
	first := min(len(r.vouched), most)
	if most > 1 {
		first = min(first, most-reserved)
	}
	second := min(len(r.unknown), most-first)
	batch := make([]*flight, 0, first+second)
	batch = append(append(batch, r.vouched[:first]...), r.unknown[:second]...)
	r.vouched, r.unknown = r.vouched[first:], r.unknown[second:]
	if len(r.vouched) == 0 {
		r.vouched = nil // let the array go
	}
	if len(r.unknown) == 0 {
		r.unknown = nil
	}
	return batch
}

// join waits on the look-up that there is for the key, or puts one on the runway.
func (c *Cache) join(ctx context.Context, key TokenKey, look Lookup) *flight {
	if f, ok := c.flights[key]; ok {
		return f
	}
	f := &flight{key: key, token: look.Token, ctx: context.WithoutCancel(ctx), done: make(chan struct{})}
	vouched := look.Vouched || c.known.Contains(key)
	if vouched && len(c.runway.vouched) == maxVouched || !vouched && len(c.runway.unknown) == maxUnknown {
		f.err = errCrowded
		close(f.done)
		return f
	}
	c.flights[key] = f
	if vouched {
		c.runway.vouched = append(c.runway.vouched, f)
	} else {
		c.runway.unknown = append(c.runway.unknown, f)
	}
	if c.runway.queries < maxQueries {
		c.runway.queries++
		go c.fly()
	}
	return f
}

// fly makes queries until nobody waits.
func (c *Cache) fly() {
	for {
		c.mu.Lock()
		batch := c.runway.take(c.batch)
		if len(batch) == 0 {
			c.runway.queries--
			c.mu.Unlock()
			return
		}
		for _, f := range batch {
			f.begun = true
		}
		c.mu.Unlock()
		// The age counts from before the query: a row may change as soon as it was read.
		began := c.now()
		c.answer(batch)
		c.mu.Lock()
		for _, f := range batch {
			c.land(f, began)
		}
		c.mu.Unlock()
	}
}

// answer asks the database for a batch.
func (c *Cache) answer(batch []*flight) {
	if len(batch) == 1 {
		f := batch[0]
		f.identity, f.err = c.lookup(f.ctx, f.token)
		return
	}
	tokens := make([]Token, len(batch))
	for i, f := range batch {
		tokens[i] = f.token
	}
	began := time.Now()
	found, err := c.findMany(batch[0].ctx, tokens)
	c.observeLookup(time.Since(began))
	for _, f := range batch {
		switch f.identity = found[f.token]; {
		case err != nil:
			f.identity, f.err = nil, err
		case f.identity == nil:
			f.err = ErrNotFound
		}
	}
}

// land remembers the answer, unless something changed since the look-up started, and tells who waits for it.
func (c *Cache) land(f *flight, began time.Time) {
	if c.flights[f.key] == f {
		delete(c.flights, f.key)
	}
	switch {
	case errors.Is(f.err, ErrUnavailable):
		c.outage = c.now().Add(outagePause)
	case f.outdated:
	case errors.Is(f.err, ErrNotFound):
		c.drop(f.key)
		if c.config.NegativeTTL > 0 {
			c.unknown.Add(f.key, began.Add(c.config.NegativeTTL))
		}
	case f.err == nil:
		c.drop(f.key)
		c.remember(&entry{identity: f.identity, key: f.key, at: began})
	}
	close(f.done)
}

func (c *Cache) lookup(ctx context.Context, token Token) (*Identity, error) {
	began := time.Now()
	identity, err := c.find(ctx, token)
	c.observeLookup(time.Since(began))
	return identity, err
}

// outdate keeps the answer of a look-up from being remembered, and from being given to whoever asks from now on.
func (c *Cache) outdate(key TokenKey) {
	if f, ok := c.flights[key]; ok {
		f.outdated = true
		delete(c.flights, key)
	}
}

// wait returns the answer, unless the caller is gone before, which is their own affair, or has waited for as long as a query may take.
func (f *flight) wait(ctx context.Context, patience time.Duration) (*Identity, error) {
	select {
	case <-f.done:
		return f.identity, f.err
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-f.done:
		return f.identity, f.err
	case <-late.C:
		return nil, fmt.Errorf("find session: %w: no turn within %s", ErrUnavailable, patience)
	case <-ctx.Done():
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("find session: %w", err)
	}
	return nil, fmt.Errorf("find session: %w: %w", ErrUnavailable, ctx.Err())
}
