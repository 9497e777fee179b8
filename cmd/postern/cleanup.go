package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/authflow/lockout"
	"github.com/posternhq/postern/authflow/ratelimit"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/sessionstore"
)

const (
	// cleanupGrace is how long expired rows are kept, for whoever looks into what happened.
	cleanupGrace = 24 * time.Hour
	// cleanupEvery is how often each replica looks. The database lets one at a time do it.
	cleanupEvery = time.Hour
	// cleanupBatch bounds one statement, so that it never holds locks for long.
	cleanupBatch = 1000
)

// cleanup removes what has expired a day ago, audit rows past their retention, rate limits whose window is over, what is known of sessions that are gone, and what every replica's cache has heard.
type cleanup struct {
	store     *sessionstore.Store
	audit     *audit.Recorder
	limits    *ratelimit.Counter
	lockout   *lockout.Lockout
	providers *social.ProviderSessions
	retention time.Duration // 0 keeps audit rows for ever
	logger    *slog.Logger
	now       func() time.Time
}

// run works until ctx ends. Replicas that start together do not work together: each waits for a time of its own first.
func (c *cleanup) run(ctx context.Context) error {
	wait := time.NewTimer(time.Minute + rand.N(5*time.Minute))
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
			c.once(ctx)
			wait.Reset(cleanupEvery - 5*time.Minute + rand.N(10*time.Minute))
		}
	}
}

func (c *cleanup) once(ctx context.Context) {
	sessions, verifications, err := c.expired(ctx)
	var events int64
	if err == nil && c.retention > 0 {
		events, err = c.batches(ctx, func() (int64, error) {
			return c.audit.DeleteBefore(ctx, c.now().Add(-c.retention), cleanupBatch)
		})
	}
	if err == nil {
		_, err = c.batches(ctx, func() (int64, error) { return c.limits.DeleteBefore(ctx, c.now().Add(-time.Minute), cleanupBatch) })
	}
	if err == nil {
		_, err = c.batches(ctx, func() (int64, error) { return c.lockout.DeleteBefore(ctx, c.now(), cleanupBatch) })
	}
	if err == nil {
		_, err = c.batches(ctx, func() (int64, error) { return c.providers.Tidy(ctx, cleanupBatch) })
	}
	if err == nil {
		err = c.store.TidyInvalidations(ctx)
	}
	switch {
	case ctx.Err() != nil: // shutting down; the next one goes on
	case err != nil:
		c.logger.LogAttrs(ctx, slog.LevelWarn, "cleanup stopped", slog.Any("err", err))
	case sessions+verifications+events > 0:
		c.logger.LogAttrs(ctx, slog.LevelInfo, "expired rows removed",
			slog.Int64("sessions", sessions), slog.Int64("verifications", verifications), slog.Int64("audit_events", events))
	}
}

func (c *cleanup) expired(ctx context.Context) (sessions, verifications int64, err error) {
	before := c.now().Add(-cleanupGrace)
	_, err = c.batches(ctx, func() (int64, error) {
		s, v, err := c.store.DeleteExpired(ctx, before, cleanupBatch)
		sessions, verifications = sessions+s, verifications+v
		return max(s, v), err
	})
	return sessions, verifications, err
}

// batches repeats remove while it removes whole batches.
func (c *cleanup) batches(ctx context.Context, remove func() (int64, error)) (total int64, err error) {
	for ctx.Err() == nil {
		n, err := remove()
		total += n
		if err != nil || n < cleanupBatch {
			return total, err
		}
	}
	return total, nil
}
