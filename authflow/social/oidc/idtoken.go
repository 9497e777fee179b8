package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	maxSubject  = 255                  // OpenID Connect Core 1.0 §2
	maxLifetime = 366 * 24 * time.Hour // nobody issues tokens for longer, unless they have mistaken the unit
)

// Verify judges an ID token (OpenID Connect Core 1.0 §3.1.3.7). nonce is the one of the authentication request; "" when there was
// none. Should the provider's keys not be had, the error is no *Error.
func (v *Verifier) Verify(ctx context.Context, raw, nonce string) (Claims, error) {
	// An ID token has no type of its own; a type that is somebody else's (at+jwt, logout+jwt) says that it is none.
	set, algorithm, err := v.open(ctx, raw, func(typ string) bool { return !strings.HasSuffix(typ, "+jwt") })
	if err != nil {
		return Claims{}, named("ID token", err)
	}
	claims := v.judge(set, nonce)
	claims.Algorithm = algorithm
	if set.err != nil {
		return Claims{}, named("ID token", set.err)
	}
	return claims, nil
}

// judge goes through the claims of an ID token whose signature holds.
func (v *Verifier) judge(c *claimSet, nonce string) Claims {
	now := v.cfg.Now()
	claims := Claims{All: c.all, Issuer: c.text("iss", core+"§2")}
	if c.require("sub", core+"§2") {
		claims.Subject = c.subject()
	}
	claims.Audience = v.checkAudience(c)
	claims.AuthorizedParty = v.checkParty(c, claims.Audience)
	claims.IssuedAt, claims.ExpiresAt = c.checkTimes(now)
	if age := now.Sub(claims.IssuedAt); v.cfg.MaxAge > 0 && age > v.cfg.MaxAge+Leeway {
		c.fail("iat", core+"§3.1.3.7 item 10", "issued %s ago, more than %s", age.Round(time.Second), v.cfg.MaxAge)
	}
	v.checkNonce(c, nonce)
	claims.AuthTime = v.checkAuthTime(c, now)
	claims.SessionID = c.text("sid", "OpenID Connect Front-Channel Logout 1.0 §3")
	claims.AccessTokenHash = c.text("at_hash", core+"§3.1.3.6")
	return claims
}

func (c *claimSet) subject() string {
	const section = core + "§2"
	subject := c.text("sub", section)
	if len(subject) > maxSubject || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' }) {
		c.fail("sub", section, "is not at most %d printable ASCII characters", maxSubject)
	}
	return subject
}

// ours are the audiences that are us.
func (v *Verifier) ours() []string { return append([]string{v.cfg.ClientID}, v.cfg.Audiences...) }

// checkAudience is item 3.
func (v *Verifier) checkAudience(c *claimSet) []string {
	const section = core + "§3.1.3.7 item 3"
	if !c.require("aud", section) {
		return nil
	}
	audience, ours := c.texts("aud", section), v.ours()
	if !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(ours, a) }) {
		c.fail("aud", section, "%s does not hold %s", shownList(audience), shownList(ours))
	}
	return audience
}

// checkParty is items 4 and 5, as the first edition has them: a token for several audiences must say which of them it was handed to, and
// whoever is named must be us.
func (v *Verifier) checkParty(c *claimSet, audience []string) string {
	party, ours := c.text("azp", core+"§3.1.3.7 item 5"), v.ours()
	switch {
	case len(audience) > 1 && !c.has("azp"):
		c.fail("azp", core+"§3.1.3.7 item 4", "is missing, and the token is for %s", shownList(audience))
	case c.has("azp") && !slices.Contains(ours, party) && !(v.cfg.AnyAuthorizedParty && len(audience) == 1):
		c.fail("azp", core+"§3.1.3.7 item 5", "%s is not %s", quoted(party), shownList(ours))
	}
	return party
}

// checkTimes is items 9 and 10, and nbf (RFC 7519 §4.1.5).
func (c *claimSet) checkTimes(now time.Time) (issued, expires time.Time) {
	if c.require("exp", core+"§3.1.3.7 item 9") {
		expires = c.date("exp", core+"§3.1.3.7 item 9")
		switch {
		case !expires.After(now.Add(-Leeway)):
			c.fail("exp", core+"§3.1.3.7 item 9", "expired at %s", expires.Format(time.RFC3339))
		case expires.After(now.Add(maxLifetime)):
			c.fail("exp", core+"§3.1.3.7 item 9", "%s is more than a year ahead", expires.Format(time.RFC3339))
		}
	}
	if c.require("iat", core+"§3.1.3.7 item 10") {
		issued = c.past("iat", core+"§3.1.3.7 item 10", now)
	}
	c.past("nbf", "RFC 7519 §4.1.5", now)
	return issued, expires
}

// checkNonce is item 11.
func (v *Verifier) checkNonce(c *claimSet, nonce string) {
	const section = core + "§3.1.3.7 item 11"
	got := c.text("nonce", section)
	if nonce == "" || !c.require("nonce", section) {
		return
	}
	same := subtle.ConstantTimeCompare([]byte(got), []byte(nonce))
	if v.cfg.HashedNonce {
		sum := sha256.Sum256([]byte(nonce))
		same |= subtle.ConstantTimeCompare([]byte(got), []byte(hex.EncodeToString(sum[:])))
	}
	if same != 1 {
		c.fail("nonce", section, "is not the one of the request")
	}
}

// checkAuthTime is item 13.
func (v *Verifier) checkAuthTime(c *claimSet, now time.Time) time.Time {
	const section = core + "§3.1.3.7 item 13"
	authTime := c.past("auth_time", section, now)
	if v.cfg.MaxAuthAge > 0 && c.require("auth_time", section) && now.Sub(authTime) > v.cfg.MaxAuthAge+Leeway {
		c.fail("auth_time", section, "%s is longer ago than %s", authTime.Format(time.RFC3339), v.cfg.MaxAuthAge)
	}
	return authTime
}

// VerifyAccessToken compares an access token with at_hash, which says that the two were issued together (§3.1.3.8). A token without
// at_hash says nothing, and the error is nil.
func (c Claims) VerifyAccessToken(accessToken string) error {
	if c.AccessTokenHash == "" {
		return nil
	}
	var sum []byte
	switch {
	case strings.HasSuffix(c.Algorithm, "384"):
		s := sha512.Sum384([]byte(accessToken))
		sum = s[:]
	case strings.HasSuffix(c.Algorithm, "512"), c.Algorithm == "EdDSA": // Ed25519 signs with SHA-512 (RFC 8032 §5.1)
		s := sha512.Sum512([]byte(accessToken))
		sum = s[:]
	default:
		s := sha256.Sum256([]byte(accessToken))
		sum = s[:]
	}
	want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	if subtle.ConstantTimeCompare([]byte(want), []byte(strings.TrimRight(c.AccessTokenHash, "="))) != 1 {
		return named("ID token", refusal("at_hash", core+"§3.1.3.8", "does not go with the access token"))
	}
	return nil
}

// named says which kind of token an Error is about.
func named(token string, err error) error {
	var refused *Error
	if errors.As(err, &refused) {
		refused.Token = token
	}
	return err
}
