package verification

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

// sendAnswerStep hides whether a letter was written. better-auth waits as long.
const sendAnswerStep = 500 * time.Millisecond

type statusAnswer struct {
	Status bool `json:"status"`
}

func (f *Feature) mountSend(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/send-verification-email",
		Summary: "Mail the link that proves an address",
		Account: "email",
		Body: []authflow.Field{
			authflow.Email("email", "The address."),
			authflow.Text("callbackURL", "Where the mailed link leads.").Opt(),
		},
		Answer: statusAnswer{},
		Errors: []*authflow.Error{authflow.ErrEmailMismatch, authflow.ErrEmailAlreadyVerified},
		Handle: f.send,
	})
}

// send answers everybody alike who is not signed in, in a time that tells nothing.
func (f *Feature) send(c *authflow.Call) error {
	identity, err := c.Session()
	if err != nil {
		return err
	}
	email := strings.ToLower(c.Body.String("email"))
	if identity != nil {
		return f.sendToSelf(c, identity.User, email)
	}
	began := time.Now()
	err = f.sendToStranger(c, email)
	authflow.AnswerOn(c.R.Context(), began, sendAnswerStep)
	if err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}

func (f *Feature) sendToSelf(c *authflow.Call, user sessionstore.User, email string) error {
	switch {
	case user.Email != email:
		return authflow.ErrEmailMismatch
	case user.EmailVerified:
		return authflow.ErrEmailAlreadyVerified
	}
	if err := f.mailIn(c, user); err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}

func (f *Feature) sendToStranger(c *authflow.Call, email string) error {
	user, err := f.Store.FindUserByEmail(c.R.Context(), email)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("find user by e-mail: %w", err)
	case user.EmailVerified:
		return nil
	}
	return f.mailIn(c, user)
}

func (f *Feature) mailIn(c *authflow.Call, user sessionstore.User) error {
	return f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		return f.mailLink(c, tx, user, c.Body.String("callbackURL"))
	})
}

// SendOnSignUp mails the link to a new user, if that is configured.
func (f *Feature) SendOnSignUp(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error {
	if !f.cfg.SendOnSignUp {
		return nil
	}
	return f.mailLink(c, tx, u, callbackURL)
}

// SendOnSignIn mails the link again to a user who signs in too early, if that is configured.
func (f *Feature) SendOnSignIn(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error {
	if !f.cfg.SendOnSignIn {
		return nil
	}
	return f.mailLink(c, tx, u, callbackURL)
}

func (f *Feature) mailLink(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error {
	link, err := f.link(claims{Email: u.Email, UserID: u.ID}, callbackURL)
	if err != nil {
		return err
	}
	letter := mail.Draft{Kind: "verify-email", To: u.Email, Name: u.Name, Languages: c.Languages(), Link: link, Life: f.cfg.ExpiresIn}.Letter()
	if err := f.Outbox.Enqueue(c.R.Context(), tx, letter.Message(f.Brand)); err != nil {
		return fmt.Errorf("enqueue verification letter: %w", err)
	}
	return c.Record(tx, authflow.Event{Name: authflow.EventVerificationSent, UserID: u.ID})
}

func (f *Feature) link(said claims, callbackURL string) (string, error) {
	token, err := f.sign(said)
	if err != nil {
		return "", err
	}
	callbackURL = cmp.Or(callbackURL, f.Core.Landings.Verified, "/")
	return f.Core.APIURL + "/verify-email?token=" + token + "&callbackURL=" + authflow.EscapeComponent(callbackURL), nil
}
