package jwt

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

func openSQLite(t *testing.T) *sessionstore.Store {
	t.Helper()
	return storetest.Open(t, storetest.SQLite(t), sessionstore.Options{Migrations: []sessionstore.MigrationSet{Migrations()}})
}

// D55: whatever is cut off or changed, the token is no longer ours.
func TestD55ATamperedTokenIsRefused(t *testing.T) {
	t.Parallel()
	for _, alg := range []Algorithm{EdDSA, ES256, RS256} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, openSQLite(t), func(cfg *Config, _ *authflow.Core) { cfg.Algorithm = string(alg) })
			token, s := f.mustSign(t), f.service(t)
			if _, err := s.check(token); err != nil {
				t.Fatal(err)
			}
			for i := range token {
				if _, err := s.check(token[:i]); err == nil {
					t.Errorf("cut to %d bytes it verifies", i)
				}
				for b := range 256 {
					changed := token[:i] + string([]byte{byte(b)}) + token[i+1:]
					if _, err := s.check(changed); err == nil && changed != token {
						t.Errorf("with byte %d at %d it verifies", b, i)
					}
				}
			}
		})
	}
}

// attacks on verifiers (golang-jwt CVE-2025-30204, go-jose CVE-2025-27144 and the like): our key set gives them no hold.
func TestD82ForgedTokensAreRefusedByTheKeySet(t *testing.T) {
	t.Parallel()
	f := newFixture(t, openSQLite(t))
	token, s := f.mustSign(t), f.service(t)
	payload := strings.Split(token, ".")[1]
	kid := kidOf(t, token)
	encode := base64.RawURLEncoding.EncodeToString
	own, err := generatePrivate(EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(key jose.SigningKey, o *jose.SignerOptions) string {
		t.Helper()
		signer, err := jose.NewSigner(key, o)
		if err != nil {
			t.Fatal(err)
		}
		body, err := base64.RawURLEncoding.DecodeString(payload)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(body)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return compact
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(s.keySet, &set); err != nil {
		t.Fatal(err)
	}
	publicJWK, err := json.Marshal(set.Keys[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"no signature":              encode([]byte(`{"alg":"none","kid":"`+kid+`"}`)) + "." + payload + ".",
		"the public key as secret":  forge(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: publicJWK, KeyID: kid}}, nil),
		"another key under the kid": forge(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: own, KeyID: kid}}, nil),
		"a key that comes along":    forge(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: own, KeyID: kid}}, &jose.SignerOptions{EmbedJWK: true}),
		"a kid that is unknown":     forge(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: own, KeyID: "x"}}, nil),
		"dots":                      strings.Repeat(".", 4<<20),
		"an encrypted one":          "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0....",
	} {
		if _, err := s.check(forged); err == nil {
			t.Errorf("%s: verifies", name)
		}
	}
	for name, change := range map[string]func(*service){
		"another issuer":   func(s *service) { s.issuer = "https://other.test" },
		"another audience": func(s *service) { s.audience = "https://other.test" },
		"after its end":    func(s *service) { s.now = s.now.Add(f.cfg.ExpiresIn) },
	} {
		other := s
		change(&other)
		if _, err := other.check(token); err == nil {
			t.Errorf("%s: verifies", name)
		}
	}
}
