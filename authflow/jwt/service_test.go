package jwt

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

const (
	baseURL = "https://auth.example.test"
	secret  = "a-secret-that-node-and-go-share-0123456789"
)

var everyAlgorithm = []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.ES512, jose.RS256, jose.PS256}

// each runs a test over the table in every kind of database.
func each(t *testing.T, test func(t *testing.T, store *sessionstore.Store)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{Migrations()}, test)
}

// fixture is a room without the API around it, under a clock of the test's own.
type fixture struct {
	*Feature
	clock *storetest.Clock
	log   *bytes.Buffer
}

func newFixture(t *testing.T, store *sessionstore.Store, adjust ...func(*Config, *authflow.Core)) fixture {
	t.Helper()
	clock, log := storetest.NewClock(), &bytes.Buffer{}
	cfg := Config{Enabled: true, ExpiresIn: 15 * time.Minute, Algorithm: string(EdDSA), GracePeriod: 30 * 24 * time.Hour}
	core := &authflow.Core{
		BaseURL: baseURL,
		Keys:    authflow.NewKeys(secret),
		Logger:  slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:     func() time.Time { return clock.Now().UTC().Truncate(time.Millisecond) },
	}
	for _, change := range adjust {
		change(&cfg, core)
	}
	f, err := New(cfg, Deps{Core: core, Store: store, Stale: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return fixture{Feature: f, clock: clock, log: log}
}

func withSecrets(current string, previous ...string) func(*Config, *authflow.Core) {
	return func(_ *Config, core *authflow.Core) { core.Keys = authflow.NewKeys(current, previous...) }
}

var ada = sessionstore.User{ID: "ada", Name: "Ada", Email: "ada@people.test", EmailVerified: true}

func (f fixture) mustSign(t *testing.T) string {
	t.Helper()
	token, err := f.sign(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// keySet is the answer of /jwks.
func (f fixture) keySet(t *testing.T) []byte {
	t.Helper()
	keys, err := f.keys.public(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := json.Marshal(jwksAnswer{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (f fixture) rows(t *testing.T) []row {
	t.Helper()
	rows, err := f.keys.table.list(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// service is one that checks tokens by the key set, as RFC 8725 tells it to.
type service struct {
	keySet           []byte
	algorithms       []jose.SignatureAlgorithm
	issuer, audience string
	now              time.Time
}

func (f fixture) service(t *testing.T) service {
	t.Helper()
	return service{keySet: f.keySet(t), algorithms: everyAlgorithm, issuer: baseURL, audience: baseURL, now: f.clock.Now()}
}

func (s service) check(token string) (map[string]any, error) {
	if len(token) > 8192 || strings.Count(token, ".") != 2 {
		return nil, errors.New("not a token")
	}
	for part := range strings.SplitSeq(token, ".") { // one spelling only: Go skips line breaks and unused bits
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
			return nil, errors.New("not canonical")
		}
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(s.keySet, &keys); err != nil {
		return nil, err
	}
	parsed, err := josejwt.ParseSigned(token, s.algorithms)
	if err != nil {
		return nil, err
	}
	found := keys.Key(parsed.Headers[0].KeyID)
	if len(found) != 1 || found[0].Algorithm != parsed.Headers[0].Algorithm {
		return nil, errors.New("no such key")
	}
	var registered josejwt.Claims
	var said map[string]any
	if err := parsed.Claims(found[0].Key, &registered, &said); err != nil {
		return nil, err
	}
	return said, registered.ValidateWithLeeway(josejwt.Expected{Issuer: s.issuer, AnyAudience: []string{s.audience}, Time: s.now}, 0)
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	parsed, err := josejwt.ParseSigned(token, everyAlgorithm)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}
