package audit

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Batch are the events of one seal, in order.
type Batch struct {
	Seal   int64  `json:"seal"`
	Hash   string `json:"hash"`
	Events []Row  `json:"events"`
}

// Sink is a system that events are streamed to.
type Sink interface {
	// Name tells sinks apart: each has a cursor of its own under it. The same system keeps its name.
	Name() string
	// Deliver returns nil once the system has the batch. A batch may come again.
	Deliver(ctx context.Context, b Batch) error
}

// Streamer hands sealed events to a sink, seal by seal: each at least once, in order, whatever fails in between. How far it has come is in the
// database, so that restarts lose nothing, and any number of replicas may run one: the others wait until the one that holds the cursor lets go of it.
type Streamer struct {
	recorder *Recorder
	sink     Sink
	holder   string
	observe  func(outcome string, behind int)
	failures int
}

const (
	holdFor      = time.Minute
	lookEvery    = 2 * time.Second
	firstRetry   = time.Second
	longestRetry = 2 * time.Minute
	deliverTime  = 20 * time.Second
)

// NewStreamer returns one. observe hears of each delivery ("delivered", "failed") and how many seals wait; nil: nobody does.
func NewStreamer(r *Recorder, sink Sink, observe func(outcome string, behind int)) *Streamer {
	if observe == nil {
		observe = func(string, int) {}
	}
	return &Streamer{recorder: r, sink: sink, holder: sessionstore.NewID(), observe: observe}
}

// Run streams until ctx ends.
func (s *Streamer) Run(ctx context.Context) error {
	wait := time.NewTimer(lookEvery)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
			_, err := s.Once(ctx)
			if err != nil && ctx.Err() == nil {
				s.recorder.logger.LogAttrs(ctx, slog.LevelWarn, "audit events wait to be delivered", slog.String("sink", s.sink.Name()), slog.Any("err", err))
			}
			wait.Reset(s.pause(err))
		}
	}
}

// pause grows while deliveries fail, with some chance in it, so that replicas of many installations do not come at once.
func (s *Streamer) pause(err error) time.Duration {
	if err == nil {
		s.failures = 0
		return lookEvery
	}
	s.failures++
	longest := min(firstRetry<<min(s.failures, 10), longestRetry)
	return longest/2 + rand.N(longest/2)
}

// Once delivers what waits, and says how many batches that were. Without the cursor it delivers nothing.
func (s *Streamer) Once(ctx context.Context) (delivered int, err error) {
	for {
		seal, mine, err := s.hold(ctx)
		if err != nil || !mine {
			return delivered, err
		}
		next, found, err := s.next(ctx, seal)
		if err != nil || !found {
			return delivered, err
		}
		if err := s.deliver(ctx, next); err != nil {
			return delivered, err
		}
		delivered++
	}
}

// hold takes the cursor, or keeps it, and says where it stands.
func (s *Streamer) hold(ctx context.Context) (at int64, mine bool, err error) {
	r := s.recorder
	now := r.options.Now()
	held, err := r.sql.Exec(ctx, r.store, "HoldCursor", s.sink.Name(), s.holder, now.Add(holdFor).UnixMilli(), now.UnixMilli())
	if err != nil || held == 0 {
		return 0, false, err
	}
	err = r.sql.Query(ctx, r.store, "FindCursor", []any{s.sink.Name()}, func(scan func(dest ...any) error) error { return scan(&at) })
	return at, err == nil, err
}

func (s *Streamer) next(ctx context.Context, after int64) (b Batch, found bool, err error) {
	r := s.recorder
	err = r.sql.Query(ctx, r.store, "SealsAfter", []any{after, 1}, func(scan func(dest ...any) error) error {
		next, err := scanSeal(scan)
		b.Seal, b.Hash, found = next.seq, next.hash, true
		return err
	})
	if err != nil || !found {
		return b, false, err
	}
	b.Events, err = r.rows(ctx, r.store, "OfSeal", b.Seal)
	return b, err == nil, err
}

// deliver moves the cursor once the sink has the batch. Should that fail, or the cursor be another's by now, the batch comes again.
func (s *Streamer) deliver(ctx context.Context, b Batch) error {
	r := s.recorder
	limited, cancel := context.WithTimeout(ctx, deliverTime)
	err := s.sink.Deliver(limited, b)
	cancel()
	if err != nil {
		s.observe("failed", s.behind(ctx))
		return fmt.Errorf("deliver seal %d: %w", b.Seal, err)
	}
	moved, err := r.sql.Exec(ctx, r.store, "MoveCursor", s.sink.Name(), s.holder, b.Seal, r.options.Now().Add(holdFor).UnixMilli())
	if err == nil && moved == 0 {
		err = fmt.Errorf("seal %d was delivered, but another replica delivers by now: it will come again", b.Seal)
	}
	s.observe("delivered", s.behind(ctx))
	return err
}

func (s *Streamer) behind(ctx context.Context) (n int) {
	r := s.recorder
	_ = r.sql.Query(ctx, r.store, "Undelivered", []any{s.sink.Name()}, func(scan func(dest ...any) error) error { return scan(&n) }) // a metric; 0 when unknown
	return n
}
