package verification

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountChange(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/change-email",
		Summary: "Ask for another address; it counts once its link has been opened",
		Session: authflow.SessionRequired, Sensitive: true,
		Body: []authflow.Field{
			authflow.Email("newEmail", "The new address."),
			authflow.Text("callbackURL", "Where the mailed link leads.").Opt(),
		},
		Answer: statusAnswer{},
		Errors: []*authflow.Error{authflow.ErrChangeEmailDisabled, authflow.ErrEmailIsTheSame},
		Handle: f.requestChange,
	})
}

// requestChange mails the link that changes the address. Nothing changes before it is opened. For an address that is taken the
// answer is the same and no letter is written.
func (f *Feature) requestChange(c *authflow.Call) error {
	user, to := c.Identity().User, strings.ToLower(c.Body.String("newEmail"))
	switch {
	case !f.change.Enabled:
		return authflow.ErrChangeEmailDisabled
	case to == user.Email:
		return authflow.ErrEmailIsTheSame
	}
	_, err := f.Store.FindUserByEmail(c.R.Context(), to)
	switch {
	case err == nil:
		c.Note(authflow.Event{Name: authflow.EventEmailChangeRequested, Outcome: authflow.OutcomeFailure, UserID: user.ID, Reason: "address_taken"})
		return c.JSON(statusAnswer{Status: true})
	case !errors.Is(err, sessionstore.ErrNotFound):
		return fmt.Errorf("find user by e-mail: %w", err)
	}
	next := verifyChange
	if f.change.ConfirmCurrent && user.EmailVerified {
		next = confirmChange
	}
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := c.Record(tx, authflow.Event{Name: authflow.EventEmailChangeRequested, UserID: user.ID}); err != nil {
			return err
		}
		return f.mailChange(c, tx, user, to, next, c.Body.String("callbackURL"))
	})
	if err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}

func (f *Feature) mailChange(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, to string, next requestType, callbackURL string) error {
	link, err := f.link(claims{Email: user.Email, UpdateTo: to, UserID: user.ID, RequestType: next}, callbackURL)
	if err != nil {
		return err
	}
	draft := mail.Draft{Kind: "change-email", To: to, Name: user.Name, Languages: c.Languages(), Link: link, Life: f.cfg.ExpiresIn}
	if next == confirmChange {
		draft.Kind, draft.To, draft.Values = "confirm-change-email", user.Email, []string{"email", to}
	}
	letter := draft.Letter()
	if err := f.Outbox.Enqueue(c.R.Context(), tx, letter.Message(f.Brand)); err != nil {
		return fmt.Errorf("enqueue letter for change of address: %w", err)
	}
	return nil
}

// acceptChange is the opening of a link that requestChange mailed. It needs no session, and refuses one of another user.
func (f *Feature) acceptChange(c *authflow.Call, said claims) error {
	user, err := f.Store.FindUser(c.R.Context(), said.UserID)
	switch {
	case said.UserID == "":
		return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
	case errors.Is(err, sessionstore.ErrNotFound):
		return f.refuse(c, authflow.ErrUserNotFound)
	case err != nil:
		return fmt.Errorf("find user: %w", err)
	case user.Email != said.Email, !authflow.IsEmail(said.UpdateTo): // so a link works once
		return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
	}
	present, err := c.Session()
	if err != nil {
		return err
	}
	if present != nil && present.User.ID != user.ID {
		return f.refuse(c, authflow.ErrInvalidUser)
	}
	switch said.RequestType {
	case confirmChange:
		return f.confirmChange(c, user, said.UpdateTo)
	case verifyChange:
		return f.applyChange(c, user, present, said.UpdateTo)
	}
	// Differs from better-auth: a token without type changed the address before the new one was proved. We never make one.
	return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
}

func (f *Feature) confirmChange(c *authflow.Call, user sessionstore.User, to string) error {
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		return f.mailChange(c, tx, user, to, verifyChange, c.Query.String("callbackURL"))
	})
	switch {
	case err != nil:
		return err
	case c.Query.String("callbackURL") != "":
		return c.Redirect(c.Query.String("callbackURL"))
	}
	return c.JSON(statusAnswer{Status: true})
}

// applyChange gives the user the proved address. Whether it counts as verified stays as it was, as in better-auth.
func (f *Feature) applyChange(c *authflow.Call, user sessionstore.User, present *sessionstore.Identity, to string) error {
	former := user.Email
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		// Of two links that are opened at once, or one twice, the first to get here counts.
		changed, err := tx.UpdateUser(c.R.Context(), user.ID, sessionstore.UserChange{Email: &to, From: &former})
		if err != nil {
			return fmt.Errorf("change address: %w", err)
		}
		user = changed
		if err := c.Record(tx, authflow.Event{Name: authflow.EventEmailChanged, UserID: user.ID}); err != nil {
			return err
		}
		return f.notify(c, tx, user, former)
	})
	switch {
	case errors.Is(err, sessionstore.ErrConflict):
		// Differs from better-auth, which fails with 500: somebody else has registered the address meanwhile.
		return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
	case errors.Is(err, sessionstore.ErrNotFound): // deleted since it was found, or given another address
		if _, err := f.Store.FindUser(c.R.Context(), user.ID); err == nil {
			return f.refuse(c, authflow.ErrInvalidToken(http.StatusUnauthorized))
		}
		return f.refuse(c, authflow.ErrUserNotFound)
	case err != nil:
		return err
	}
	if present != nil {
		f.Core.Sessions.Reissue(c, present.Session, user)
	}
	object := authflow.NewUserObject(user)
	return f.done(c, &object)
}

// notify tells the former address, whose owner may not have wanted it.
func (f *Feature) notify(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, former string) error {
	if !f.Notify {
		return nil
	}
	letter := mail.Draft{Kind: "email-changed", To: former, Name: user.Name, Languages: c.Languages()}.Letter()
	if err := f.Outbox.Enqueue(c.R.Context(), tx, letter.Message(f.Brand)); err != nil {
		return fmt.Errorf("enqueue notice: %w", err)
	}
	return nil
}
