package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/posternhq/postern/config"
)

// reloader puts another generation in the place of the present one when the configuration changes. It polls instead of asking
// the kernel for notifications: those are about names in folders, and do not come, or come for another file, where the file is
// behind links that are swapped (a ConfigMap), mounted by itself into a container, or on a network file system. A handful of
// small files are read in microseconds.
type reloader struct {
	app    *app
	hangup chan os.Signal
	loaded *config.Loaded // what runs
	files  watchedFiles
	told   string // the failure that was told last
}

// newReloader is for a configuration that was read this moment.
func newReloader(loaded *config.Loaded) *reloader {
	r := &reloader{loaded: loaded, files: watchedFiles{paths: loaded.Files()}}
	r.files.settle(r.files.digest())
	return r
}

// of says whose configuration it is, and takes over what SIGHUP means.
func (r *reloader) of(a *app) *reloader {
	r.app = a
	a.metrics.started()
	r.hangup = make(chan os.Signal, 1)
	signal.Notify(r.hangup, syscall.SIGHUP)
	return r
}

// run reloads on SIGHUP and when files have changed, until ctx ends.
func (r *reloader) run(ctx context.Context) error {
	defer signal.Stop(r.hangup)
	var look <-chan time.Time
	if every := r.app.cfg.Server.ReloadInterval; every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		look = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.hangup:
			_ = r.app.certificates.reload(ctx) // it is told
			r.reload(ctx, "signal")
		case <-look:
			if r.files.changed() {
				r.reload(ctx, "files")
			}
		}
	}
}

// reload makes the next generation and, when nothing at all is wrong with it, has it serve from then on.
func (r *reloader) reload(ctx context.Context, cause string) {
	read := r.files.digest()
	next, kept, err := r.loaded.Reload()
	var generation *generation
	if err == nil {
		generation, err = r.app.newGeneration(ctx, next.Config, r.app.current.Load())
	}
	if err != nil {
		r.files.watch(union(r.loaded.Files(), next.Files()), read) // mending may take any of them
		r.failed(ctx, cause, err)
		return
	}
	r.files.watch(next.Files(), read)
	r.app.replace(ctx, generation)
	r.loaded, r.told = next, ""
	r.succeeded(ctx, cause, kept)
}

// replace has the next generation serve whatever begins from now on, and ends what the one before did in the background.
func (a *app) replace(ctx context.Context, next *generation) {
	before := a.current.Load()
	if next.api != before.api {
		next.api.start(ctx, a.logger)
	}
	a.log.level.Set(next.cfg.Log.SlogLevel())
	a.metrics.forgetUpstreams() // the next generation knows nothing ill of any yet
	a.current.Store(next)
	before.proxy.Close()
	if next.api != before.api {
		before.api.stop()
	}
}

func (r *reloader) succeeded(ctx context.Context, cause string, kept []config.Problem) {
	log := r.app.logger
	for _, k := range kept {
		log.LogAttrs(ctx, slog.LevelWarn, "setting needs a restart", slog.String("key", k.Key), slog.String("origin", k.Origin), slog.Int("line", k.Line))
	}
	for _, w := range r.loaded.Config.Warnings(config.Serve) {
		log.LogAttrs(ctx, slog.LevelWarn, "unsafe setting", slog.String("key", w.Key), slog.String("problem", w.Message))
	}
	log.LogAttrs(ctx, slog.LevelInfo, "configuration reloaded", slog.String("cause", cause), slog.Int("routes", len(r.loaded.Config.Proxy.Routes)), slog.Int("needs_restart", len(kept)))
	r.app.metrics.reloaded(nil, len(kept))
	r.app.admin.configProblem.Store(nil)
}

// failed says what is wrong, one line for each mistake, and once for each state of the files. What is not the configuration's
// fault, as a database that is away, is tried again with each look.
func (r *reloader) failed(ctx context.Context, cause string, err error) {
	r.app.metrics.reloaded(err, 0)
	text := err.Error()
	r.app.admin.configProblem.Store(&text)
	var mistakes *config.Error
	if !errors.As(err, &mistakes) {
		mistakes = &config.Error{Problems: []config.Problem{{Message: text}}}
		r.files.retry()
		if r.told == text && cause == "files" {
			return
		}
	}
	r.told = text
	for _, p := range mistakes.Problems {
		r.app.logger.LogAttrs(ctx, slog.LevelError, "configuration not reloaded; the one before stays in use",
			slog.String("key", p.Key), slog.String("origin", p.Origin), slog.Int("line", p.Line), slog.String("problem", p.Message), slog.String("cause", cause))
	}
}
