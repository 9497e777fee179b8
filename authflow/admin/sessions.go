package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountSessions(r *authflow.Router) {
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/list-user-sessions",
		Summary:     "A user's live sessions, tokens included",
		Body:        []authflow.Field{userID()},
		OperationID: "adminListUserSessions",
		Answer:      sessionsAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotListSessions},
		Handle:      f.listSessions,
	})
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/revoke-user-session",
		Summary:     "End one session, by its token",
		Body:        []authflow.Field{authflow.Text("sessionToken", "The session's token.")},
		OperationID: "revokeUserSession",
		Answer:      successAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotRevokeSessions},
		Handle:      f.revokeSession,
	})
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/revoke-user-sessions",
		Summary:     "End all sessions of a user",
		Body:        []authflow.Field{userID()},
		OperationID: "revokeUserSessions",
		Answer:      successAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotRevokeSessions},
		Handle:      f.revokeSessions,
	})
}

type sessionsAnswer struct {
	Sessions []authflow.SessionObject `json:"sessions"`
}

func (f *Feature) listSessions(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotListSessions, id, "session", "list"); err != nil {
		return err
	}
	sessions, err := f.Store.ListSessions(c.R.Context(), id)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	answer := sessionsAnswer{Sessions: make([]authflow.SessionObject, len(sessions))}
	for i, s := range sessions {
		answer.Sessions[i] = authflow.NewSessionObject(s)
	}
	return c.JSON(answer)
}

// revokeSession answers the same whether or not there is such a session.
func (f *Feature) revokeSession(c *authflow.Call) error {
	if err := f.require(c, authflow.ErrMayNotRevokeSessions, "", "session", "revoke"); err != nil {
		return err
	}
	token := sessionstore.Token(c.Body.String("sessionToken"))
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		identity, err := tx.FindSession(c.R.Context(), token)
		if err != nil {
			return fmt.Errorf("find session: %w", err)
		}
		if _, err := tx.DeleteSession(c.R.Context(), token); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		return f.record(c, tx, identity.User.ID, authflow.Event{Name: authflow.EventSessionRevoked, SessionID: identity.Session.ID})
	})
	if err != nil && !errors.Is(err, sessionstore.ErrNotFound) {
		return err
	}
	return c.JSON(successAnswer{Success: true})
}

func (f *Feature) revokeSessions(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotRevokeSessions, id, "session", "revoke"); err != nil {
		return err
	}
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := endSessions(c, id)(tx); err != nil {
			return err
		}
		return f.record(c, tx, id, authflow.Event{Name: authflow.EventSessionsRevoked, Reason: "all"})
	})
	if err != nil {
		return err
	}
	return c.JSON(successAnswer{Success: true})
}
