package sessionstore

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// listenPause bounds the pauses between attempts to listen again.
const listenPause = 30 * time.Second

// listen turns notifications into hints. It promises nothing: while it is cut off, polls find the same, up to an interval later.
func (h *Coherence) listen(ctx context.Context, hints chan<- struct{}) {
	if h.direct == "" {
		return
	}
	lost := false
	for pause := time.Second; ; pause = min(2*pause, listenPause) {
		began := time.Now()
		err := h.hear(ctx, hints, &lost)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > listenPause {
			pause = time.Second // it worked for a while
		}
		if !lost {
			lost = true
			h.log.LogAttrs(ctx, slog.LevelWarn, "notifications of changes do not arrive; they are found by polling alone",
				slog.Duration("poll_interval", h.config.PollInterval), slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// hear waits for notifications on a connection of its own until that breaks.
func (h *Coherence) hear(ctx context.Context, hints chan<- struct{}, lost *bool) error {
	cfg, err := pgx.ParseConfig(h.direct)
	if err != nil {
		return fmt.Errorf("read database URL: %w", err)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = h.cache.Store.db.queryTimeout
	}
	cfg.RuntimeParams["application_name"] = "postern listen"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN postern_invalidation"); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
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
			return fmt.Errorf("wait for notification: %w", err)
		}
	}
}
