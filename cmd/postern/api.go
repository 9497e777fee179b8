package main

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/authflow/captcha"
	"github.com/posternhq/postern/authflow/lockout"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/outbox"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/authflow/ratelimit"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy/assertion"
)

// lasting is what the auth API keeps from one configuration to the next, because there must be one of it or because it
// remembers: whose turn it is to hash a password, how often a client has asked, which provider is not well.
type lasting struct {
	recorder    *audit.Recorder
	counter     *ratelimit.Counter
	lockout     *lockout.Lockout
	pool        *password.Pool
	atProviders *social.ProviderSessions
	egress      *egress.Client
	outside     *egress.Client
	places      authflow.Locator // nil without geoip.file
}

// last makes what lasts.
func (a *app) last() (err error) {
	store, l := a.store.Store, &lasting{}
	if l.recorder, err = newRecorder(a.cfg, store, a.logger, a.metrics.event); err != nil {
		return err
	}
	if l.counter, err = ratelimit.New(store, ratelimit.Options{Logger: a.logger, Alone: a.metrics.countsAlone}); err != nil {
		return err
	}
	if l.lockout, err = lockout.New(store, time.Now); err != nil {
		return err
	}
	if l.atProviders, err = social.NewProviderSessions(store, time.Now); err != nil {
		return err
	}
	l.pool = password.NewPool(a.cfg.Auth.EmailPassword, a.metrics.pool())
	l.egress, l.outside = newEgress(a.cfg.Egress, a.logger, a.metrics.registry)
	l.places = a.openPlaces()
	clean := &cleanup{store: store, audit: l.recorder, limits: l.counter, lockout: l.lockout, providers: l.atProviders, retention: a.cfg.Audit.Retention, logger: a.logger, now: time.Now}
	a.background = append(a.background, l.pool.Run, clean.run, a.lookAround)
	a.lasting = l
	works, err := a.auditWorks(l.recorder)
	a.background = append(a.background, works...)
	return err
}

// api is the auth API as one configuration has it.
type api struct {
	core       *authflow.Core
	flow       *authflow.Flow
	handler    http.Handler
	pages      http.Handler      // nil when there are none
	errorPage  errorPage         // likewise
	assertions *assertion.Minter // nil when there are none
	social     *social.Feature   // proxy.ProviderTokens, too
	background []func(context.Context) error
	stop       func()
}

// sameAPI tells whether two configurations make the same auth API. What else it depends on needs a restart.
func sameAPI(a, b config.Config) bool {
	return reflect.DeepEqual(a.Auth, b.Auth) && reflect.DeepEqual(a.Mail, b.Mail) && reflect.DeepEqual(a.RateLimit, b.RateLimit) &&
		a.Pages == b.Pages && a.Proxy.Identity.Assertion == b.Proxy.Identity.Assertion
}

func (a *app) newAPI(ctx context.Context, cfg config.Config) (*api, error) {
	n, err := a.newFlow(cfg)
	if err != nil {
		return nil, err
	}
	n.handler = n.flow
	if cfg.Proxy.Identity.Assertion.Enabled {
		if err := a.newAssertions(ctx, cfg, n); err != nil {
			return nil, err
		}
		n.handler = withAssertionKeys(cfg.Auth.Core.BasePath, n.assertions, n.handler)
	}
	https := strings.HasPrefix(n.core.BaseURL, "https://")
	n.handler = secured(n.handler, https)
	if cfg.Pages.Enabled {
		made, err := a.newPages(cfg, n)
		if err != nil {
			return nil, err
		}
		n.pages, n.errorPage = secured(made, https), showRefusal(made)
	}
	return n, nil
}

func (a *app) newFlow(cfg config.Config) (*api, error) {
	sender, err := a.extras.sender, error(nil)
	if sender == nil {
		if sender, err = mail.New(cfg.Mail, mail.Options{Logger: a.logger}); err != nil {
			return nil, err
		}
	}
	letters, err := outbox.New(a.store.Store, sender, outbox.Options{Logger: a.logger, Observe: a.metrics.mailOutcome})
	if err != nil {
		return nil, err
	}
	core, err := authflow.NewCore(cfg.Auth.Core, authflow.Deps{
		Store:      a.store,
		Recorder:   a.lasting.recorder,
		Gates:      gates(cfg),
		UserFields: a.store.UserFields(), SessionFields: a.store.SessionFields(),
		RateLimit: cfg.RateLimit,
		Counter:   a.lasting.counter,
		Lockout:   a.lasting.lockout,
		Challenge: a.challenge(cfg.Auth.Captcha),
		BaseURL:   cfg.Server.PublicURL,
		Logger:    a.logger,
		Landings:  landings(cfg),
		Places:    a.lasting.places,
		Client:    clientInfo,
		Observe:   observeAPI,
	})
	if err != nil {
		return nil, err
	}
	features, elsewhere, err := rooms{
		core: core, store: a.store, outbox: letters, pool: a.lasting.pool, egress: a.lasting.egress, atProviders: a.lasting.atProviders,
		outside: a.lasting.outside, metrics: a.metrics,
	}.features(cfg)
	if err != nil {
		return nil, err
	}
	flow, err := authflow.New(core, features...)
	return &api{core: core, flow: flow, social: elsewhere, background: []func(context.Context) error{letters.Run}}, err
}

// challenge is what some endpoints ask for, or nil.
func (a *app) challenge(cfg captcha.Config) authflow.Challenge {
	if !cfg.Enabled() {
		return nil
	}
	return captcha.New(cfg, a.lasting.outside.For("captcha"), a.logger)
}

// start runs what works in the background until stop is called.
func (n *api) start(ctx context.Context, logger *slog.Logger) {
	n.stop = startAll(context.WithoutCancel(ctx), logger, n.background)
}
