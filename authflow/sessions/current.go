package sessions

import (
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountCurrent(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/get-session",
		Summary: "The session and user of the caller, or null",
		Handle:  f.get,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/get-session",
		Summary:     "Refused: better-auth offers it only with deferred refreshing",
		BodyIgnored: true,
		Handle: func(c *authflow.Call) error {
			c.W.Header().Set("Pragma", "no-cache")
			return authflow.ErrDeferSessionRefresh
		},
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/update-session",
		Summary:   "Refused: a session has no fields of its own to update",
		Session:   authflow.SessionRequired,
		BodyShape: authflow.ShapeRecord,
		Handle:    func(*authflow.Call) error { return authflow.ErrNoFieldsToUpdate },
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/sign-out", Aliases: []string{"/signout"},
		Summary:      "End the session of the caller",
		BodyOptional: true,
		Body: []authflow.Field{
			authflow.Text("callbackURL", "Where the client goes afterwards.").Opt(),
			authflow.Flag("disableRedirect", "Accepted for better-auth's clients."),
			authflow.Text("state", "Accepted for better-auth's clients.").Opt(),
		},
		Handle: f.signOut,
	})
}

type sessionAnswer struct {
	Session authflow.SessionObject `json:"session"`
	User    authflow.UserObject    `json:"user"`
}

func (f *Feature) get(c *authflow.Call) error {
	c.W.Header().Set("Pragma", "no-cache")
	identity, err := c.Session()
	if err != nil {
		return err
	}
	if identity == nil {
		return c.JSON(nil)
	}
	for _, a := range f.announcers {
		a.Announce(c)
	}
	return c.JSON(sessionAnswer{
		Session: authflow.NewSessionObject(identity.Session),
		User:    authflow.NewUserObject(identity.User),
	})
}

type successAnswer struct {
	Success bool `json:"success"`
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
	return c.JSON(successAnswer{Success: true})
}
