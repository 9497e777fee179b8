package ratelimit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/posternhq/postern/authflow"
)

// respite is between attempts while the database is away.
const respite = 5 * time.Second

var errAway = errors.New("database was away a moment ago")

// refill reports what was allowed without asking and asks for more, or goes by what is known here.
func (c *Counter) refill(ctx context.Context, key string, w *window, limit authflow.Limit, now time.Time) {
	n := asked(limit)
	var hits int
	var ends time.Time
	err := c.ask(ctx, now, func(ctx context.Context) error {
		return c.sql.Query(ctx, c.store, "Add", []any{key, w.unreported() + n, now, now.Add(limit.Window)},
			func(scan func(dest ...any) error) error { return scan(&hits, &ends) })
	})
	if err != nil {
		w.alone(limit)
		return
	}
	w.grant(n, hits, ends, limit)
}

// giveBack tells whether the database took note.
func (c *Counter) giveBack(ctx context.Context, key string, limit authflow.Limit, now time.Time) bool {
	return c.ask(ctx, now, func(ctx context.Context) error {
		_, err := c.sql.Exec(ctx, c.store, "Return", key, now, limit.Max)
		return err
	}) == nil
}

func (c *Counter) isCounted(ctx context.Context, key string, now time.Time) bool {
	found := false
	err := c.ask(ctx, now, func(ctx context.Context) error {
		return c.sql.Query(ctx, c.store, "Counted", []any{key, now}, func(func(dest ...any) error) error {
			found = true
			return nil
		})
	})
	return err == nil && found
}

// ask runs one statement unless the database was away a moment ago. It goes on when the client hangs up: whoever guesses
// passwords must not stay out of the count by that.
func (c *Counter) ask(ctx context.Context, now time.Time, do func(context.Context) error) error {
	may, trying := c.outage.mayAsk(now)
	if !may {
		return errAway
	}
	ctx = context.WithoutCancel(ctx) // the store bounds the time
	err := do(ctx)
	c.outage.heard(ctx, c.now(), trying, err)
	return err
}

// outage remembers whether the database is away.
type outage struct {
	logger *slog.Logger
	tell   func(bool)

	mu    sync.Mutex
	on    bool
	again time.Time // when to ask next
}

// mayAsk lets one statement in five seconds try while the database is away.
func (o *outage) mayAsk(now time.Time) (may, trying bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !o.on:
		return true, false
	case now.Before(o.again):
		return false, false
	}
	o.again = now.Add(respite)
	return true, true
}

// heard notes what became of a statement, and tells of the beginning and the end of an outage. Only one that was sent during the
// outage can end it: those that were under way when it began say nothing about it.
func (o *outage) heard(ctx context.Context, now time.Time, trying bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.again = now.Add(respite)
	}
	if o.on == (err != nil) || err == nil && !trying {
		return
	}
	if o.on = err != nil; o.on {
		o.logger.LogAttrs(ctx, slog.LevelWarn, "rate limits are counted by this replica alone", slog.Any("err", err))
	} else {
		o.logger.LogAttrs(ctx, slog.LevelInfo, "rate limits are shared again")
	}
	o.tell(o.on)
}
