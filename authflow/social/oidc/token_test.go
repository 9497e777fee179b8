package oidc_test

import (
	"bytes"
	"compress/flate"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow/social/oidc"
)

// D39: whoever a token names as its issuer, nobody but ours is asked for keys, and ours only about our own.
func TestD39TheIssuerIsPinnedBeforeAnyKeyIsFetched(t *testing.T) {
	t.Parallel()
	ours, evil := startIssuer(t), startIssuer(t)
	evil.rotate(jwks(public("rsa-1", otherRSAKey.Public())))
	token := sign(t, jose.RS256, otherRSAKey, "rsa-1", ours.claims().with(claims{"iss": evil.URL}), map[jose.HeaderKey]any{"jku": evil.URL + "/keys"})
	_, err := ours.verifier().Verify(t.Context(), token, nonce)
	refused(t, err, "iss")
	if ours.asks.Load() != 0 || evil.asks.Load() != 0 {
		t.Errorf("keys were asked for: ours %d, theirs %d", ours.asks.Load(), evil.asks.Load())
	}
	// With the right name and the wrong key.
	_, err = ours.verifier().Verify(t.Context(), sign(t, jose.RS256, otherRSAKey, "rsa-1", ours.claims(), nil), nonce)
	refused(t, err, "signature")
	if evil.asks.Load() != 0 {
		t.Error("the other issuer was asked for keys")
	}
}

func TestD39TenantsStandWhereTheyBelongAndNowhereElse(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	v := p.verifier(func(c *oidc.VerifierConfig) { c.Issuers = []string{p.URL + "/{tenantid}/v2.0"} })
	for _, tt := range []struct {
		name, iss string
		tid       any
		good      bool
	}{
		{"its own tenant", p.URL + "/" + tenant + "/v2.0", tenant, true},
		{"another tenant", p.URL + "/other/v2.0", tenant, false},
		{"no tenant", p.URL + "/" + tenant + "/v2.0", missing, false},
		{"the template itself", p.URL + "/{tenantid}/v2.0", "{tenantid}", false},
		{"an empty tenant", p.URL + "//v2.0", "", false},
		{"a path", p.URL + "/a/../b/v2.0", "a/../b", false},
		{"a query", p.URL + "/a?b/v2.0", "a?b", false},
		{"a number", p.URL + "/1/v2.0", 1, false},
		{"other host", "https://evil.example/" + tenant + "/v2.0", tenant, false},
	} {
		_, err := v.Verify(t.Context(), p.token(p.claims().with(claims{"iss": tt.iss, "tid": tt.tid})), nonce)
		if tt.good && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if !tt.good {
			refused(t, err, "iss")
		}
	}
}

// Microsoft's shared set says of each key whose tokens it signs.
func TestKeysOfOneIssuerInASharedSetSignForNoOther(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	shared := func(issuer string) any {
		raw, err := public("rsa-1", rsaKey.Public()).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"keys": []any{json.RawMessage(bytes.Replace(raw, []byte(`{`), []byte(`{"issuer":"`+issuer+`",`), 1))}}
	}
	token := p.token(p.claims().with(claims{"iss": p.URL + "/acme/v2.0", "tid": "acme"}))
	for issuer, check := range map[string]string{p.URL + "/{tenantid}/v2.0": "", p.URL + "/acme/v2.0": "", p.URL + "/other/v2.0": "kid"} {
		p.rotate(shared(issuer))
		_, err := p.verifier(func(c *oidc.VerifierConfig) { c.Issuers = []string{p.URL + "/{tenantid}/v2.0"} }).Verify(t.Context(), token, nonce)
		if check != "" {
			refused(t, err, check)
		} else if err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

// D82: what has been wrong with JWT libraries.
func TestD82AlgorithmsComeFromOurList(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	der, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwk, _ := public("rsa-1", rsaKey.Public()).MarshalJSON()
	unsigned := func(alg any) string {
		return part(map[string]any{"alg": alg, "kid": "rsa-1"}) + "." + part(p.claims()) + "."
	}
	for name, token := range map[string]string{
		"none":                          unsigned("none"),
		"None":                          unsigned("None"),
		"NONE with a signature":         unsigned("NONE") + "AAAA",
		"empty":                         unsigned(""),
		"HS256 with the public PEM":     sign(t, jose.HS256, publicPEM, "rsa-1", p.claims(), nil),
		"HS256 with the public DER":     sign(t, jose.HS256, der, "rsa-1", p.claims(), nil),
		"HS256 with the JWK":            sign(t, jose.HS256, jwk, "rsa-1", p.claims(), nil),
		"HS256 with the modulus":        sign(t, jose.HS256, rsaKey.N.Bytes(), "rsa-1", p.claims(), nil),
		"HS512 with the public PEM":     sign(t, jose.HS512, publicPEM, "rsa-1", p.claims(), nil),
		"RS512, good but not announced": sign(t, jose.RS512, rsaKey, "rsa-1", p.claims(), nil),
		"PS256, good but not announced": sign(t, jose.PS256, rsaKey, "rsa-1", p.claims(), nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := p.verifier().Verify(t.Context(), token, nonce)
			refused(t, err, "alg")
		})
	}
	for name, token := range map[string]string{
		"alg a number": unsigned(1), "alg an array": unsigned([]string{"RS256"}), "alg null": unsigned(nil),
	} {
		if _, err := p.verifier().Verify(t.Context(), token, nonce); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if p.asks.Load() != 0 {
		t.Errorf("keys were fetched %d times", p.asks.Load())
	}
}

func TestD82KeysThatATokenBringsAlongAreNotUsed(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	var asked atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_ = json.NewEncoder(w).Encode(jwks(public("rsa-1", otherRSAKey.Public())))
	}))
	t.Cleanup(evil.Close)
	for name, header := range map[string]map[jose.HeaderKey]any{
		"jwk": {"jwk": public("rsa-1", otherRSAKey.Public())}, "jku": {"jku": evil.URL}, "x5u": {"x5u": evil.URL},
	} {
		for _, kid := range []string{"rsa-1", "", "evil"} {
			_, err := p.verifier(func(c *oidc.VerifierConfig) { c.Algorithms = []string{"RS256"} }).
				Verify(t.Context(), sign(t, jose.RS256, otherRSAKey, kid, p.claims(), header), nonce)
			refused(t, err, map[string]string{"rsa-1": "signature", "": "signature", "evil": "kid"}[kid])
			if err == nil {
				t.Errorf("%s with kid %q", name, kid)
			}
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the token's own address was asked %d times", asked.Load())
	}
}

func TestD82MalformedTokensAreRefusedCheaply(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	good := p.token(p.claims())
	parts := strings.Split(good, ".")
	encrypter, err := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.RSA_OAEP, Key: rsaKey.Public()}, &jose.EncrypterOptions{Compression: jose.DEFLATE})
	if err != nil {
		t.Fatal(err)
	}
	bomb, err := encrypter.Encrypt(bytes.Repeat([]byte("a"), 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	jwe, _ := bomb.CompactSerialize()
	var deflated bytes.Buffer
	packer, _ := flate.NewWriter(&deflated, flate.BestCompression)
	_, _ = packer.Write(bytes.Repeat([]byte("a"), 1<<20))
	_ = packer.Close()
	for name, token := range map[string]string{
		"empty": "", "a dot": ".", "two dots": "..", "megabytes of dots": strings.Repeat(".", 4<<20), "a megabyte of header": strings.Repeat("A", 1<<20) + ".e30.AA",
		"four parts": good + ".AA", "two parts": parts[0] + "." + parts[1], "no signature": parts[0] + "." + parts[1] + ".", "JWE": jwe,
		"padding": parts[0] + "==." + parts[1] + "." + parts[2], "spaces": " " + good, "line": good + "\n", "line inside": parts[0] + "." + parts[1] + ".\r\n" + parts[2], "JSON serialization": `{"payload":"` + parts[1] + `","signatures":[]}`,
		"header is no object": part([]int{1}) + "." + parts[1] + "." + parts[2], "header nested": base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("[", 20_000))) + "." + parts[1] + "." + parts[2],
		"compressed": part(map[string]any{"alg": "RS256", "zip": "DEF"}) + "." + base64.RawURLEncoding.EncodeToString(deflated.Bytes()) + ".AA",
	} {
		if _, err := p.verifier().Verify(t.Context(), token, nonce); err == nil {
			t.Errorf("%s was accepted", name)
		} else if len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	// Signed, and not claims.
	for name, payload := range map[string]string{
		"array": "[]", "null": "null", "text": `"x"`, "number": "1", "nothing": "", "two objects": "{}{}", "garbage behind": `{"iss":"` + p.URL + `"} x`,
		"nested": `{"a":` + strings.Repeat("[", 15_000) + strings.Repeat("]", 15_000) + "}",
	} {
		_, err := p.verifier().Verify(t.Context(), sign(t, jose.RS256, rsaKey, "rsa-1", []byte(payload), nil), nonce)
		refused(t, err, "payload")
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestTokensOfOtherKindsAreNoIDTokens(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	for typ, good := range map[any]bool{
		"JWT": true, "jwt": true, "application/jwt": true, "at+jwt": false, "AT+JWT": false, "application/at+jwt": false, "logout+jwt": false, "dpop+jwt": false, 1: false,
	} {
		token := sign(t, jose.RS256, rsaKey, "rsa-1", p.claims(), map[jose.HeaderKey]any{"typ": typ})
		_, err := p.verifier().Verify(t.Context(), token, nonce)
		if good && err != nil {
			t.Errorf("%v: %v", typ, err)
		} else if !good {
			refused(t, err, "typ")
		}
	}
	_, err := p.verifier().Verify(t.Context(), sign(t, jose.RS256, rsaKey, "rsa-1", p.claims(), map[jose.HeaderKey]any{"crit": []string{"b64x"}, "b64x": true}), nonce)
	if err == nil {
		t.Error("a critical header that nobody knows was ignored (RFC 7515 §4.1.11)")
	}
}

func TestEveryByteOfATokenCounts(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	v := p.verifier()
	good := sign(t, jose.EdDSA, edKey, "ed-1", p.claims(), nil)
	for i := range good {
		for _, with := range []byte{'A', 'B', '.', '_'} {
			changed := good[:i] + string(with) + good[i+1:]
			if changed == good {
				continue
			}
			if _, err := v.Verify(t.Context(), changed, nonce); err == nil {
				t.Errorf("byte %d changed to %q", i, with)
			}
		}
	}
}

func TestAVerifierThatWouldAcceptAnybodyIsNotMade(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	for name, change := range map[string]func(*oidc.VerifierConfig){
		"no issuer":      func(c *oidc.VerifierConfig) { c.Issuers = nil },
		"empty issuer":   func(c *oidc.VerifierConfig) { c.Issuers = []string{p.URL, ""} },
		"no client id":   func(c *oidc.VerifierConfig) { c.ClientID = "" },
		"empty audience": func(c *oidc.VerifierConfig) { c.Audiences = []string{""} },
		"no keys":        func(c *oidc.VerifierConfig) { c.JWKSURL = "" },
		"no client":      func(c *oidc.VerifierConfig) { c.Client = nil },
		"none":           func(c *oidc.VerifierConfig) { c.Algorithms = []string{"RS256", "none"} },
		"HS256":          func(c *oidc.VerifierConfig) { c.Algorithms = []string{"HS256"} },
	} {
		cfg := p.config()
		change(&cfg)
		if _, err := oidc.NewVerifier(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
