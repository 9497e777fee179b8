package social

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/social/oidc"
	"github.com/posternhq/postern/sessionstore"
)

// maxLogoutTokenBytes is that of package oidc, and a little more, so that it is the one to say what is wrong.
const maxLogoutTokenBytes = 80 << 10

func (f *Feature) mountBackChannel(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/backchannel-logout/:id",
		Summary: "Where an OpenID provider tells that its session of a user has ended (OpenID Connect Back-Channel Logout 1.0)",
		Params:  []authflow.Field{authflow.Text("id", "The provider's name.")},
		Body:    []authflow.Field{authflow.Text("logout_token", "The provider's signed word.").Max(maxLogoutTokenBytes)},
		Form:    true,
		Answer:  statusAnswer{},
		Errors:  []*authflow.Error{authflow.ErrInvalidLogoutToken, authflow.ErrProviderUnavailable},
		Handle:  f.backChannelLogout,
	})
}

// backChannelLogout ends the sessions that a provider means. It answers when they have ended: from then on none is let in.
func (f *Feature) backChannelLogout(c *authflow.Call) error {
	ctx := c.R.Context()
	p, err := f.providers.find(ctx, c.Param("id"))
	switch {
	case err != nil:
		return authflow.ErrProviderUnavailable.Because(err)
	case p == nil || !p.endsSessions():
		return authflow.ErrInvalidLogoutToken.Because(fmt.Errorf("%s is not configured as an OpenID provider by its issuer", f.providers.named(c.Param("id"))))
	}
	said, err := p.idTokens.VerifyLogout(ctx, c.Body.String("logout_token"))
	var refused *oidc.Error
	switch {
	case errors.As(err, &refused):
		return authflow.ErrInvalidLogoutToken.Because(err)
	case err != nil:
		return authflow.ErrProviderUnavailable.Because(err)
	}
	first := false
	err = f.Store.InTx(ctx, func(tx *sessionstore.Store) (err error) {
		first, err = f.ProviderSessions.use(ctx, tx, p.ID, said.TokenID, 2*oidc.LogoutTokenLife)
		if err != nil || !first {
			return err
		}
		return f.endSessions(c, tx, p, said)
	})
	switch {
	case err != nil:
		return err
	case !first:
		return authflow.ErrInvalidLogoutToken.Because(errors.New("its jti was seen before (OpenID Connect Back-Channel Logout 1.0 §2.6 item 8)"))
	}
	return c.JSON(statusAnswer{Status: true})
}

// endsSessions tells whether sessions are remembered as begun with this provider.
func (l *live) endsSessions() bool { return l.discovers && l.idTokens != nil }

// begunWith is the provider's session that a sign-in is begun with; false where its end would not be told. The ID token was verified before.
func (e entry) begunWith() (s providerSession, madeAt time.Time, told bool) {
	claims := storedClaims(e.tokens.id)
	if !e.provider.endsSessions() || claims == nil {
		return providerSession{}, time.Time{}, false
	}
	return providerSession{provider: e.provider.ID, subject: claims.Text("sub"), sid: claims.Text("sid")}, issuedAt(claims), true
}

// refuseEnded refuses to begin a session with one that the provider has ended meanwhile, and has it wait with that until there is one to end.
func (f *Feature) refuseEnded(c *authflow.Call, tx *sessionstore.Store, e entry) error {
	s, madeAt, told := e.begunWith()
	if !told {
		return nil
	}
	if err := f.ProviderSessions.hold(c.R.Context(), tx, s.provider, s.subject, s.sid); err != nil {
		return err
	}
	ended, err := f.ProviderSessions.endedSince(c.R.Context(), tx, s, madeAt)
	switch {
	case err != nil:
		return err
	case ended:
		return refuse(codeProviderSessionEnded, errors.New("the provider has ended its session since it made the ID token (OpenID Connect Back-Channel Logout 1.0 §2.7)"))
	}
	return nil
}

// rememberSession notes with which of the provider's sessions one of ours was begun.
func (f *Feature) rememberSession(c *authflow.Call, tx *sessionstore.Store, e entry, session sessionstore.Session) error {
	s, _, told := e.begunWith()
	if !told {
		return nil
	}
	s.session, s.user = session.ID, session.UserID
	return f.ProviderSessions.remember(c.R.Context(), tx, s)
}

// endSessions ends what the provider means: its one session, or all of the user's (§2.7).
func (f *Feature) endSessions(c *authflow.Call, tx *sessionstore.Store, p *live, said oidc.LogoutClaims) error {
	ctx := c.R.Context()
	if err := f.ProviderSessions.hold(ctx, tx, p.ID, said.Subject, said.SessionID); err != nil {
		return err
	}
	if err := f.ProviderSessions.noteLogout(ctx, tx, p.ID, said); err != nil {
		return err
	}
	meant, err := f.ProviderSessions.take(ctx, tx, p.ID, said.Subject, said.SessionID)
	if err != nil {
		return err
	}
	for _, s := range meant {
		ended, err := tx.DeleteSessionByID(ctx, s.user, s.session)
		if err != nil {
			return err
		}
		if !ended {
			continue // signed out already
		}
		if err := c.Record(tx, authflow.Event{Name: authflow.EventSessionRevoked, UserID: s.user, SessionID: s.session, Reason: "provider_" + p.ID}); err != nil {
			return err
		}
	}
	return nil
}
