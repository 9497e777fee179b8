package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/pages"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/proxy/extauthz"
)

// generation is what one reading of the configuration made of the process. It never changes; a reload makes the next one, and
// requests that are under way are served by theirs to their end.
type generation struct {
	cfg   config.Config
	api   *api // the one of the generation before, where its settings have not changed
	proxy *proxy.Proxy
	trust *clientaddr.Trust // in those whom server.trusted_proxies names
	edge  *edge

	questions http.Handler         // of front ends at a listener of their own; nil without forward-auth
	extAuthz  *extauthz.Authorizer // those that come by gRPC
}

// newGeneration wires what a configuration describes. It starts nothing, and what runs knows nothing of it yet.
func (a *app) newGeneration(ctx context.Context, cfg config.Config, before *generation) (*generation, error) {
	g := &generation{cfg: cfg}
	var err error
	if g.trust, err = clientaddr.NewTrust(cfg.Server.TrustedProxies); err != nil {
		return nil, fmt.Errorf("server.trusted_proxies: %w", err)
	}
	shared, err := newCORS(cfg.Server.PublicURL, cfg.CORSOrigins())
	if err != nil {
		return nil, fmt.Errorf("cors.allowed_origins: %w", err)
	}
	if before != nil && sameAPI(before.cfg, cfg) {
		g.api = before.api
	} else if g.api, err = a.newAPI(ctx, cfg); err != nil {
		return nil, err
	}
	if g.proxy, err = a.newProxy(cfg, g.api); err != nil {
		return nil, err
	}
	var proxied http.Handler = g.proxy
	if a.extras.pages != nil {
		proxied = a.extras.pages(proxied)
	}
	if g.api.pages != nil {
		proxied = split(pages.Path, g.api.pages, proxied)
	}
	shared.handsOver = g.handsOverPreflight
	around := &edge{trust: g.trust, cors: shared, log: a.log, metrics: a.metrics, traces: a.extras.tracing.as(cfg.Telemetry)}
	g.edge = around.before(split(cfg.Auth.Core.BasePath, g.answerFrontEnds(around), proxied))
	return g, nil
}

func (a *app) newProxy(cfg config.Config, api *api) (*proxy.Proxy, error) {
	options, err := proxyOptions(cfg, api.core)
	if err != nil {
		return nil, err
	}
	options.ErrorPage = api.errorPage
	if api.assertions != nil {
		options.Assertions = api.assertions
	}
	options.RequestID, options.Client, options.ProviderTokens = requestID, clientOf, api.social
	if a.extras.tracing != nil {
		options.Tracer = spans{a.extras.tracing}
	}
	options.OwnCORS = leaveCORS
	options.Observe, options.Streams, options.UpstreamHealth = observeProxy, a.streams, a.upstreamHealth
	p, err := proxy.New(cfg.Proxy, api.core.Sessions, options)
	if err != nil {
		return nil, err
	}
	return p, p.LoadCertificates()
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
		SignInURL:      cfg.SignInURL(),
		NoApplication:  cfg.ForwardAuth.Enabled,
		AllowedReaders: readers.Trusted,
		AllowedOrigins: func(origin string) bool { return core.Origins.Trusted(origin) || readers.Trusted(origin) },
		TrustedOrigins: shown,

		ApplicationSpeaksCORS: cfg.CORS.HandledBy == "application",
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

// split sends what is below the base path to the API (or the pages), and all else to the proxy. The proxy refuses targets that could be read
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
