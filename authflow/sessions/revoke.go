package sessions

import (
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountRevoke(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/revoke-session",
		Summary: "End one of the caller's sessions, by its token",
		Session: authflow.SessionRequired, Sensitive: true,
		Body:   []authflow.Field{authflow.Text("token", "The session's token.")},
		Answer: statusAnswer{},
		Handle: f.revokeOne,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/revoke-sessions",
		Summary: "End all of the caller's sessions, this one too",
		Session: authflow.SessionRequired, Sensitive: true,
		Answer: statusAnswer{},
		Handle: f.revokeAll,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/revoke-other-sessions",
		Summary: "End all of the caller's sessions but this one",
		Session: authflow.SessionRequired, Sensitive: true,
		Answer: statusAnswer{},
		Handle: f.revokeOthers,
	})
}

// revokeOne answers the same whether the token is the caller's, another's or nobody's; only the caller's own ends.
func (f *Feature) revokeOne(c *authflow.Call) error {
	me := c.Identity()
	token := sessionstore.Token(c.Body.String("token"))
	own, err := f.ownSession(c, func(s sessionstore.Session) bool { return s.Token == token })
	if err != nil {
		return err
	}
	if own != nil {
		if err := f.end(c, *own); err != nil {
			return err
		}
		if own.ID == me.Session.ID {
			f.core.Sessions.Expire(c)
		}
	}
	return c.JSON(statusAnswer{Status: true})
}

// ownSession returns the caller's session that is meant, or nil.
func (f *Feature) ownSession(c *authflow.Call, meant func(sessionstore.Session) bool) (*sessionstore.Session, error) {
	sessions, err := f.store.ListSessions(c.R.Context(), c.Identity().User.ID)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	for _, s := range sessions {
		if meant(s) {
			return &s, nil
		}
	}
	return nil, nil
}

func (f *Feature) end(c *authflow.Call, s sessionstore.Session) error {
	return f.store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if _, err := tx.DeleteSession(c.R.Context(), s.Token); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		return c.Record(tx, authflow.Event{Name: authflow.EventSessionRevoked, UserID: s.UserID, SessionID: s.ID})
	})
}

func (f *Feature) revokeAll(c *authflow.Call) error {
	err := f.endMany(c, "all", func(tx *sessionstore.Store, me *sessionstore.Identity) (int64, error) {
		return tx.DeleteSessions(c.R.Context(), me.User.ID)
	})
	if err != nil {
		return err
	}
	f.core.Sessions.Expire(c)
	return c.JSON(statusAnswer{Status: true})
}

func (f *Feature) revokeOthers(c *authflow.Call) error {
	err := f.endMany(c, "others", func(tx *sessionstore.Store, me *sessionstore.Identity) (int64, error) {
		return tx.DeleteOtherSessions(c.R.Context(), me.User.ID, me.Session.Token)
	})
	if err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}

func (f *Feature) endMany(c *authflow.Call, which string, end func(*sessionstore.Store, *sessionstore.Identity) (int64, error)) error {
	me := c.Identity()
	return f.store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if _, err := end(tx, me); err != nil {
			return fmt.Errorf("delete sessions: %w", err)
		}
		return c.Record(tx, authflow.Event{Name: authflow.EventSessionsRevoked, UserID: me.User.ID, SessionID: me.Session.ID, Reason: which})
	})
}
