package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/config"
)

const (
	probeHTTP = "/probe/http"
	probeTCP  = "/probe/tcp"

	// applicationProbeTimeout is as long as an orchestrator's probe may reasonably take; the prober's own patience ends the request before.
	applicationProbeTimeout = 30 * time.Second
)

// probes ask the application for an orchestrator that cannot reach it: of a pod whose application listens for the pod alone. Nothing
// that the prober says goes on but the path, which must be one of those that are configured, and nothing of the answer but its status: this is no way around
// the proxy.
type probes struct {
	paths  []string
	base   string
	dial   func(ctx context.Context) (net.Conn, error)
	client *http.Client
}

// newProbes returns nil when there is nothing to pass on: no paths, or an application that is not spoken to in plain HTTP.
func newProbes(cfg config.Config) *probes {
	addresses := cfg.Proxy.Upstream.Addresses()
	if len(cfg.Server.ProbePaths) == 0 || len(addresses) == 0 {
		return nil
	}
	network, address, base := "tcp", "", "http://localhost"
	if path, ok := strings.CutPrefix(addresses[0], "unix:"); ok {
		network, address = "unix", path
	} else {
		u, err := url.Parse(addresses[0])
		if err != nil || u.Scheme != "http" {
			return nil
		}
		address, base = u.Host, "http://"+u.Host
		if u.Port() == "" {
			address = net.JoinHostPort(u.Hostname(), "80")
		}
	}
	p := &probes{paths: cfg.Server.ProbePaths, base: base, dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	p.client = &http.Client{
		Timeout: applicationProbeTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: true, // a probe is to find out whether a new connection is taken
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the prober takes it for success, as of the application itself
	}
	return p
}

func (p *probes) http(w http.ResponseWriter, r *http.Request) {
	target := strings.TrimPrefix(r.URL.RequestURI(), probeHTTP)
	if !slices.Contains(p.paths, target) {
		http.Error(w, "not one of server.probe_paths", http.StatusNotFound)
		return
	}
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.base+target, http.NoBody)
	if err != nil {
		http.Error(w, "not a path", http.StatusNotFound)
		return
	}
	ask.Header.Set("User-Agent", "postern-probe")
	resp, err := p.client.Do(ask)
	if err != nil {
		http.Error(w, "the application does not answer", http.StatusBadGateway)
		return
	}
	resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
}

func (p *probes) tcp(w http.ResponseWriter, r *http.Request) {
	conn, err := p.dial(r.Context())
	if err != nil {
		http.Error(w, "the application takes no connections", http.StatusBadGateway)
		return
	}
	_ = conn.Close() // it was opened, which is all that was asked
	w.WriteHeader(http.StatusNoContent)
}
