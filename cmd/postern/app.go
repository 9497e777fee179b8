package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/sessionstore"
)

// app is what lasts as long as the process, whatever becomes of its configuration. What does not is a generation.
type app struct {
	cfg     config.Config // that the process was started with: what needs a restart is read from here
	log     *logs
	logger  *slog.Logger // that of log
	metrics *metrics
	store   *sessionstore.Cache
	lasting *lasting
	streams *proxy.Streams
	admin   *adminListener
	extras  extras
	health  *healthGauge

	certificates *certificates
	current      atomic.Pointer[generation]
	background   []func(context.Context) error
}

// extras are what one way of running adds to another.
type extras struct {
	sender mail.Sender                     // instead of the configured one
	pages  func(http.Handler) http.Handler // stands before the proxy

	tracing *tracing // nil for none
}

// newApp opens the database and wires the packages. It starts nothing that needs stopping but the database's connections.
func newApp(ctx context.Context, cfg config.Config, log *logs, x extras) (*app, error) {
	a := &app{cfg: cfg, log: log, logger: log.Logger, metrics: newMetrics(), extras: x}
	a.health = newHealthGauge(a)
	options := sessionstore.Options{Logger: log.Logger, Migrations: migrations(cfg), ObserveDatabase: a.metrics.databaseCondition}
	cacheOptions := sessionstore.CacheOptions{Observe: a.metrics.cacheResult, ObserveLookup: a.metrics.cacheLookup, ObserveRenewal: a.metrics.renewed}
	if x.tracing != nil {
		options.Trace, cacheOptions.Trace = spans{x.tracing}.query, spans{x.tracing}.lookup
	}
	store, err := sessionstore.Open(ctx, cfg.Database, options)
	if err != nil {
		return nil, err
	}
	a.streams = a.newStreams()
	a.background = append(a.background, a.streams.Run)
	cacheOptions.Ended = a.streams.Wake
	a.store = sessionstore.NewCache(store, cfg.SessionCache, cacheOptions)
	a.metrics.waitingRenewals(a.store.WaitingRenewals)
	a.background = append(a.background, a.store.WriteBehind)
	if err := a.wire(ctx); err != nil {
		store.Close()
		return nil, err
	}
	return a, nil
}

func (a *app) wire(ctx context.Context) (err error) {
	if err := a.keepInStep(); err != nil {
		return err
	}
	if err := a.loadCertificates(); err != nil {
		return err
	}
	if err := a.last(); err != nil {
		return err
	}
	first, err := a.newGeneration(ctx, a.cfg, nil)
	if err != nil {
		return err
	}
	a.current.Store(first)
	a.admin = newAdmin(a.metrics, a.store)
	a.admin.passOn(newProbes(a.cfg))
	return nil
}

// keepInStep has the cache hear of what others change in the database.
func (a *app) keepInStep() error {
	coherence, err := sessionstore.NewCoherence(a.store, a.cfg.Database, sessionstore.CoherenceOptions{
		Logger: a.logger, Observe: a.metrics.invalidated, ObservePoll: a.metrics.invalidationPoll, ObserveClock: a.metrics.clockOffset,
	})
	if err == nil && coherence != nil {
		a.background = append(a.background, coherence.Run)
	}
	return err
}

// ServeHTTP is the public listener's: each request is served to its end by the generation that it met.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.current.Load().edge.ServeHTTP(w, r)
}

// start runs what works in the background. The returned function ends it and waits.
func (a *app) start(ctx context.Context) (stop func()) {
	a.current.Load().api.start(ctx, a.logger)
	stopRest := startAll(ctx, a.logger, a.background)
	return func() {
		stopRest() // from here on nobody reloads
		a.current.Load().api.stop()
	}
}

// startAll runs works until they end or the returned function is called, which waits for them.
func startAll(ctx context.Context, logger *slog.Logger, works []func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, work := range works {
		running.Go(func() {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				logger.LogAttrs(ctx, slog.LevelError, "background work ended", slog.Any("err", err))
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// close gives back what newApp took.
func (a *app) close() {
	a.current.Load().proxy.Close()
	a.store.Close()
}
