package social

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
)

// verify judges a token of the token endpoint (OIDC Core §3.1.3.7), and that the access token came with it (§3.1.3.8).
func (l *live) verify(ctx context.Context, got tokens, nonce string) (Claims, error) {
	claims, err := l.idTokens.Verify(ctx, got.id, nonce)
	if err != nil {
		return nil, err
	}
	if err := claims.VerifyAccessToken(got.access); err != nil {
		return nil, err
	}
	return l.check(Claims(claims.All))
}

// verifySent judges a token that a client brings. It may be of an app's client id, and must be young. For some providers it may be an access
// token instead, of which there are no claims: reading the profile finds out whose it is, and for whom.
func (l *live) verifySent(ctx context.Context, raw, nonce string) (Claims, error) {
	if l.IDToken.AccessTokenInstead && strings.Count(raw, ".") != 2 {
		return nil, nil
	}
	claims, err := l.sentIDTokens.Verify(ctx, raw, nonce)
	if err != nil {
		return nil, err
	}
	return l.check(Claims(claims.All))
}

// check asks what only this provider's tokens say.
func (l *live) check(claims Claims) (Claims, error) {
	if l.IDToken.Check == nil {
		return claims, nil
	}
	return claims, l.IDToken.Check(claims)
}

// storedClaims reads an ID token from the database, which was verified before it was stored and is long expired by now.
func storedClaims(raw string) Claims {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	claims, err := DecodeClaims(payload)
	if err != nil {
		return nil
	}
	return claims
}

// profileOfAccount is what the provider says now, or said in the ID token that is kept. It must be about the account's subject: the
// tokens may have come from a client.
func (l *live) profileOfAccount(ctx context.Context, got tokens, subject string) (Profile, error) {
	g := Grant{AccessToken: got.access, API: l.api(got.access), App: l.api("")}
	if l.IDToken != nil {
		g.IDToken = storedClaims(got.id)
	}
	profile, err := l.currentProfile(ctx, g)
	if err == nil && profile.Subject != subject {
		err = errors.New("the provider speaks of another subject than the account's")
	}
	return profile, err
}

func (l *live) currentProfile(ctx context.Context, g Grant) (Profile, error) {
	if l.Source == FromIDToken && g.IDToken == nil && l.UserInfoURL != "" {
		claims, err := g.userInfo(ctx, l.UserInfoURL)
		if err != nil {
			return Profile{}, err
		}
		return l.readProfile(ctx, g, claims)
	}
	claims, err := l.claims(ctx, g)
	if err != nil {
		return Profile{}, err
	}
	return l.readProfile(ctx, g, claims)
}
