package verification

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountAccept(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/verify-email",
		Summary: "The mailed link: proves the address, or changes it",
		Begins:  true,
		Query: []authflow.Field{
			authflow.Text("token", "The mailed token.").Any(),
			authflow.Text("callbackURL", "Where the browser goes afterwards.").Opt(),
		},
		Answer:    authflow.AnyOf{acceptAnswer{}, statusAnswer{}}, // the latter where another letter is to be opened
		Redirects: "To callbackURL, with `error` in its query when the token is refused.",
		Errors: []*authflow.Error{
			authflow.ErrInvalidToken(http.StatusUnauthorized), authflow.ErrTokenExpired, authflow.ErrUserNotFound, authflow.ErrInvalidUser,
		},
		Handle: f.accept,
	})
}

type acceptAnswer struct {
	Status bool                 `json:"status"`
	User   *authflow.UserObject `json:"user"` // null but for a change of address
}

func (f *Feature) accept(c *authflow.Call) error {
	if err := c.CheckRedirect(c.Query.String("callbackURL")); err != nil {
		return err
	}
	said, err := f.parse(c.Query.String("token"))
	switch {
	case errors.Is(err, errTokenExpired):
		return f.refuse(c, authflow.ErrTokenExpired)
	case err != nil:
		return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
	case said.UpdateTo != "":
		return f.acceptChange(c, said)
	}
	return f.acceptAddress(c, said)
}

// refuse sends a browser back with the error's code in the query, and tells it to other clients.
func (f *Feature) refuse(c *authflow.Call, e *authflow.Error) error {
	c.Note(authflow.Event{Name: authflow.EventEmailVerified, Outcome: authflow.OutcomeFailure, Reason: reason(e)})
	if target := c.Query.String("callbackURL"); target != "" {
		return c.Redirect(authflow.AppendQuery(target, url.Values{"error": {e.Code}}))
	}
	return e
}

// reason is the audit log's word for an answer.
func reason(e *authflow.Error) string {
	switch e.Code {
	case "TOKEN_EXPIRED":
		return "expired_token"
	case "USER_NOT_FOUND":
		return "unknown_account"
	case "INVALID_USER":
		return "other_user"
	}
	return "invalid_token"
}

func (f *Feature) acceptAddress(c *authflow.Call, said claims) error {
	user, err := f.Store.FindUserByEmail(c.R.Context(), said.Email)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return f.refuse(c, authflow.ErrUserNotFound)
	case err != nil:
		return fmt.Errorf("find user by e-mail: %w", err)
	case said.UserID != "" && said.UserID != user.ID:
		return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
	case user.EmailVerified:
		return f.done(c, nil)
	}
	err = f.prove(c, user)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound): // deleted since it was found
		return f.refuse(c, authflow.ErrUserNotFound)
	case err != nil:
		return err
	}
	return f.done(c, nil)
}

// prove marks the address as proved and signs the user in, unless the browser has a session of that address already.
func (f *Feature) prove(c *authflow.Call, user sessionstore.User) error {
	present, err := c.Session()
	if err != nil {
		return err
	}
	var session sessionstore.Session
	kept := present != nil && present.User.Email == user.Email
	begin := f.cfg.AutoSignInAfterVerification && !kept
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		verified := true
		user, err = tx.UpdateUser(c.R.Context(), user.ID, sessionstore.UserChange{EmailVerified: &verified})
		if err != nil {
			return fmt.Errorf("mark address as proved: %w", err)
		}
		if err := c.Record(tx, authflow.Event{Name: authflow.EventEmailVerified, UserID: user.ID}); err != nil || !begin {
			return err
		}
		session, err = f.Core.Sessions.Create(c, tx, user, true, "verification")
		return err
	})
	switch {
	case err != nil:
		return err
	case begin:
		f.Core.Sessions.Reissue(c, session, user)
		c.RememberDevice(user.Email)
	case kept && f.cfg.AutoSignInAfterVerification:
		f.Core.Sessions.Reissue(c, present.Session, user)
	}
	return nil
}

func (f *Feature) done(c *authflow.Call, user *authflow.UserObject) error {
	if target := c.Query.String("callbackURL"); target != "" {
		return c.Redirect(target)
	}
	return c.JSON(acceptAnswer{Status: true, User: user})
}
