package proxy

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posternhq/postern/sessionstore"
)

// SessionWatcher knows what has become of a session since somebody was let in by it.
type SessionWatcher interface {
	// Recheck returns the session as it is now, or nil when it has ended or its user gets none any more; an error when that
	// cannot be known.
	Recheck(ctx context.Context, identity *sessionstore.Identity) (*sessionstore.Identity, error)
	// MayHaveEnded tells whether the session could have been ended at that moment or later, as far as this process has
	// heard. It is asked often, and answers from memory.
	MayHaveEnded(identity *sessionstore.Identity, since time.Time) bool
}

// StreamOptions are what NewStreams may be told. All zero values work.
type StreamOptions struct {
	// Interval is how often all requests under way are looked at; 500ms by default. It is the longest time for which a
	// request is not held against its session, and bounds how late an ending is noticed that nobody told of by Wake.
	Interval time.Duration
	// Recheck is how often a session is asked for without cause; 30s by default.
	Recheck time.Duration
	// Grace is how long after the last answer a stream goes on while its session cannot be known; 90s by default.
	Grace time.Duration
	// Opened is called with 1 when a WebSocket or event stream opens and with -1 when it ends.
	Opened func(delta int)
	// Ended hears why a request was ended before its time.
	Ended func(Ending)
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

// Streams knows all requests that are under way, and ends those whose session ends (users-ask 37). It
// outlives the Proxy: a reload makes a new one of these, and streams go on.
//
// What a request costs is to be put into a list and taken out again. It is held against its session when it is still there
// after an interval, so that short requests pay for nothing more.
type Streams struct {
	sessions SessionWatcher // nil: nothing is ended
	options  StreamOptions
	shards   [streamShards]streamShard
	wake     chan struct{}
	closing  sync.WaitGroup
}

// streamShards keeps requests from waiting for each other at one lock.
const streamShards = 16

// streamShard is a list, since that needs no memory but what the exchanges have.
type streamShard struct {
	mu    sync.Mutex
	first *exchange
	_     [48]byte // not in another's cache line
}

// watch is what Streams notes of an exchange. Its shard's lock guards what changes, but for what only Run touches.
type watch struct {
	shard      *streamShard // set once; nil when the exchange is not watched
	gone       bool         // it is over
	next, prev *exchange
	tunnel     *tunnel // nil when it is none

	seen    bool // Run only, as what follows
	checked time.Time
	expires time.Time
}

// NewStreams begins to watch when Run is called.
func NewStreams(sessions SessionWatcher, o StreamOptions) *Streams {
	if o.Interval == 0 {
		o.Interval = 500 * time.Millisecond
	}
	if o.Recheck == 0 {
		o.Recheck = 30 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 90 * time.Second
	}
	if o.Opened == nil {
		o.Opened = func(int) {}
	}
	if o.Ended == nil {
		o.Ended = func(Ending) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Streams{sessions: sessions, options: o, wake: make(chan struct{}, 1)}
}

// Wake says that some session may have ended. It never blocks.
func (s *Streams) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// wakePause is how long endings are gathered, so that a thousand of them at once cost a few looks.
const wakePause = 20 * time.Millisecond

// Run watches until ctx ends.
func (s *Streams) Run(ctx context.Context) error {
	defer s.closing.Wait()
	tick := time.NewTicker(s.options.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.look(ctx, true)
		case <-s.wake:
			time.Sleep(wakePause)
			s.look(ctx, false)
		}
	}
}

// add takes note of an exchange until remove is called.
func (s *Streams) add(x *exchange) {
	shard := &s.shards[rand.Uint32()%streamShards]
	shard.mu.Lock()
	x.watch.shard, x.watch.next = shard, shard.first
	if shard.first != nil {
		shard.first.watch.prev = x
	}
	shard.first = x
	shard.mu.Unlock()
}

func (s *Streams) remove(x *exchange) {
	w := &x.watch
	shard := w.shard
	shard.mu.Lock()
	if w.prev != nil {
		w.prev.watch.next = w.next
	} else {
		shard.first = w.next
	}
	if w.next != nil {
		w.next.watch.prev = w.prev
	}
	w.gone, w.next, w.prev = true, nil, nil
	shard.mu.Unlock()
}

// each calls do for all exchanges, while none of them can leave.
func (s *Streams) each(do func(*exchange)) {
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		for x := shard.first; x != nil; x = x.watch.next {
			do(x)
		}
		shard.mu.Unlock()
	}
}

// maxRechecks is how many sessions are asked for at once. They share queries (sessionstore.Cache).
const maxRechecks = 64

// look finds the exchanges whose sessions have to be asked for. With first, those count that have not been looked at yet: whether
// their sessions ended between having been resolved and now is not known.
func (s *Streams) look(ctx context.Context, first bool) {
	if s.sessions == nil {
		return
	}
	now := s.options.Now()
	var due []*exchange
	s.each(func(x *exchange) {
		switch w := &x.watch; {
		case x.ending() != goesOn:
			s.cut(x) // again: net/http may have taken the deadline back in the meantime
		case x.decision.Identity == nil:
		case !w.seen:
			if first {
				w.seen, w.checked = true, now
				due = append(due, x)
			}
		case !now.Before(w.expires), now.Sub(w.checked) >= s.options.Recheck, s.sessions.MayHaveEnded(x.decision.Identity, w.checked):
			due = append(due, x)
		}
	})
	var away atomic.Bool // whom to ask; then the others are not asked for, or this look would last for as many time-outs
	var group errgroup.Group
	group.SetLimit(maxRechecks)
	for _, x := range due {
		group.Go(func() error {
			s.recheck(ctx, x, &away)
			return nil
		})
	}
	_ = group.Wait() // nothing fails
}

var errAway = errors.New("sessions cannot be asked for")

func (s *Streams) recheck(ctx context.Context, x *exchange, away *atomic.Bool) {
	began, w := s.options.Now(), &x.watch
	identity, err := (*sessionstore.Identity)(nil), errAway
	if !away.Load() {
		if identity, err = s.sessions.Recheck(ctx, x.decision.Identity); err != nil {
			away.Store(true)
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
	case err != nil:
		if began.Sub(w.checked) >= s.options.Grace {
			s.end(x, SessionUnknown)
		}
	case identity == nil:
		s.end(x, SessionEnded)
	case !x.allows(identity):
		s.end(x, NoLongerAllowed)
	default:
		w.checked, w.expires = began, identity.Session.ExpiresAt
	}
}

// allows decides again, by the rules that the exchange met, on who the user has become. How old the session may be was a
// question of its beginning.
func (x *exchange) allows(identity *sessionstore.Identity) bool {
	again := Asking{Identity: identity, Path: x.target.path}
	return Decide(x.rule, again).Action == Forward && (x.also == nil || Decide(x.also, again).Action == Forward)
}

// Drain waits for tunnels, of which net/http does not know when it lets requests finish. When ctx ends it ends all that is still
// under way, and returns how much that was once the clients have been told.
func (s *Streams) Drain(ctx context.Context) (ended int) {
	tunnels := func() (n int) {
		s.each(func(x *exchange) {
			if x.watch.tunnel != nil {
				n++
			}
		})
		return n
	}
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for tunnels() > 0 && ctx.Err() == nil {
		select {
		case <-poll.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() == nil {
		return 0
	}
	s.each(func(x *exchange) {
		ended++
		s.markEnded(x, Draining)
	})
	for patience := goodbyeTime + goodbyeTime/2; tunnels() > 0 && patience > 0; patience -= drainPoll {
		<-poll.C
	}
	return ended
}

const drainPoll = 50 * time.Millisecond

func (s *Streams) end(x *exchange, why Ending) {
	x.watch.shard.mu.Lock()
	defer x.watch.shard.mu.Unlock()
	if !x.watch.gone {
		s.markEnded(x, why)
	}
}

// markEnded needs the shard's lock.
func (s *Streams) markEnded(x *exchange, why Ending) {
	if x.endedBy.CompareAndSwap(int32(goesOn), int32(why)) {
		s.options.Ended(why)
	}
	s.cut(x)
}

// tunnelOpened takes over the connection of a WebSocket.
func (s *Streams) tunnelOpened(x *exchange, t *tunnel) {
	shard := x.watch.shard
	shard.mu.Lock()
	defer shard.mu.Unlock()
	x.watch.tunnel = t
	if x.ending() != goesOn {
		s.cut(x)
	}
}
