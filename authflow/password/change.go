package password

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountChange(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/change-password",
		Summary: "Change the password",
		Session: authflow.SessionRequired, Sensitive: true,
		Begins: true, Proof: "currentPassword",
		Body: []authflow.Field{
			authflow.Password("newPassword", "The new password."),
			authflow.Password("currentPassword", "The present password."),
			authflow.Flag("revokeOtherSessions", "End all sessions and begin a new one; default false."),
		},
		Answer: changeAnswer{},
		Errors: []*authflow.Error{
			authflow.ErrInvalidPassword, authflow.ErrPasswordTooShort, authflow.ErrPasswordTooLong, authflow.ErrPasswordCompromised,
			authflow.ErrCredentialNotFound, authflow.ErrTooManySignIns,
		},
		Handle: f.change,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/verify-password",
		Summary: "Tell whether the password is the user's",
		Session: authflow.SessionRequired, Sensitive: true, Proof: "password",
		Body:   []authflow.Field{authflow.Password("password", "The password.")},
		Answer: statusAnswer{},
		Errors: []*authflow.Error{authflow.ErrInvalidPassword, authflow.ErrPasswordTooLong, authflow.ErrTooManySignIns},
		Handle: f.verifyPassword,
	})
}

type statusAnswer struct {
	Status bool `json:"status"`
}

type changeAnswer struct {
	Token *sessionstore.Token `json:"token"` // null unless a new session was begun
	User  authflow.UserObject `json:"user"`
}

func (f *Feature) change(c *authflow.Call) error {
	user := c.Identity().User
	if err := f.checkLength(c.Body.String("newPassword")); err != nil {
		return err
	}
	account, err := f.check(c, user.ID, c.Body.String("currentPassword"))
	if err != nil {
		if errors.Is(err, authflow.ErrInvalidPassword) {
			c.Note(authflow.Event{Name: authflow.EventPasswordChanged, Outcome: authflow.OutcomeFailure, UserID: user.ID, Reason: "wrong_password"})
		}
		return err
	}
	hash, err := f.hashNew(c, string(user.ID), user.Email, c.Body.String("newPassword"))
	if err != nil {
		return err
	}
	var session sessionstore.Session
	revoke := c.Body.Bool("revokeOtherSessions", false)
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := f.replace(c, tx, user, account, hash); err != nil || !revoke {
			return err
		}
		session, err = f.restart(c, tx, user)
		return err
	})
	if err != nil {
		return err
	}
	answer := changeAnswer{User: authflow.NewUserObject(user)}
	if revoke {
		f.Core.Sessions.Reissue(c, session, user)
		answer.Token = &session.Token
	}
	return c.JSON(answer)
}

// replace sets the new password only if the one that was checked is still the present one. Whoever knows a former password and
// has such requests under way all the time would otherwise undo the reset that is to shut them out.
func (f *Feature) replace(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, account sessionstore.Account, hash string) error {
	changed, err := tx.UpgradePassword(c.R.Context(), account.ID, *account.Password, hash)
	switch {
	case err != nil:
		return fmt.Errorf("set password: %w", err)
	case !changed:
		return authflow.ErrInvalidPassword
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventPasswordChanged, UserID: user.ID}); err != nil {
		return err
	}
	return f.notify(c, tx, user)
}

// restart ends all sessions, this one too, and begins another.
func (f *Feature) restart(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User) (sessionstore.Session, error) {
	if _, err := tx.DeleteSessions(c.R.Context(), user.ID); err != nil {
		return sessionstore.Session{}, fmt.Errorf("revoke sessions: %w", err)
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventSessionsRevoked, UserID: user.ID, Reason: "password_changed"}); err != nil {
		return sessionstore.Session{}, err
	}
	return f.Core.Sessions.Create(c, tx, user, true, "change-password")
}

func (f *Feature) verifyPassword(c *authflow.Call) error {
	user := c.Identity().User
	event := authflow.Event{Name: authflow.EventPasswordVerified, UserID: user.ID}
	err := f.Check(c, user.ID, c.Body.String("password"))
	if errors.Is(err, authflow.ErrCredentialNotFound) {
		err = authflow.ErrInvalidPassword // who has none has not that one, either
	}
	if errors.Is(err, authflow.ErrInvalidPassword) {
		event.Outcome, event.Reason = authflow.OutcomeFailure, "wrong_password"
	} else if err != nil {
		return err
	}
	c.Note(event)
	if err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}
