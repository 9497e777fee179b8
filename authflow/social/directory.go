package social

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/posternhq/postern/authflow/social/oidc"
)

// directory knows the configured providers.
type directory struct{ listings map[string]*listing }

// listing is one configured provider.
type listing struct {
	provider  *Provider
	client    *http.Client
	now       func() time.Time
	discovery *oidc.Discovery // nil where all endpoints are known

	mu    sync.Mutex
	said  oidc.Metadata // what live was made of
	alive *live         // nil until the provider was asked
}

// live is a provider that can be asked: its endpoints are known.
type live struct {
	*Provider
	client *http.Client
	now    func() time.Time

	idTokens     *oidc.Verifier // those of the token endpoint; nil where there are none
	sentIDTokens *oidc.Verifier // those that clients bring
}

func newDirectory(cfg Config, deps Deps) (*directory, error) {
	d := &directory{listings: map[string]*listing{}}
	for _, id := range slices.Sorted(maps.Keys(cfg)) {
		if !cfg[id].Enabled {
			continue
		}
		p, err := newProvider(id, cfg[id])
		if err != nil {
			return nil, fmt.Errorf("auth.social.%s: %w", id, err)
		}
		e := &listing{provider: p, client: deps.Egress.For(id), now: deps.Core.Now}
		if p.discovers {
			e.discovery = oidc.NewDiscovery(e.client, p.Issuer, deps.Core.Now)
		} else if e.alive, err = e.bring(p); err != nil {
			return nil, fmt.Errorf("auth.social.%s: %w", id, err)
		}
		d.listings[id] = e
	}
	return d, nil
}

func (d *directory) has(id string) bool { return d.listings[id] != nil }

// anyEndsSessions tells whether there is a provider at all that a browser might be sent to when it signs out.
func (d *directory) anyEndsSessions() bool {
	for _, e := range d.listings {
		if (e.provider.discovers || e.provider.EndSessionURL != "") && !e.provider.DisableProviderLogout {
			return true
		}
	}
	return false
}

// named is the id as it may be logged: what a request names may be anything.
func (d *directory) named(id string) string {
	if d.has(id) {
		return id
	}
	return "unknown"
}

// find returns nil for a provider that is not configured, and an error for one whose endpoints cannot be found out.
func (d *directory) find(ctx context.Context, id string) (*live, error) {
	e := d.listings[id]
	switch {
	case e == nil:
		return nil, nil
	case e.discovery == nil:
		return e.alive, nil
	}
	said, err := e.discovery.Metadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", id, err)
	}
	return e.from(said)
}

// from is the provider as its metadata has it. It stays the same while they do, since it keeps the provider's keys.
func (e *listing) from(said oidc.Metadata) (*live, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.alive != nil && reflect.DeepEqual(e.said, said) {
		return e.alive, nil
	}
	p := *e.provider
	if err := p.discover(said); err != nil {
		return nil, err
	}
	alive, err := e.bring(&p)
	if err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", p.Issuer, err)
	}
	e.said, e.alive = said, alive
	return alive, nil
}

// discover fills in what a provider says of itself. Settings win.
func (p *Provider) discover(said oidc.Metadata) error {
	for to, from := range map[*string]string{
		&p.AuthorizationURL: said.AuthorizationEndpoint, &p.TokenURL: said.TokenEndpoint, &p.UserInfoURL: said.UserInfoEndpoint, &p.JWKSURL: said.JWKSURI,
		&p.EndSessionURL: said.EndSessionEndpoint,
	} {
		if *to == "" {
			*to = from
		}
	}
	p.AnnouncesIssuer = said.AnnouncesIssuer
	rules := *p.IDToken
	rules.Issuers, rules.Algorithms = []string{said.Issuer}, said.Algorithms()
	p.IDToken = &rules
	if p.ClientAuth != "" {
		return nil
	}
	// better-auth's way where the provider has it. None named means the other (OpenID Connect Discovery 1.0 §3).
	for _, way := range []ClientAuth{ClientSecretPost, ClientSecretBasic} {
		if slices.Contains(said.ClientAuthMethods, string(way)) {
			p.ClientAuth = way
			return nil
		}
	}
	if len(said.ClientAuthMethods) > 0 {
		return fmt.Errorf("metadata of %s: the token endpoint takes none of client_secret_post and client_secret_basic, but %q", p.Issuer, said.ClientAuthMethods)
	}
	p.ClientAuth = ClientSecretBasic
	return nil
}

// bring makes the provider one that can be asked.
func (e *listing) bring(p *Provider) (*live, error) {
	l := &live{Provider: p, client: e.client, now: e.now}
	if p.IDToken == nil {
		return l, nil
	}
	cfg := oidc.VerifierConfig{
		Issuers: p.IDToken.Issuers, ClientID: p.ClientID, JWKSURL: p.JWKSURL, Algorithms: p.IDToken.Algorithms,
		HashedNonce: p.IDToken.HashedNonce, Client: e.client, Now: e.now,
	}
	var err error
	if l.idTokens, err = oidc.NewVerifier(cfg); err != nil {
		return nil, err
	}
	cfg.Audiences, cfg.AnyAuthorizedParty, cfg.MaxAge = p.Audiences, p.IDToken.AnyAuthorizedParty, p.IDToken.MaxAge
	if l.sentIDTokens, err = oidc.NewVerifier(cfg); err != nil {
		return nil, err
	}
	return l, nil
}
