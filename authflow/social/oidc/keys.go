package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keysLife  = time.Hour
	keysStale = 24 * time.Hour
	mostKeys  = 100 // of one provider; those that are known have ten
)

// key is a public key that may sign tokens.
type key struct {
	jose.JSONWebKey
	issuer string // Microsoft's addition: whose tokens it signs, in a set that several issuers share; empty: anybody's
}

// keySet are the keys at one address. They are found by that address and their kid, never by kid alone: kids are names that
// anybody may choose.
type keySet struct {
	url  string
	keys kept[[]key]
}

func newKeySet(client *http.Client, url string, now func() time.Time) *keySet {
	s := &keySet{url: url}
	s.keys = kept[[]key]{
		fetch: func(ctx context.Context) ([]key, error) { return fetchKeys(ctx, client, url) },
		now:   now, life: keysLife, stale: keysStale, pause: fetchPause,
	}
	return s
}

// try calls with the keys until one will do. None may, since the provider has new ones, so then they are fetched again, but not more
// often than twice a minute: strangers can make up tokens as fast as they like. The error is that of the last try, or the fetch's.
func (s *keySet) try(ctx context.Context, will func([]key) error) error {
	keys, err := s.keys.get(ctx)
	if err != nil {
		return err
	}
	if err = will(keys); err == nil {
		return nil
	}
	if keys, err = s.keys.renew(ctx); err != nil {
		return err
	}
	return will(keys)
}

// fits tells whether a key can be one of an algorithm (RFC 7518 §3.1, RFC 8037 §3.1), and is meant to (RFC 7517 §4.4).
func (k key) fits(algorithm string) bool {
	if k.Algorithm != "" && k.Algorithm != algorithm {
		return false
	}
	switch public := k.Key.(type) {
	case *rsa.PublicKey:
		return algorithm[:2] == "RS" || algorithm[:2] == "PS"
	case *ecdsa.PublicKey:
		return map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[algorithm] == public.Curve
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}

// fetchKeys asks for a JWK Set (RFC 7517 §5). Members that are of no use are passed over, as it demands.
func fetchKeys(ctx context.Context, client *http.Client, url string) ([]key, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch keys at %s: status %d", url, resp.StatusCode)
	}
	keys, err := parseKeys(body)
	if err != nil {
		return nil, fmt.Errorf("keys at %s: %w", url, err)
	}
	return keys, nil
}

func parseKeys(body []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("not a JWK Set, but %s (RFC 7517 §5)", quoted(string(body)))
	}
	if len(set.Keys) > mostKeys {
		return nil, fmt.Errorf("%d keys, more than the %d that are looked at", len(set.Keys), mostKeys)
	}
	var keys []key
	for _, raw := range set.Keys {
		if k, ok := parseKey(raw); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("none that could verify a signature (RFC 7517 §5)")
	}
	return keys, nil
}

func parseKey(raw []byte) (key, bool) {
	var members struct {
		Operations []string `json:"key_ops"`
		Issuer     string   `json:"issuer"`
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return key{}, false
	}
	k := key{issuer: members.Issuer}
	// A private key in public belongs to everybody, so IsPublic is not for tidiness.
	if err := k.UnmarshalJSON(raw); err != nil || !k.Valid() || !k.IsPublic() {
		return key{}, false
	}
	if k.Use != "" && k.Use != "sig" || members.Operations != nil && !slices.Contains(members.Operations, "verify") {
		return key{}, false // RFC 7517 §4.2, §4.3
	}
	if public, ok := k.Key.(*rsa.PublicKey); ok && public.N.BitLen() < 2048 {
		return key{}, false // RFC 7518 §3.3
	}
	return k, true
}
