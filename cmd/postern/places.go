package main

import (
	"context"
	"log/slog"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/geoip"
)

// openPlaces is nil when no file is named. A file that is not there yet, or is broken, is no reason to let nobody sign in: it is told, and taken
// once it can be used.
func (a *app) openPlaces() authflow.Locator {
	if a.cfg.GeoIP.File == "" {
		return nil
	}
	places, err := geoip.Open(a.cfg.GeoIP.File)
	if err != nil {
		a.logger.LogAttrs(context.Background(), slog.LevelError, "places not loaded; none are shown until the file can be used",
			slog.String("key", "geoip.file"), slog.Any("err", err))
	}
	a.background = append(a.background, func(ctx context.Context) error { return places.Run(ctx, a.logger) })
	return places
}
