package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/social/oidc"
)

var (
	rsaKey, otherRSAKey = newRSA(2048), newRSA(2048)
	ecKey, _            = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, _         = ed25519.GenerateKey(rand.Reader)
	now                 = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

const clientID, nonce = "postern-client", "the-nonce-of-the-request"

// issuer is a provider's discovery and keys, over HTTP. What it answers can be replaced while it runs.
type issuer struct {
	*httptest.Server
	t    testing.TB
	asks atomic.Int64 // how often for keys

	mu       sync.Mutex
	jwks     any
	metadata map[string]any
	handlers map[string]http.HandlerFunc // before what is above
}

func startIssuer(t testing.TB) *issuer {
	t.Helper()
	p := &issuer{t: t, jwks: jwks(public("rsa-1", rsaKey.Public()), public("ec-1", ecKey.Public()), public("ed-1", edKey.Public())), handlers: map[string]http.HandlerFunc{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	p.metadata = map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/me", "end_session_endpoint": p.URL + "/logout",
		"id_token_signing_alg_values_supported": []string{"HS256", "none", "RS256", "ES256"},
	}
	return p
}

func (p *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/keys" {
		p.asks.Add(1)
	}
	p.mu.Lock()
	handler, keys, metadata := p.handlers[r.URL.Path], p.jwks, p.metadata
	p.mu.Unlock()
	switch {
	case handler != nil:
		handler(w, r)
	case r.URL.Path == "/keys":
		_ = json.NewEncoder(w).Encode(keys)
	case r.URL.Path == "/.well-known/openid-configuration":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(metadata)
	default:
		http.NotFound(w, r)
	}
}

func (p *issuer) answer(path string, handler http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handlers[path] = handler
}

func (p *issuer) rotate(jwks any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jwks = jwks
}

// client is a way to a provider on this machine.
func client() *http.Client {
	return egress.New(egress.Config{AllowPrivateAddresses: true}).For("idp")
}

func (p *issuer) config() oidc.VerifierConfig {
	return oidc.VerifierConfig{
		Issuers: []string{p.URL}, ClientID: clientID, JWKSURL: p.URL + "/keys", Algorithms: []string{"RS256", "ES256", "EdDSA"},
		Client: client(), Now: func() time.Time { return now },
	}
}

func (p *issuer) verifier(change ...func(*oidc.VerifierConfig)) *oidc.Verifier {
	p.t.Helper()
	cfg := p.config()
	for _, c := range change {
		c(&cfg)
	}
	v, err := oidc.NewVerifier(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

type claims map[string]any

// claims are those of a good ID token.
func (p *issuer) claims() claims {
	return claims{
		"iss": p.URL, "sub": "248289761001", "aud": clientID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": nonce,
		"email": "ada@people.test", "email_verified": true,
	}
}

// with returns the claims with some replaced; missing takes one out.
func (c claims) with(changes claims) claims {
	c = maps.Clone(c)
	for name, value := range changes {
		if value == missing {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

type absent struct{}

var missing = absent{}

func public(kid string, key crypto.PublicKey) jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: kid, Key: key, Use: "sig"}
}

func jwks(keys ...jose.JSONWebKey) jose.JSONWebKeySet { return jose.JSONWebKeySet{Keys: keys} }

// sign makes a token. header is added to alg and kid; a nil value takes one out.
func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, payload any, header map[jose.HeaderKey]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		options = options.WithHeader("kid", kid)
	}
	for name, value := range header {
		options = options.WithHeader(name, value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	data, ok := payload.([]byte)
	if !ok {
		if data, err = json.Marshal(payload); err != nil {
			t.Fatal(err)
		}
	}
	jws, err := signer.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (p *issuer) token(c claims) string {
	p.t.Helper()
	return sign(p.t, jose.RS256, rsaKey, "rsa-1", c, nil)
}

// part is one part of a token, unsigned.
func part(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// startTLSIssuer is startIssuer over TLS, and a client that trusts it.
func startTLSIssuer(t *testing.T) (*issuer, *http.Client) {
	t.Helper()
	p := startIssuer(t)
	secure := httptest.NewTLSServer(p)
	t.Cleanup(secure.Close)
	for name, value := range p.metadata {
		if address, ok := value.(string); ok {
			p.metadata[name] = strings.Replace(address, p.URL, secure.URL, 1)
		}
	}
	p.URL = secure.URL
	out := egress.New(egress.Config{AllowPrivateAddresses: true})
	out.RootCAs = x509.NewCertPool()
	out.RootCAs.AddCert(secure.Certificate())
	return p, out.For("idp")
}
