package oidc_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow/social/oidc"
)

// refused asserts that a token fails at a check.
func refused(t *testing.T, err error, check string) {
	t.Helper()
	var refusal *oidc.Error
	if !errors.As(err, &refusal) {
		t.Errorf("not refused for %s: %v", check, err)
		return
	}
	if refusal.Check != check || refusal.Section == "" || !strings.Contains(err.Error(), refusal.Section) {
		t.Errorf("refused for %q, want %q: %v", refusal.Check, check, err)
	}
}

func TestAGoodTokenIsVerified(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	for name, token := range map[string]string{
		"RS256": sign(t, jose.RS256, rsaKey, "rsa-1", p.claims(), nil),
		"ES256": sign(t, jose.ES256, ecKey, "ec-1", p.claims(), nil),
		"EdDSA": sign(t, jose.EdDSA, edKey, "ed-1", p.claims(), nil),
	} {
		got, err := p.verifier().Verify(t.Context(), token, nonce)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Subject != "248289761001" || got.Issuer != p.URL || !slices.Equal(got.Audience, []string{clientID}) || !got.IssuedAt.Equal(now) ||
			!got.ExpiresAt.Equal(now.Add(time.Hour)) || got.Algorithm != name || got.All["email"] != "ada@people.test" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// D47: each claim that a decision rests on, removed and in every wrong form.
func TestD47ClaimsAreCheckedForPresenceTypeAndRange(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	object := map[string]any{"a": 1}
	for _, tt := range []struct {
		claim string
		bad   map[string]any
	}{
		{"iss", map[string]any{
			"removed": missing, "null": nil, "number": 1, "array": []string{p.URL}, "object": object, "empty": "", "other": "https://evil.example",
			"slash": p.URL + "/", "case": strings.ToUpper(p.URL), "space": p.URL + " ", "longer": p.URL + ".evil.example",
		}},
		{"sub", map[string]any{
			"removed": missing, "null": nil, "number": 1, "float": 1.5, "array": []string{"1"}, "object": object, "bool": true, "empty": "",
			"long": strings.Repeat("x", 256), "control": "a\x00b", "line": "a\nb", "not ascii": "ädä",
		}},
		{"aud", map[string]any{
			"removed": missing, "null": nil, "number": 1, "object": object, "bool": true, "empty": "", "empty array": []string{}, "other": "somebody",
			"part": clientID + "-2", "array of others": []string{"a", "b"}, "array of numbers": []any{clientID, 1}, "nested": []any{[]string{clientID}}, "case": strings.ToUpper(clientID),
		}},
		{"exp", map[string]any{
			"removed": missing, "null": nil, "text": "4102444800", "array": []int64{at(time.Hour)}, "object": object, "bool": true, "zero": 0, "negative": -1,
			"past": at(-time.Minute), "just past": at(-30 * time.Second), "milliseconds": at(time.Hour) * 1000, "far": at(400 * 24 * time.Hour),
			"huge": json.Number("1e400"), "huge integer": json.Number(strings.Repeat("9", 400)), "past float": float64(at(-time.Hour)) + .5,
		}},
		{"iat", map[string]any{
			"removed": missing, "null": nil, "text": "0", "array": []int64{at(0)}, "object": object, "bool": false, "negative": -5,
			"future": at(time.Minute), "far": at(1000 * time.Hour), "milliseconds": at(0) * 1000, "huge": json.Number("1e400"), "future float": float64(at(time.Hour)) + .5,
		}},
		{"nbf", map[string]any{
			"text": "0", "array": []int64{at(0)}, "object": object, "bool": true, "negative": -1, "future": at(time.Minute), "far": at(1000 * time.Hour), "huge": json.Number("1e400"),
		}},
		{"nonce", map[string]any{
			"removed": missing, "null": nil, "number": 1, "array": []string{nonce}, "object": object, "empty": "", "other": "another", "longer": nonce + "x", "shorter": nonce[1:],
			"hashed": sha256Hex(nonce),
		}},
		{"azp", map[string]any{"number": 1, "array": []string{clientID}, "object": object, "empty": "", "other": "somebody"}},
		{"auth_time", map[string]any{"text": "0", "array": []int64{1}, "object": object, "negative": -1, "future": at(time.Hour), "huge": json.Number("1e400")}},
		{"at_hash", map[string]any{"number": 1, "array": []string{"x"}, "empty": ""}},
		{"sid", map[string]any{"number": 1, "array": []string{"x"}, "object": object, "empty": ""}},
	} {
		for name, value := range tt.bad {
			t.Run(tt.claim+"/"+name, func(t *testing.T) {
				t.Parallel()
				_, err := p.verifier().Verify(t.Context(), p.token(p.claims().with(claims{tt.claim: value})), nonce)
				refused(t, err, tt.claim)
			})
		}
	}
}

// What looks odd and is as the standards have it.
func TestUnusualTokensThatAreGood(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, change := range map[string]claims{
		"dates with fractions (RFC 7519 §2)":         {"exp": float64(at(time.Hour)) + .25, "iat": float64(at(0)) - .25, "nbf": float64(at(0)) - .5},
		"dates in scientific notation":               {"exp": json.Number("1.777641e9")},
		"audience as array":                          {"aud": []string{clientID}},
		"several audiences and azp":                  {"aud": []string{"somebody", clientID}, "azp": clientID},
		"azp":                                        {"azp": clientID},
		"clocks half a minute apart":                 {"iat": at(29 * time.Second), "nbf": at(29 * time.Second), "exp": at(29*time.Second - time.Minute + 2*time.Second)},
		"another name in another case":               {"ISS": "https://evil.example", "Sub": "evil", "AUD": "evil", "NONCE": "evil"},
		"a claim that is null is a claim left out":   {"azp": nil, "nbf": nil, "auth_time": nil, "at_hash": nil, "sid": nil},
		"the longest subject":                        {"sub": strings.Repeat("x", 255)},
		"a subject with a space and all punctuation": {"sub": "auth0|5 f~!@#$%^&*()\"\\"},
	} {
		if got, err := p.verifier().Verify(t.Context(), p.token(p.claims().with(change)), nonce); err != nil || got.Issuer != p.URL || got.Subject == "evil" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAudiencesOfNativeAppsCountAsOurs(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	app := func(c *oidc.VerifierConfig) { c.Audiences = []string{"com.example.app"} }
	anyParty := func(c *oidc.VerifierConfig) { c.AnyAuthorizedParty = true }
	for _, tt := range []struct {
		name   string
		change claims
		cfg    []func(*oidc.VerifierConfig)
		check  string
	}{
		{"the app's token", claims{"aud": "com.example.app"}, []func(*oidc.VerifierConfig){app}, ""},
		{"handed to the app, for us", claims{"azp": "com.example.app"}, []func(*oidc.VerifierConfig){app}, ""},
		{"handed to an unknown client, for us", claims{"azp": "android"}, []func(*oidc.VerifierConfig){app}, "azp"},
		{"the same where any may be", claims{"azp": "android"}, []func(*oidc.VerifierConfig){anyParty}, ""},
		{"for somebody else, where any may be", claims{"aud": "somebody", "azp": clientID}, []func(*oidc.VerifierConfig){anyParty}, "aud"},
		{"for two, handed to a stranger", claims{"aud": []string{clientID, "somebody"}, "azp": "somebody"}, []func(*oidc.VerifierConfig){anyParty}, "azp"},
		{"for two, handed to nobody", claims{"aud": []string{clientID, "somebody"}}, nil, "azp"},
	} {
		_, err := p.verifier(tt.cfg...).Verify(t.Context(), p.token(p.claims().with(tt.change)), nonce)
		if tt.check != "" {
			refused(t, err, tt.check)
		} else if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestAgeIsLimitedWhereAsked(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	maxAge := p.verifier(func(c *oidc.VerifierConfig) { c.MaxAge = time.Hour })
	maxAuth := p.verifier(func(c *oidc.VerifierConfig) { c.MaxAuthAge = 5 * time.Minute })
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for _, tt := range []struct {
		name     string
		verifier *oidc.Verifier
		change   claims
		check    string
	}{
		{"an hour", maxAge, claims{"iat": at(-time.Hour)}, ""},
		{"more than an hour", maxAge, claims{"iat": at(-time.Hour - time.Minute)}, "iat"},
		{"1970", maxAge, claims{"iat": 0}, "iat"},
		{"old where nobody asks", p.verifier(), claims{"iat": at(-10 * time.Hour)}, ""},
		{"just proved", maxAuth, claims{"auth_time": at(-5 * time.Minute)}, ""},
		{"proved long ago", maxAuth, claims{"auth_time": at(-6 * time.Minute)}, "auth_time"},
		{"not said when", maxAuth, nil, "auth_time"},
	} {
		_, err := tt.verifier.Verify(t.Context(), p.token(p.claims().with(tt.change)), nonce)
		if tt.check != "" {
			refused(t, err, tt.check)
		} else if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestNonceIsComparedAsAsked(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	hashed := func(c *oidc.VerifierConfig) { c.HashedNonce = true }
	sum := sha256Hex(nonce)
	if _, err := p.verifier(hashed).Verify(t.Context(), p.token(p.claims().with(claims{"nonce": sum})), nonce); err != nil {
		t.Errorf("hashed: %v", err)
	}
	if _, err := p.verifier(hashed).Verify(t.Context(), p.token(p.claims()), nonce); err != nil {
		t.Errorf("plain where hashed is fine too: %v", err)
	}
	_, err := p.verifier(hashed).Verify(t.Context(), p.token(p.claims().with(claims{"nonce": strings.ToUpper(sum)})), nonce)
	refused(t, err, "nonce")
	// Nobody asked for one, so there is nothing to compare with.
	if _, err := p.verifier().Verify(t.Context(), p.token(p.claims()), ""); err != nil {
		t.Errorf("not asked for: %v", err)
	}
}

func TestAccessTokenGoesWithItsHash(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	// OpenID Connect Core 1.0 appendix A.3 has this pair.
	const access, hash = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"
	sum := sha512.Sum512([]byte(access))
	for _, tt := range []struct {
		name  string
		token string
		good  bool
	}{
		{"the standard's example", p.token(p.claims().with(claims{"at_hash": hash})), true},
		{"with padding", p.token(p.claims().with(claims{"at_hash": hash + "=="})), true},
		{"not said", p.token(p.claims()), true},
		{"another", p.token(p.claims().with(claims{"at_hash": "77QmUPtjPfzWtF2AnpK9RA"})), false},
		{"for the signature's hash", sign(t, jose.EdDSA, edKey, "ed-1", p.claims().with(claims{"at_hash": base64.RawURLEncoding.EncodeToString(sum[:32])}), nil), true},
		{"for another signature's hash", sign(t, jose.EdDSA, edKey, "ed-1", p.claims().with(claims{"at_hash": hash}), nil), false},
	} {
		got, err := p.verifier().Verify(t.Context(), tt.token, nonce)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if err := got.VerifyAccessToken(access); tt.good != (err == nil) {
			t.Errorf("%s: %v", tt.name, err)
		} else if err != nil {
			refused(t, err, "at_hash")
		}
	}
}

func TestErrorsRepeatNeitherTokenNorSubject(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	token := p.token(p.claims().with(claims{"aud": strings.Repeat("a", 10_000)}))
	_, err := p.verifier().Verify(t.Context(), token, nonce)
	refused(t, err, "aud")
	if text := err.Error(); strings.Contains(text, "248289761001") || strings.Contains(text, token[:40]) || len(text) > 500 {
		t.Errorf("%s", text)
	}
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
