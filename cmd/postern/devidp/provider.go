package devidp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How long things live.
const (
	codeLife    = time.Minute
	accessLife  = 10 * time.Minute
	refreshLife = 24 * time.Hour
)

// Config is the one client, and where the provider itself is.
type Config struct {
	Issuer       string // a URL without a slash at the end; its path is where Handler is mounted
	ClientID     string
	ClientSecret string
	RedirectURI  string
	Now          func() time.Time // time.Now without one
}

// Provider is an http.Handler for everything below the issuer's path.
type Provider struct {
	Config
	base    string // the issuer's path
	handler http.Handler
	key     func() (*rsa.PrivateKey, error)

	codes, access, refresh *tickets
}

// grant is what somebody allowed.
type grant struct {
	Person
	scope     string
	nonce     string
	challenge string
	at        time.Time // of the sign-in
}

// Person is whoever somebody wanted to be.
type Person struct {
	Name     string
	Email    string
	Verified bool
}

// Subject is the same for the same address, also after a restart.
func (p Person) Subject() string {
	sum := sha256.Sum256([]byte(strings.ToLower(p.Email)))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// New makes a provider. Its signing key is made when the first token is wanted, which takes a moment.
func New(cfg Config) (*Provider, error) {
	issuer, err := url.Parse(cfg.Issuer)
	if err != nil || issuer.Host == "" || strings.HasSuffix(issuer.Path, "/") {
		return nil, fmt.Errorf("issuer %q is not a URL without a slash at the end", cfg.Issuer)
	}
	if cfg.ClientID == "" || cfg.ClientSecret == "" || cfg.RedirectURI == "" {
		return nil, errors.New("the development provider needs a client")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Provider{
		Config:  cfg,
		base:    issuer.Path,
		key:     sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
		codes:   newTickets(codeLife, cfg.Now),
		access:  newTickets(accessLife, cfg.Now),
		refresh: newTickets(refreshLife, cfg.Now),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+p.base+"/.well-known/openid-configuration", p.metadata)
	mux.HandleFunc("GET "+p.base+"/jwks", p.jwks)
	mux.HandleFunc("GET "+p.base+"/authorize", p.ask)
	mux.HandleFunc("POST "+p.base+"/authorize", p.decide)
	mux.HandleFunc("POST "+p.base+"/token", p.token)
	mux.HandleFunc("GET "+p.base+"/userinfo", p.userInfo)
	mux.HandleFunc("GET "+p.base+"/logout", p.logout)
	mux.HandleFunc("GET "+p.base+"/style.css", style)
	p.handler = mux
	return p, nil
}

// ServeHTTP answers one request. Nothing of it may be kept by a cache.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // codes stand in URLs
	h.Set("X-Content-Type-Options", "nosniff")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	p.handler.ServeHTTP(w, r)
}

func (p *Provider) metadata(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         p.Issuer,
		"authorization_endpoint":                         p.Issuer + "/authorize",
		"token_endpoint":                                 p.Issuer + "/token",
		"userinfo_endpoint":                              p.Issuer + "/userinfo",
		"jwks_uri":                                       p.Issuer + "/jwks",
		"end_session_endpoint":                           p.Issuer + "/logout",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{string(jose.RS256)},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":               []string{"S256"},
		"scopes_supported":                               []string{"openid", "profile", "email", "offline_access"},
		"claims_supported":                               []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "name", "email", "email_verified"},
		"authorization_response_iss_parameter_supported": true,
	})
}

// logout has no session to end: it asks anew each time. It leads back where the client says, on its own origin or to this machine, where a
// page of another origin is while it is being developed.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.URL.Query().Get("post_logout_redirect_uri"))
	own, _ := url.Parse(p.RedirectURI) // New's caller gave a URL
	if err != nil || own == nil || back.User != nil || !sameOrigin(back, own) && !isLocal(back) {
		render(w, http.StatusOK, "message", message{Title: "Signed out", Text: "There is nothing to sign out of: this provider asks who you are each time."})
		return
	}
	if state := r.URL.Query().Get("state"); state != "" {
		q := back.Query()
		q.Set("state", state)
		back.RawQuery = q.Encode()
	}
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

func isLocal(u *url.URL) bool {
	address, err := netip.ParseAddr(u.Hostname())
	return (u.Scheme == "http" || u.Scheme == "https") && (u.Hostname() == "localhost" || err == nil && address.IsLoopback())
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a client that left needs no answer
}
