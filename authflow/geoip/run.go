package geoip

import (
	"context"
	"log/slog"
	"time"
)

// interval is how long a new file may go unnoticed, twice.
const interval = 30 * time.Second

// Run looks at the file now and then, until ctx ends.
func (d *Database) Run(ctx context.Context, logger *slog.Logger) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			changed, err := d.Reload()
			switch {
			case err != nil:
				logger.LogAttrs(ctx, slog.LevelError, "places not reloaded; the file before stays in use", slog.String("file", d.path), slog.Any("err", err))
			case changed:
				logger.LogAttrs(ctx, slog.LevelInfo, "places reloaded", slog.String("file", d.path))
			}
		}
	}
}
