package sessionstore

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pauses before attempts to listen again. The first is short, so that a connection that was cut, as poolers and firewalls do, is hardly missed.
const (
	listenSoon  = 20 * time.Millisecond
	listenPause = 30 * time.Second // at most
	// listenWorked is for how long a connection must have lasted for the next pause to be short again.
	listenWorked = time.Second
)

// listen turns notifications into hints. It promises nothing: while it is cut off, polls find the same, up to an interval later.
func (h *Coherence) listen(ctx context.Context, hints chan<- struct{}) {
	if h.direct == "" {
		return
	}
	lost := false
	for pause := listenSoon; ; pause = min(2*pause, listenPause) {
		heard, err := h.hear(ctx, hints, &lost)
		if ctx.Err() != nil {
			return
		}
		if heard > listenWorked {
			pause = listenSoon
		}
		if !lost {
			lost = true
			h.log.LogAttrs(ctx, slog.LevelWarn, "notifications of changes do not arrive; they are found by polling alone",
				slog.Duration("poll_interval", h.config.PollInterval), slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-h.again:
			pause = listenSoon
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// hear waits for notifications on a connection of its own until that breaks, and says for how long it did.
func (h *Coherence) hear(ctx context.Context, hints chan<- struct{}, lost *bool) (time.Duration, error) {
	cfg, err := pgx.ParseConfig(h.direct)
	if err != nil {
		return 0, fmt.Errorf("read database URL: %w", err)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = h.cache.Store.db.queryTimeout
	}
	cfg.RuntimeParams["application_name"] = "postern listen"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN postern_invalidation"); err != nil {
		return 0, fmt.Errorf("listen: %w", err)
	}
	began := time.Now()
	if *lost {
		*lost = false
		h.log.LogAttrs(ctx, slog.LevelInfo, "notifications of changes arrive again")
	}
	for {
		// What was notified before we listened is found by a poll now.
		select {
		case hints <- struct{}{}:
		default: // one is waiting already
		}
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return time.Since(began), fmt.Errorf("wait for notification: %w", err)
		}
	}
}
