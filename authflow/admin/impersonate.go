package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountImpersonation(r *authflow.Router) {
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/impersonate-user",
		Summary:     "Be another user for a while. The own session waits in a cookie",
		Body:        []authflow.Field{userID()},
		Begins:      true,
		OperationID: "impersonateUser",
		Answer:      impersonationAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotImpersonate, authflow.ErrNoSuchUser, authflow.ErrNoImpersonatingAdmins},
		Handle:      f.impersonate,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/admin/stop-impersonating",
		Summary: "Be oneself again",
		Session: authflow.SessionRequired, Nobody: authflow.ErrNobody,
		OperationID: "stopImpersonating",
		Answer:      impersonationAnswer{},
		Errors:      []*authflow.Error{authflow.ErrNotImpersonating, authflow.ErrImpersonatorGone, authflow.ErrNoSessionToReturnTo},
		Handle:      f.stopImpersonating,
	})
}

type impersonationAnswer struct {
	Session authflow.SessionObject `json:"session"`
	User    authflow.UserObject    `json:"user"`
}

func (f *Feature) impersonate(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotImpersonate, id, "user", "impersonate"); err != nil {
		return err
	}
	user, err := f.find(c, id)
	if err != nil {
		return err
	}
	if f.cfg.isAdmin(user) && !f.cfg.AllowImpersonatingAdmins {
		if err := f.require(c, authflow.ErrNoImpersonatingAdmins, id, "user", "impersonate-admins"); err != nil {
			return err
		}
	}
	var session sessionstore.Session
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		session, err = f.impersonation.Create(c, tx, user)
		return err
	})
	if err != nil {
		return err
	}
	f.impersonation.Issue(c, session, user)
	return c.JSON(impersonationAnswer{authflow.NewSessionObject(session), authflow.NewUserObject(user)})
}

func (f *Feature) stopImpersonating(c *authflow.Call) error {
	impersonated := c.Identity()
	actor := authflow.Impersonator(impersonated.Session)
	if actor == "" {
		return authflow.ErrNotImpersonating
	}
	if _, err := f.Store.FindUser(c.R.Context(), actor); errors.Is(err, sessionstore.ErrNotFound) {
		return authflow.ErrImpersonatorGone
	} else if err != nil {
		return fmt.Errorf("find user: %w", err)
	}
	own, remember, err := f.ownSession(c)
	switch {
	case err != nil:
		return err
	case own == nil || own.User.ID != actor:
		return authflow.ErrNoSessionToReturnTo
	}
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if _, err := tx.DeleteSession(c.R.Context(), impersonated.Session.Token); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		return c.Record(tx, authflow.Event{
			Name: authflow.EventImpersonationStopped, UserID: impersonated.User.ID, ActorID: actor, SessionID: impersonated.Session.ID,
		})
	})
	if err != nil {
		return err
	}
	f.impersonation.Restore(c, own, remember)
	return c.JSON(impersonationAnswer{authflow.NewSessionObject(own.Session), authflow.NewUserObject(own.User)})
}

// ownSession is the administrator's, as it waits in the browser; nil when it has ended.
func (f *Feature) ownSession(c *authflow.Call) (own *sessionstore.Identity, remember bool, err error) {
	token, remember := f.impersonation.Waiting(c)
	if token == "" {
		return nil, false, nil
	}
	own, err = f.impersonation.Find(c, token)
	return own, remember, err
}
