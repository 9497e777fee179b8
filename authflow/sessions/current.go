package sessions

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountCurrent(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/get-session",
		Summary: "The session and user of the caller, or null",
		Query: []authflow.Field{
			authflow.Present("disableRefresh", "Anything but nothing leaves the session as old as it is."),
			authflow.Present("disableCookieCache", "Anything but nothing asks for the session itself, not for its copy in the cookie."),
		},
		Answer: f.shown(),
		Handle: f.get,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/get-session",
		Summary:     "The same, renewing the session where GET does not: with auth.session.defer_refresh alone",
		BodyIgnored: true,
		Renews:      true,
		Answer:      f.shown(),
		Errors:      []*authflow.Error{authflow.ErrDeferSessionRefresh},
		Handle:      f.renew,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/update-session",
		Summary:   "Change additional fields of the caller's session",
		Session:   authflow.SessionRequired,
		BodyShape: authflow.ShapeRecord,
		Body:      authflow.Additional(f.core.SessionFields, false),
		Answer:    updateAnswer{},
		Errors:    []*authflow.Error{authflow.ErrNoFieldsToUpdate, authflow.ErrFailedToGetSession, errFailedToUpdateSession},
		Handle:    f.update,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/sign-out", Aliases: []string{"/signout"},
		Summary:      "End the session of the caller",
		BodyOptional: true,
		Body: []authflow.Field{
			authflow.Text("callbackURL", "Where an identity provider is to send the browser afterwards.").Opt(),
			authflow.Flag("disableRedirect", "Tell where the provider's session ends, and do not lead there."),
			authflow.Text("state", "What the provider is to hand back with it.").Opt(),
		},
		Answer: signOutAnswer{},
		Handle: f.signOut,
	})
}

type sessionAnswer struct {
	Session      authflow.SessionObject `json:"session"`
	User         authflow.UserObject    `json:"user"`
	NeedsRefresh *bool                  `json:"needsRefresh,omitempty"` // where renewing is deferred
}

// shown is what get-session may say: with a cookie cache also what another server has written there.
func (f *Feature) shown() any {
	if f.core.Sessions.CachesInCookie() {
		return authflow.AnyOf{(*sessionAnswer)(nil), authflow.CachedSession{}}
	}
	return (*sessionAnswer)(nil)
}

func (f *Feature) get(c *authflow.Call) error {
	c.W.Header().Set("Pragma", "no-cache")
	identity, err := c.Session()
	if err != nil {
		// Nothing is opened by this answer, and nothing signed, not even a token for services: it may come from the cookie.
		if cached := c.CachedSession(err); cached != nil {
			return c.JSON(cached)
		}
		return err
	}
	if identity == nil {
		return c.JSON(nil)
	}
	for _, a := range f.announcers {
		a.Announce(c)
	}
	return c.JSON(sessionAnswer{
		Session:      authflow.NewSessionObject(identity.Session),
		User:         authflow.NewUserObject(identity.User),
		NeedsRefresh: c.NeedsRefresh(),
	})
}

func (f *Feature) renew(c *authflow.Call) error {
	if !f.core.Sessions.DefersRefresh() {
		c.W.Header().Set("Pragma", "no-cache")
		return authflow.ErrDeferSessionRefresh
	}
	return f.get(c)
}

// errFailedToUpdateSession: another session has the value of a unique field. better-auth answers 500.
var errFailedToUpdateSession = &authflow.Error{Status: http.StatusUnprocessableEntity, Code: "FAILED_TO_UPDATE_SESSION", Message: "Failed to update session"}

type updateAnswer struct {
	Session authflow.SessionObject `json:"session"`
}

// update changes nothing but additional fields: a session has no others that a client may set.
func (f *Feature) update(c *authflow.Call) error {
	fields, err := authflow.ReadFields(f.core.SessionFields, c.Body, false)
	switch {
	case err != nil:
		return err
	case len(fields) == 0:
		return authflow.ErrNoFieldsToUpdate
	}
	me := c.Identity()
	var session sessionstore.Session
	err = f.store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		session, err = tx.UpdateSession(c.R.Context(), me.Session.Token, fields)
		return err
	})
	switch {
	case errors.Is(err, sessionstore.ErrNotFound): // revoked meanwhile; it was remembered
		f.core.Sessions.Expire(c)
		return authflow.ErrFailedToGetSession
	case errors.Is(err, sessionstore.ErrConflict):
		return errFailedToUpdateSession
	case err != nil:
		return fmt.Errorf("update session: %w", err)
	}
	f.core.Sessions.Reissue(c, session, me.User)
	return c.JSON(updateAnswer{Session: authflow.NewSessionObject(session)})
}

// signOutAnswer names the place where an identity provider ends its session, if there is one.
type signOutAnswer struct {
	Success  bool   `json:"success"`
	URL      string `json:"url,omitempty"`
	Redirect *bool  `json:"redirect,omitempty"` // whether the client is to go there
}

// signOut deletes the row before it answers, so that the token is dead once the client has heard of it. It succeeds for
// everybody; what is left of a session in the browser goes in any case.
func (f *Feature) signOut(c *authflow.Call) error {
	identity, err := c.Session()
	if err != nil {
		return err
	}
	if identity != nil {
		err := f.store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
			if _, err := tx.DeleteSession(c.R.Context(), identity.Session.Token); err != nil {
				return fmt.Errorf("delete session: %w", err)
			}
			return c.Record(tx, authflow.Event{Name: authflow.EventSignOut, UserID: identity.User.ID, SessionID: identity.Session.ID})
		})
		if err != nil {
			return err
		}
	}
	f.core.Sessions.Expire(c)
	return c.JSON(f.signedOut(c, identity))
}

// signedOut also sends the browser to the provider. The answer stays 200: it is the client's script that goes there, as in better-auth.
func (f *Feature) signedOut(c *authflow.Call, identity *sessionstore.Identity) signOutAnswer {
	answer := signOutAnswer{Success: true}
	if f.Elsewhere == nil || identity == nil {
		return answer
	}
	answer.URL = f.Elsewhere.EndSessionURL(c, identity, c.Body.String("callbackURL"), c.Body.String("state"))
	if answer.URL == "" {
		return answer
	}
	redirect := !c.Body.Bool("disableRedirect", false)
	if answer.Redirect = &redirect; redirect {
		c.W.Header().Set("Location", answer.URL)
	}
	return answer
}
