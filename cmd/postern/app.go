package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/outbox"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/authflow/ratelimit"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/assertion"
	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/sessionstore"
)

// app is everything that runs, wired.
type app struct {
	cfg     config.Config
	log     *logs
	logger  *slog.Logger // that of log
	metrics *metrics
	store   *sessionstore.Cache
	proxy   *proxy.Proxy
	admin   *adminListener
	public  http.Handler
	trust   *clientaddr.Trust // in those whom server.trusted_proxies names

	certificates *certificates
	assertions   *assertion.Minter // nil when there are none
	background   []func(context.Context) error
}

// extras are what one way of running adds to another.
type extras struct {
	sender mail.Sender                     // instead of the configured one
	pages  func(http.Handler) http.Handler // stands before the proxy
}

// newApp opens the database and wires the packages. It starts nothing that needs stopping but the database's connections.
func newApp(ctx context.Context, cfg config.Config, log *logs, x extras) (*app, error) {
	a := &app{cfg: cfg, log: log, logger: log.Logger, metrics: newMetrics()}
	store, err := sessionstore.Open(ctx, cfg.Database, sessionstore.Options{Logger: log.Logger, Migrations: migrations(cfg)})
	if err != nil {
		return nil, err
	}
	a.store = sessionstore.NewCache(store, cfg.SessionCache, sessionstore.CacheOptions{
		Observe: a.metrics.cacheResult, ObserveLookup: a.metrics.cacheLookup, ObserveRenewal: a.metrics.renewed,
	})
	a.metrics.waitingRenewals(a.store.WaitingRenewals)
	a.background = append(a.background, a.store.WriteBehind)
	if err := a.keepInStep(); err != nil {
		store.Close()
		return nil, err
	}
	if err := a.wire(ctx, store, x); err != nil {
		store.Close()
		return nil, err
	}
	return a, nil
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

func (a *app) wire(ctx context.Context, store *sessionstore.Store, x extras) error {
	var err error
	if a.trust, err = clientaddr.NewTrust(a.cfg.Server.TrustedProxies); err != nil {
		return fmt.Errorf("server.trusted_proxies: %w", err)
	}
	if err := a.loadCertificates(); err != nil {
		return err
	}
	shared, err := newCORS(a.cfg.Server.PublicURL, a.cfg.CORSOrigins())
	if err != nil {
		return fmt.Errorf("cors.allowed_origins: %w", err)
	}
	flow, core, err := a.newFlow(store, x)
	if err != nil {
		return err
	}
	var api http.Handler = flow
	if a.cfg.Proxy.Identity.Assertion.Enabled {
		if err := a.newAssertions(ctx, store, core); err != nil {
			return err
		}
		api = withAssertionKeys(a.cfg.Auth.Core.BasePath, a.assertions, flow)
	}
	if a.proxy, err = a.newProxy(core); err != nil {
		return err
	}
	var proxied http.Handler = a.proxy
	if x.pages != nil {
		proxied = x.pages(proxied)
	}
	a.public = &edge{
		next:    split(a.cfg.Auth.Core.BasePath, secured(api, strings.HasPrefix(core.BaseURL, "https://")), proxied),
		trust:   a.trust,
		cors:    shared,
		log:     a.log,
		metrics: a.metrics,
	}
	a.admin = newAdmin(a.metrics, a.store.Ping)
	return nil
}

func (a *app) newFlow(store *sessionstore.Store, x extras) (*authflow.Flow, *authflow.Core, error) {
	recorder, err := audit.New(store, a.logger, audit.Options{Observe: a.metrics.event, Off: !a.cfg.Audit.Enabled})
	if err != nil {
		return nil, nil, err
	}
	sender := x.sender
	if sender == nil {
		if sender, err = mail.New(a.cfg.Mail, mail.Options{Logger: a.logger}); err != nil {
			return nil, nil, err
		}
	}
	letters, err := outbox.New(store, sender, outbox.Options{Logger: a.logger, Observe: a.metrics.mailOutcome})
	if err != nil {
		return nil, nil, err
	}
	counter, err := ratelimit.New(store, ratelimit.Options{Logger: a.logger, Alone: a.metrics.countsAlone})
	if err != nil {
		return nil, nil, err
	}
	core, err := authflow.NewCore(a.cfg.Auth.Core, authflow.Deps{
		Store:      a.store,
		Recorder:   recorder,
		Gates:      gates(),
		UserFields: a.store.UserFields(), SessionFields: a.store.SessionFields(),
		RateLimit: a.cfg.RateLimit,
		Counter:   counter,
		BaseURL:   a.cfg.Server.PublicURL,
		Logger:    a.logger,
		Client:    clientInfo,
		Observe:   observeAPI,
	})
	if err != nil {
		return nil, nil, err
	}
	pool := password.NewPool(a.cfg.Auth.EmailPassword, a.metrics.pool())
	atProviders, err := social.NewProviderSessions(store, time.Now)
	if err != nil {
		return nil, nil, err
	}
	clean := &cleanup{store: store, audit: recorder, limits: counter, providers: atProviders, retention: a.cfg.Audit.Retention, logger: a.logger, now: time.Now}
	a.background = append(a.background, letters.Run, pool.Run, clean.run)
	out := newEgress(a.cfg.Egress, a.logger, a.metrics.registry)
	features, err := rooms{core: core, store: a.store, outbox: letters, pool: pool, egress: out, atProviders: atProviders}.features(a.cfg)
	if err != nil {
		return nil, nil, err
	}
	flow, err := authflow.New(core, features...)
	return flow, core, err
}

func (a *app) newProxy(core *authflow.Core) (*proxy.Proxy, error) {
	options, err := proxyOptions(a.cfg, core)
	if err != nil {
		return nil, err
	}
	if a.assertions != nil {
		options.Assertions = a.assertions
	}
	options.RequestID, options.Client = requestID, clientOf
	options.Observe, options.Streams, options.UpstreamHealth = observeProxy, a.metrics.streamsOpen, a.upstreamHealth
	return proxy.New(a.cfg.Proxy, core.Sessions, options)
}

// proxyOptions are what the proxy is told by the other parts of the configuration. Who may read answers to requests with
// cookies gains nothing by making such requests, so the origins of CORS may act with the cookie as well.
func proxyOptions(cfg config.Config, core *authflow.Core) (proxy.Options, error) {
	readers, err := authflow.NewOrigins(core.BaseURL, cfg.CORSOrigins())
	if err != nil {
		return proxy.Options{}, fmt.Errorf("cors.allowed_origins: %w", err)
	}
	shown := append([]string{core.BaseURL}, cfg.Auth.Core.TrustedOrigins...)
	for _, origin := range cfg.CORS.AllowedOrigins {
		if !slices.Contains(shown, origin) {
			shown = append(shown, origin)
		}
	}
	return proxy.Options{
		PublicURL:      core.BaseURL,
		SignInURL:      cfg.Auth.Core.SignInURL,
		AllowedOrigins: func(origin string) bool { return core.Origins.Trusted(origin) || readers.Trusted(origin) },
		TrustedOrigins: shown,
	}, nil
}

// upstreamHealth tells that one of several addresses of an application is left out, or back.
func (a *app) upstreamHealth(address string, well bool) {
	a.metrics.upstreamHealth(address, well)
	if well {
		a.logger.LogAttrs(context.Background(), slog.LevelInfo, "upstream back", slog.String("upstream", address))
		return
	}
	a.logger.LogAttrs(context.Background(), slog.LevelWarn, "upstream left out after failures", slog.String("upstream", address))
}

// split sends what is below the base path to the API, and all else to the proxy. The proxy refuses targets that could be read
// in two ways, so nothing that a backend would take for the API's can slip past it, nor the other way round.
func split(basePath string, api, proxied http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isBelow(basePath, r.URL.Path) {
			api.ServeHTTP(w, r)
			return
		}
		proxied.ServeHTTP(w, r)
	})
}

func isBelow(basePath, path string) bool {
	return strings.HasPrefix(path, basePath) && (len(path) == len(basePath) || path[len(basePath)] == '/')
}

// start runs what works in the background. The returned function ends it and waits.
func (a *app) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, work := range a.background {
		running.Go(func() {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				a.logger.LogAttrs(ctx, slog.LevelError, "background work ended", slog.Any("err", err))
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
	a.proxy.Close()
	a.store.Close()
}
