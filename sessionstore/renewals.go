package sessionstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

// Renewal moves the expiry of a session further away.
type Renewal struct {
	Token Token
	Was   time.Time // the expiry as it was read: a row that says anything else is left alone
	Until time.Time // the new expiry
	At    time.Time // when the session was used
}

// How renewals are written behind. They are as frequent as users are, and nobody waits for them: what is written a moment later is
// written with others, and once.
const (
	renewalPause = 100 * time.Millisecond // what comes within it shares a statement
	maxRenewals  = 10_000                 // that wait at most; whoever comes next is renewed by a later request
	renewalBatch = 256                    // in one statement
)

// What ObserveRenewal hears.
const (
	renewalWritten    = "written"
	renewalSuperseded = "superseded" // the row is gone, or says something else than what was read
	renewalExpired    = "expired"    // the session ended before the database could be told
	renewalRefused    = "refused"    // too many wait, or the database is away: a later request tries again
	renewalFailed     = "failed"     // the database did not take it, and will not
)

// RenewSessions carries renewals out, each only if its row is there, has not expired, and has the expiry that was read: a session that
// was revoked stays so, and one that somebody has shortened stays short. It says whose were. A row that somebody else is changing at
// this moment is left to them.
func (s *Store) RenewSessions(ctx context.Context, renewals []Renewal) (renewed []Token, err error) {
	if s.db.driver.dialect() == sqlite {
		renewed, err = s.renewOneByOne(ctx, renewals)
	} else {
		renewed, err = s.renewTogether(ctx, renewals)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range renewals {
		if slices.Contains(renewed, r.Token) {
			s.changed(change{token: r.Token.Key(), renewed: r.Until})
		}
	}
	return renewed, nil
}

func (s *Store) renewTogether(ctx context.Context, renewals []Renewal) (renewed []Token, err error) {
	tokens, was, until, at := make([]string, len(renewals)), make([]time.Time, len(renewals)), make([]time.Time, len(renewals)), make([]time.Time, len(renewals))
	for i, r := range renewals {
		tokens[i], was[i], until[i], at[i] = string(r.Token), millis(r.Was), millis(r.Until), millis(r.At)
	}
	err = s.query(ctx, "RenewSessions", []any{tokens, was, until, at, s.now()}, func(scan scanFunc) error {
		var token Token
		err := scan(&token)
		renewed = append(renewed, token)
		return err
	})
	return renewed, err
}

func (s *Store) renewOneByOne(ctx context.Context, renewals []Renewal) (renewed []Token, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		for _, r := range renewals {
			n, err := tx.exec(ctx, "RenewSession", string(r.Token), r.Was, r.Until, r.At, s.now())
			if err != nil {
				return err
			}
			if n > 0 {
				renewed = append(renewed, r.Token)
			}
		}
		return nil
	})
	return renewed, err
}

// renewals are what memory knows and the database does not yet. They are guarded by Cache.mu.
type renewals struct {
	waiting map[TokenKey]Renewal
	wake    chan struct{}
}

// Renew extends a session in memory at once, and in the database soon after, by WriteBehind. It returns the session as it is from now on,
// or nil when there is no room, or the database is away: then the session is as good as it was, and the next request may try
// again. Of several renewals that come before the database has heard of the first, the first counts.
func (c *Cache) Renew(identity *Identity, until time.Time) *Identity {
	r := Renewal{Token: identity.Session.Token, Was: identity.Session.ExpiresAt, Until: millis(until), At: c.Store.now()}
	key := r.Token.Key()
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting, again := c.renewals.waiting[key]
	switch {
	case again:
		r = waiting
	case len(c.renewals.waiting) >= maxRenewals, c.now().Before(c.outage):
		c.observeRenewal(renewalRefused, 1)
		return nil
	default:
		c.renewals.waiting[key] = r
		select {
		case c.renewals.wake <- struct{}{}:
		default: // the writer is awake
		}
	}
	renewed := *identity // it is shared, and must not change
	renewed.Session.ExpiresAt, renewed.Session.UpdatedAt = r.Until, r.At
	if e, ok := c.known.Peek(key); ok && e.identity == identity {
		e.identity = &renewed
	}
	return &renewed
}

// foresee has a session that was read say what its row will say in a moment: whoever was told of a renewal must not read that there was none.
func (db *database) foresee(session *Session) {
	if db.renewing != nil {
		db.renewing(session)
	}
}

func (c *Cache) foresee(session *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.renewals.waiting) == 0 {
		return
	}
	r, waits := c.renewals.waiting[session.Token.Key()]
	if !waits || !r.Was.Equal(session.ExpiresAt) {
		return
	}
	session.ExpiresAt = r.Until
	if r.At.After(session.UpdatedAt) {
		session.UpdatedAt = r.At
	}
}

// WaitingRenewals is how many renewals the database has not heard of yet.
func (c *Cache) WaitingRenewals() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.renewals.waiting)
}

// WriteBehind writes renewals until ctx ends, and then what still waits.
func (c *Cache) WriteBehind(ctx context.Context) error {
	pause := renewalPause
	for {
		select {
		case <-ctx.Done():
			c.lastRenewals(ctx)
			return nil
		case <-c.renewals.wake:
		}
		select {
		case <-ctx.Done():
			c.lastRenewals(ctx)
			return nil
		case <-time.After(pause):
		}
		if err := c.WriteRenewals(ctx); err == nil || ctx.Err() != nil {
			pause = renewalPause
			continue
		}
		// The database is away, which others tell the world. What waits is written once it is back.
		pause = min(2*pause, 5*time.Second)/2 + rand.N(pause)
		select {
		case c.renewals.wake <- struct{}{}:
		default:
		}
	}
}

// lastRenewals is for the end of the process. What is lost if the database is away then is found to be due by the next request.
func (c *Cache) lastRenewals(ctx context.Context) {
	if err := c.WriteRenewals(context.WithoutCancel(ctx)); err != nil {
		c.Store.db.log.Warn("renewals of sessions are left to later requests", "count", c.WaitingRenewals(), "err", err)
	}
}

// WriteRenewals tells the database of all renewals that wait. An error says that it is away, and that they go on waiting.
func (c *Cache) WriteRenewals(ctx context.Context) error {
	for {
		batch := c.takeRenewals()
		if len(batch) == 0 {
			return nil
		}
		renewed, err := c.Store.RenewSessions(ctx, batch)
		if errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) {
			return err
		}
		c.settleRenewals(batch, renewed, err)
	}
}

// takeRenewals returns some of those that wait. They wait on until they are settled, so that nobody renews them once more.
func (c *Cache) takeRenewals() []Renewal {
	now := c.Store.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	batch := make([]Renewal, 0, min(len(c.renewals.waiting), renewalBatch))
	for key, r := range c.renewals.waiting {
		switch {
		case !now.Before(r.Was): // the row says that it is over, and that is not for us to change
			c.settleRenewal(key)
			c.observeRenewal(renewalExpired, 1)
		case len(batch) < renewalBatch:
			batch = append(batch, r)
		}
	}
	return batch
}

func (c *Cache) settleRenewals(batch []Renewal, renewed []Token, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, token := range renewed {
		delete(c.renewals.waiting, token.Key())
	}
	for _, r := range batch {
		if _, left := c.renewals.waiting[r.Token.Key()]; left {
			c.settleRenewal(r.Token.Key()) // memory is wrong: what is there now is to be read
		}
	}
	if err != nil {
		c.Store.db.log.Error("renewals of sessions were not taken", "err", err)
		c.observeRenewal(renewalFailed, len(batch))
		return
	}
	c.observeRenewal(renewalWritten, len(renewed))
	c.observeRenewal(renewalSuperseded, len(batch)-len(renewed))
}

func (c *Cache) settleRenewal(key TokenKey) {
	delete(c.renewals.waiting, key)
	c.drop(key)
	c.outdate(key)
}
