package sessionstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache is a Store that answers FindSession from memory. Every other call goes to the Store, which tells the cache what
// changed. InTx hands out the Store itself: what a transaction reads is never remembered.
//
// How stale an answer may be: a change made through the same Store is seen at once. One made elsewhere is seen as soon as Coherence has
// read of it, and without it after TTL; StaleIfError later, by requests that change nothing, while the database is unavailable.
//
// Keys are SHA-256 sums, so the index holds no token; the sessions themselves do, as rows.
type Cache struct {
	*Store
	config        CacheConfig
	now           func() time.Time
	find          func(context.Context, Token) (*Identity, error)
	findMany      func(context.Context, []Token) (map[Token]*Identity, error)
	batch         int // look-ups in one query at most
	observe       func(result string)
	observeLookup func(time.Duration)

	observeRenewal func(outcome string, n int)
	ended          func()
	trace          func(context.Context) (context.Context, func(result string, err error)) // nil: nobody follows

	mu      sync.Mutex
	known   *simplelru.LRU[TokenKey, *entry]
	unknown *simplelru.LRU[TokenKey, time.Time] // until when
	byUser  map[UserID]*entry                   // head of the list of a user's entries
	flights map[TokenKey]*flight
	runway  runway
	outage  time.Time // until when stale entries are served without asking again
	endings *endings

	renewals renewals

	maxLag time.Duration // 0: nobody keeps the cache in step, and TTL alone bounds how stale it is
	step   time.Time     // all that others had changed by then is known
}

// CacheOptions are what NewCache takes besides settings. The zero value works.
type CacheOptions struct {
	Now           func() time.Time    // time.Now without one
	Observe       func(result string) // hears hit, miss, negative or stale, once for each FindSession
	ObserveLookup func(time.Duration) // hears how long each query took

	// Trace follows each look-up: it is called before, and what it returns is called after it with what Observe hears.
	Trace func(context.Context) (context.Context, func(result string, err error))
	// Ended is called when a session may have ended, here or elsewhere. It must not block, nor call the cache.
	Ended func()

	ObserveRenewal func(outcome string, n int) // hears written, superseded, expired, refused or failed, and of how many
}

// What Observe hears.
const (
	cacheHit      = "hit"
	cacheMiss     = "miss"
	cacheNegative = "negative"
	cacheStale    = "stale"
)

// outagePause is for how long stale entries are served without a query after one has shown the database to be unavailable.
// Otherwise a database that does not even refuse would hold every request up until the query times out.
const outagePause = time.Second

// entry is one remembered session. The entries of a user form a list, so that forgetting a user costs as much as they
// have sessions, instead of a walk over the whole cache.
type entry struct {
	identity   *Identity
	key        TokenKey
	at         time.Time
	next, prev *entry
}

// endedSince tells whether the session was alive when it was read, and is not any more.
func (e *entry) endedSince(now time.Time) bool {
	return !now.Before(e.identity.Session.ExpiresAt) && e.at.Before(e.identity.Session.ExpiresAt)
}

// NewCache returns a cache in front of the store, which it listens to from then on.
func NewCache(s *Store, cfg CacheConfig, o CacheOptions) *Cache {
	c := &Cache{
		Store: s, config: cfg, now: o.Now, find: s.FindSession, findMany: s.findSessions, batch: s.db.driver.batch(), observe: o.Observe, observeLookup: o.ObserveLookup,
		byUser: map[UserID]*entry{}, flights: map[TokenKey]*flight{},
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.observe == nil {
		c.observe = func(string) {}
	}
	if c.observeLookup == nil {
		c.observeLookup = func(time.Duration) {}
	}
	if c.observeRenewal = o.ObserveRenewal; c.observeRenewal == nil {
		c.observeRenewal = func(string, int) {}
	}
	c.trace = o.Trace
	if c.ended = o.Ended; c.ended == nil {
		c.ended = func() {}
	}
	c.renewals = renewals{waiting: map[TokenKey]Renewal{}, wake: make(chan struct{}, 1)}
	// NewLRU fails on sizes below one only; those turn the cache off and FindSession does not touch the lists.
	c.known, _ = simplelru.NewLRU(max(cfg.Size, 1), func(_ TokenKey, e *entry) { c.unlink(e) })
	// A list of its own, and a smaller one: a flood of invented tokens must not drive out those of users.
	c.unknown, _ = simplelru.NewLRU[TokenKey, time.Time](max(cfg.Size/8, 1), nil)
	c.endings = newEndings(c.now(), keptEndings)
	s.db.renewing = c.foresee
	s.watch(c.forget)
	return c
}

// Lookup is a question for a session.
type Lookup struct {
	Token Token
	// Vouched: the token came with a signature of ours, so there was such a session once. Look-ups of invented tokens, however many,
	// do not hold it up.
	Vouched bool
	// Current: the request may change something. While it can not be known what others have changed, memory is not enough for it, and
	// the database is asked; nor is an answer that would only do because the database is away.
	Current bool
}

// FindSession is Store.FindSession, from memory where possible. The Identity is shared by all who ask: treat it as immutable.
func (c *Cache) FindSession(ctx context.Context, token Token) (*Identity, error) {
	return c.Find(ctx, Lookup{Token: token})
}

// Find is FindSession for whoever knows more about the question.
func (c *Cache) Find(ctx context.Context, look Lookup) (*Identity, error) {
	if c.trace == nil {
		identity, result, err := c.search(ctx, look)
		c.observe(result)
		return identity, err
	}
	ctx, end := c.trace(ctx)
	identity, result, err := c.search(ctx, look)
	c.observe(result)
	end(result, err)
	return identity, err
}

// search also tells how it was found out.
func (c *Cache) search(ctx context.Context, look Lookup) (_ *Identity, result string, _ error) {
	if c.config.Size == 0 {
		identity, err := c.lookup(ctx, look.Token)
		return identity, cacheMiss, err
	}
	key := look.Token.Key()
	now := c.now()
	c.mu.Lock()
	if look.Current && c.outOfStep() {
		// A look-up that is under way may have read what was before.
		if f, ok := c.flights[key]; ok && f.begun {
			c.outdate(key)
		}
	} else if identity, result := c.recall(key, now, look.Current); result != "" {
		c.mu.Unlock()
		if identity == nil {
			return nil, result, ErrNotFound
		}
		return identity, result, nil
	}
	f := c.join(ctx, key, look)
	c.mu.Unlock()

	identity, err := f.wait(ctx, c.Store.db.queryTimeout)
	if errors.Is(err, ErrUnavailable) && !look.Current {
		if remembered := c.stale(key); remembered != nil {
			return remembered, cacheStale, nil
		}
	}
	return identity, cacheMiss, err
}

// ReloadSession is FindSession that asks the database, for when what is remembered may be outdated.
func (c *Cache) ReloadSession(ctx context.Context, token Token) (*Identity, error) {
	c.forget(change{token: token.Key()})
	return c.FindSession(ctx, token)
}

func (c *Cache) outOfStep() bool {
	return c.maxLag > 0 && c.now().Sub(c.step) > c.maxLag
}

// follow says that somebody will keep the cache in step, and for how long their last word holds.
func (c *Cache) follow(maxLag time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maxLag = maxLag
}

// inStep says that everything that others had changed by then has been forgotten.
func (c *Cache) inStep(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step = at
}

// Forget drops what is remembered about a token, for changes made by another process.
func (c *Cache) Forget(key TokenKey) { c.forget(change{token: key, ends: true}) }

// ForgetUser drops what is remembered about all sessions of a user, for changes made by another process.
func (c *Cache) ForgetUser(user UserID) { c.forget(change{user: user, ends: true}) }

// ForgetAll drops everything, for changes of which nobody knows what they were.
func (c *Cache) ForgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endings.forgot(c.now())
	c.ended()
	c.known.Purge()
	c.unknown.Purge()
	for key := range c.flights {
		c.outdate(key)
	}
}

// recall answers from memory. The result is empty when the database must be asked, and identity is nil for a token known
// to be unknown. Who may change something gets nothing that has outlived its TTL.
func (c *Cache) recall(key TokenKey, now time.Time, current bool) (*Identity, string) {
	if e, ok := c.known.Get(key); ok {
		switch age := now.Sub(e.at); {
		case e.endedSince(now):
			// Another replica may have renewed it.
		case age < c.config.TTL:
			return e.identity, cacheHit
		case !current && now.Before(c.outage) && age < c.config.TTL+c.config.StaleIfError:
			return e.identity, cacheStale
		}
		return nil, ""
	}
	if until, ok := c.unknown.Get(key); ok && now.Before(until) {
		return nil, cacheNegative
	}
	return nil, ""
}

// stale returns an entry that has outlived its TTL but may be served while the database is unavailable.
func (c *Cache) stale(key TokenKey) *Identity {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known.Peek(key); ok && now.Sub(e.at) < c.config.TTL+c.config.StaleIfError {
		return e.identity
	}
	return nil
}

// remember puts an entry in front of its user's list.
func (c *Cache) remember(e *entry) {
	user := e.identity.User.ID
	if head := c.byUser[user]; head != nil {
		e.next, head.prev = head, e
	}
	c.byUser[user] = e
	c.known.Add(e.key, e)
}

// unlink takes an entry out of its user's list. The LRU calls it for whatever leaves.
func (c *Cache) unlink(e *entry) {
	switch {
	case e.prev != nil:
		e.prev.next = e.next
	case e.next != nil:
		c.byUser[e.identity.User.ID] = e.next
	default:
		delete(c.byUser, e.identity.User.ID)
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
}

func (c *Cache) drop(key TokenKey) {
	c.known.Remove(key)
	c.unknown.Remove(key)
}

// forget hears of every change the store makes. Queries under way may have read what was there before: their answers reach
// only those who wait already, and whoever asks from now on starts a new one. Which user a query under way will find is not
// known, so a change of any user outdates them all; it costs a query, and only to those few.
func (c *Cache) forget(change change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if change.ends {
		c.endings.add(change, c.now())
		c.ended()
	}
	if change.token != (TokenKey{}) {
		if e, ok := c.known.Peek(change.token); !ok || change.renewed.IsZero() || !e.identity.Session.ExpiresAt.Equal(change.renewed) {
			c.drop(change.token)
		}
		c.outdate(change.token)
	}
	if change.user == "" {
		return
	}
	for e := c.byUser[change.user]; e != nil; e = c.byUser[change.user] {
		c.known.Remove(e.key)
	}
	for key := range c.flights {
		c.outdate(key)
	}
}
