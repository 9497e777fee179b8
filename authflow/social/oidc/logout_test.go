package oidc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const event = "http://schemas.openid.net/event/backchannel-logout"

func (p *issuer) logoutClaims() claims {
	return claims{
		"iss": p.URL, "sub": "248289761001", "aud": clientID, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": "bWJq", "sid": "08a5019c",
		"events": map[string]any{event: map[string]any{}},
	}
}

func TestAGoodLogoutTokenIsVerified(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	for name, tt := range map[string]struct {
		change   claims
		typ      string
		sub, sid string
	}{
		"both":                   {nil, "logout+jwt", "248289761001", "08a5019c"},
		"a session":              {claims{"sub": missing}, "logout+jwt", "", "08a5019c"},
		"a user":                 {claims{"sid": missing}, "logout+jwt", "248289761001", ""},
		"type not said":          {nil, "JWT", "248289761001", "08a5019c"},
		"type as media type":     {nil, "application/logout+jwt", "248289761001", "08a5019c"},
		"several audiences":      {claims{"aud": []string{"somebody", clientID}}, "logout+jwt", "248289761001", "08a5019c"},
		"an event beside it":     {claims{"events": map[string]any{event: map[string]any{}, "x": 1}}, "logout+jwt", "248289761001", "08a5019c"},
		"issued ten minutes ago": {claims{"iat": now.Add(-10 * time.Minute).Unix()}, "logout+jwt", "248289761001", "08a5019c"},
	} {
		token := sign(t, jose.RS256, rsaKey, "rsa-1", p.logoutClaims().with(tt.change), map[jose.HeaderKey]any{"typ": tt.typ})
		got, err := p.verifier().VerifyLogout(t.Context(), token)
		if err != nil || got.Subject != tt.sub || got.SessionID != tt.sid || got.TokenID != "bWJq" || got.Issuer != p.URL {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestLogoutTokensAreJudgedByTheirOwnRules(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for _, tt := range []struct {
		name   string
		change claims
		check  string
	}{
		{"issuer removed", claims{"iss": missing}, "iss"},
		{"another issuer", claims{"iss": "https://evil.example"}, "iss"},
		{"audience removed", claims{"aud": missing}, "aud"},
		{"another audience", claims{"aud": "somebody"}, "aud"},
		{"expiry removed", claims{"exp": missing}, "exp"},
		{"expired", claims{"exp": at(-time.Minute)}, "exp"},
		{"issue removed", claims{"iat": missing}, "iat"},
		{"issued ahead", claims{"iat": at(time.Hour)}, "iat"},
		{"issued long ago", claims{"iat": at(-11 * time.Minute)}, "iat"},
		{"id removed", claims{"jti": missing}, "jti"},
		{"id empty", claims{"jti": ""}, "jti"},
		{"id a number", claims{"jti": 1}, "jti"},
		{"nobody meant", claims{"sub": missing, "sid": missing}, "sid"},
		{"subject an array", claims{"sub": []string{"a"}}, "sub"},
		{"session empty", claims{"sid": ""}, "sid"},
		{"events removed", claims{"events": missing}, "events"},
		{"events empty", claims{"events": map[string]any{}}, "events"},
		{"events text", claims{"events": event}, "events"},
		{"events an array", claims{"events": []string{event}}, "events"},
		{"event true", claims{"events": map[string]any{event: true}}, "events"},
		{"event null", claims{"events": map[string]any{event: nil}}, "events"},
		{"another event", claims{"events": map[string]any{"https://schemas.openid.net/event/backchannel-logout": map[string]any{}}}, "events"},
		{"a nonce", claims{"nonce": nonce}, "nonce"},
		{"a nonce that is null", claims{"nonce": nil}, "nonce"},
		{"a nonce that is empty", claims{"nonce": ""}, "nonce"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := sign(t, jose.RS256, rsaKey, "rsa-1", p.logoutClaims().with(tt.change), map[jose.HeaderKey]any{"typ": "logout+jwt"})
			_, err := p.verifier().VerifyLogout(t.Context(), token)
			refused(t, err, tt.check)
			if err != nil && !strings.HasPrefix(err.Error(), "logout token refused") {
				t.Errorf("%v", err)
			}
		})
	}
}

// Neither passes for the other, whatever their types say.
func TestLogoutTokensAndIDTokensAreNotMistaken(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	_, err := p.verifier().VerifyLogout(t.Context(), p.token(p.claims().with(claims{"nonce": missing, "jti": "x", "sid": "y"})))
	refused(t, err, "events")
	_, err = p.verifier().Verify(t.Context(), p.token(p.logoutClaims()), nonce)
	refused(t, err, "nonce")
	_, err = p.verifier().Verify(t.Context(), sign(t, jose.RS256, rsaKey, "rsa-1", p.logoutClaims(), map[jose.HeaderKey]any{"typ": "logout+jwt"}), "")
	refused(t, err, "typ")
	unsigned := part(map[string]any{"alg": "none", "typ": "logout+jwt"}) + "." + part(p.logoutClaims()) + "."
	_, err = p.verifier().VerifyLogout(t.Context(), unsigned)
	refused(t, err, "alg")
}
