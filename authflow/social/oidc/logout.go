package oidc

import (
	"context"
	"time"
)

const (
	// LogoutTokenLife is how old a logout token may be. Whoever remembers the jti of one for twice as long sees every replay.
	LogoutTokenLife = 10 * time.Minute

	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// LogoutClaims are those of a verified logout token. One of Subject and SessionID is set, or both.
type LogoutClaims struct {
	Issuer    string
	Subject   string // all of whose sessions end, when SessionID is empty
	SessionID string // sid: the provider's session that has ended
	TokenID   string // jti
	IssuedAt  time.Time
}

// VerifyLogout judges a logout token (Back-Channel Logout 1.0 §2.6). Whether its jti was seen before is for the caller to know.
func (v *Verifier) VerifyLogout(ctx context.Context, raw string) (LogoutClaims, error) {
	// The type is recommended and not required (§2.4); the claim events is what makes a logout token.
	set, _, err := v.open(ctx, raw, func(typ string) bool { return typ == "logout+jwt" || typ == "jwt" || typ == "" })
	if err != nil {
		return LogoutClaims{}, named("logout token", err)
	}
	claims := v.judgeLogout(set)
	if set.err != nil {
		return LogoutClaims{}, named("logout token", set.err)
	}
	return claims, nil
}

func (v *Verifier) judgeLogout(c *claimSet) LogoutClaims {
	now := v.cfg.Now()
	claims := LogoutClaims{
		Issuer:    c.text("iss", backchannel+"§2.4"),
		Subject:   c.subject(),
		SessionID: c.text("sid", backchannel+"§2.4"),
	}
	v.checkAudience(c)
	claims.IssuedAt, _ = c.checkTimes(now)
	if age := now.Sub(claims.IssuedAt); age > LogoutTokenLife+Leeway {
		c.fail("iat", backchannel+"§2.6 item 4", "issued %s ago, more than %s", age.Round(time.Second), LogoutTokenLife)
	}
	if c.require("jti", backchannel+"§2.4") {
		claims.TokenID = c.text("jti", backchannel+"§2.4")
	}
	if claims.Subject == "" && claims.SessionID == "" {
		c.fail("sid", backchannel+"§2.6 item 5", "is missing, and sub too")
	}
	c.checkLogoutEvent()
	if _, given := c.all["nonce"]; given {
		c.fail("nonce", backchannel+"§2.6 item 7", "is there, so this is an ID token") // or is to be mistaken for one
	}
	return claims
}

// checkLogoutEvent looks for the one member of events that says what the token is for (§2.4).
func (c *claimSet) checkLogoutEvent() {
	const section = backchannel + "§2.6 item 6"
	if !c.require("events", section) {
		return
	}
	events, ok := c.all["events"].(map[string]any)
	if !ok {
		c.fail("events", section, "is %s, not an object", kindOf(c.all["events"]))
		return
	}
	if _, ok := events[logoutEvent].(map[string]any); !ok {
		c.fail("events", section, "has no object %s", logoutEvent)
	}
}
