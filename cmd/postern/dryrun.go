package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/sessionstore"
)

// dryRun is a proxy as serve would have it, which sends nothing and changes nothing.
type dryRun struct {
	cfg   config.Config
	core  *authflow.Core
	proxy *proxy.Proxy
}

// unset stands for addresses that a configuration need not have to be reasoned about, and says so where it is shown.
const unset = "http://%s.is-not-set.invalid"

// newDryRun wires what decides on requests. Without a store no session can be looked up.
func newDryRun(cfg config.Config, store *sessionstore.Store) (*dryRun, error) {
	if cfg.Server.PublicURL == "" {
		cfg.Server.PublicURL = fmt.Sprintf(unset, "server.public-url")
	}
	if cfg.Auth.Core.Secret == "" {
		cfg.Auth.Core.Secret = newRandomSecret()
	}
	if len(cfg.Proxy.Upstream.Addresses()) == 0 {
		cfg.Proxy.Upstream.URL = fmt.Sprintf(unset, "upstream.url")
	}
	core, err := authflow.NewCore(cfg.Auth.Core, authflow.Deps{Store: readOnly{store}, Recorder: noRecords{}, BaseURL: cfg.Server.PublicURL})
	if err != nil {
		return nil, err
	}
	options, err := proxyOptions(cfg, core)
	if err != nil {
		return nil, err
	}
	options.RequestID = func(*http.Request) string { return "(a new one)" }
	options.Client = func(r *http.Request) clientaddr.Client {
		scheme, _, _ := strings.Cut(core.BaseURL, "://")
		return clientaddr.Client{Addr: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Proto: scheme, Host: r.Host}
	}
	if cfg.Proxy.Identity.Assertion.Enabled {
		options.Assertions = unsigned{}
	}
	options.ProviderTokens = unfetched{}
	p, err := proxy.New(cfg.Proxy, core.Sessions, options)
	if err != nil {
		return nil, err
	}
	return &dryRun{cfg: cfg, core: core, proxy: p}, nil
}

// answersItself tells whether the auth API answers a request, and no route is consulted.
func (d *dryRun) answersItself(r *http.Request) bool {
	return isBelow(d.cfg.Auth.Core.BasePath, r.URL.Path)
}

// request makes a request out of its parts, by the parser that the server has. A target may be a whole URL.
func (d *dryRun) request(method, target, host string, header []string) (*http.Request, error) {
	for _, scheme := range []string{"http://", "https://"} {
		if rest, ok := strings.CutPrefix(target, scheme); ok {
			var path string
			host, path, _ = strings.Cut(rest, "/")
			target = "/" + path
		}
	}
	if host == "" {
		u, err := url.Parse(d.core.BaseURL)
		if err != nil {
			return nil, fmt.Errorf("server.public_url: %w", err)
		}
		host = u.Host
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, host)
	for _, line := range header {
		if strings.ContainsAny(line, "\r\n") || !strings.Contains(line, ":") {
			return nil, fmt.Errorf("%q is not a header; write Name: value", line)
		}
		text.WriteString(line + "\r\n")
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text.String() + "\r\n")))
	if err != nil {
		return nil, fmt.Errorf("the server answers 400 before any rule: %w", err)
	}
	r.RemoteAddr = net.JoinHostPort("127.0.0.1", "1")
	return r, nil
}

// signedIn is a request's header line for somebody who is signed in, so that what belongs to the credential (it is concealed,
// and asks for the right Origin) is a part of what is found out.
func (d *dryRun) signedIn(byBearer bool) string {
	if byBearer {
		return "Authorization: Bearer session-of-an-example"
	}
	return "Cookie: " + d.cfg.Auth.Core.Cookie.Prefix + ".session_token=session-of-an-example"
}

// openForReading opens the configured database if it is there and up to date.
func openForReading(ctx context.Context, cfg config.Config) (*sessionstore.Store, error) {
	if cfg.Database.URL == "" {
		if _, err := os.Stat(cfg.Database.Path); err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
	}
	cfg.Database.ConnectTimeout = probeTimeout
	report, err := sessionstore.Status(ctx, cfg.Database, migrations(cfg))
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := report.Err(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return sessionstore.Open(ctx, cfg.Database, sessionstore.Options{Migrations: migrations(cfg)})
}

// readOnly finds sessions and changes none: what asks what would happen must not make it happen. Without a store it knows none.
type readOnly struct{ store *sessionstore.Store }

var errReadOnly = errors.New("nothing is changed here")

func (o readOnly) Find(ctx context.Context, look sessionstore.Lookup) (*sessionstore.Identity, error) {
	if o.store == nil {
		return nil, sessionstore.ErrUnavailable
	}
	return o.store.FindSession(ctx, look.Token)
}

func (o readOnly) ReloadSession(ctx context.Context, token sessionstore.Token) (*sessionstore.Identity, error) {
	return o.Find(ctx, sessionstore.Lookup{Token: token})
}

func (readOnly) MayHaveEnded(sessionstore.Token, sessionstore.UserID, time.Time) bool { return true }

func (readOnly) Renew(*sessionstore.Identity, time.Time) *sessionstore.Identity { return nil }

func (readOnly) DeleteExpiredSession(context.Context, sessionstore.Token) (bool, error) {
	return false, errReadOnly
}

func (readOnly) InTx(context.Context, func(*sessionstore.Store) error) error { return errReadOnly }

// noRecords keeps no events, as none happen.
type noRecords struct{}

func (noRecords) Record(context.Context, *sessionstore.Store, authflow.Event) error { return nil }

// unfetched stands for the access tokens of providers, of which each user is taken to have all.
type unfetched struct{}

func (unfetched) AccessToken(_ context.Context, _ sessionstore.UserID, provider string) (string, error) {
	return fmt.Sprintf("(the user's access token at %s, if there is one)", provider), nil
}
