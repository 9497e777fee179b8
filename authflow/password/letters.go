package password

import (
	"fmt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) resetLetter(user sessionstore.User, link string) mail.Message {
	return mail.Letter{
		Kind:      "reset-password",
		To:        user.Email,
		Subject:   "Reset your password",
		Heading:   "Choose a new password",
		Lines:     []string{mail.Greeting(user.Name), "someone, hopefully you, asked to reset the password of your account."},
		Action:    "Reset password",
		ActionURL: link,
		Note:      fmt.Sprintf("The link works once, and for %s. If you did not ask for it, you need not do anything.", mail.Span(f.cfg.ResetTokenExpiresIn)),
	}.Message(f.Brand)
}

// notify tells the owner that the password has changed, in the transaction that changes it.
func (f *Feature) notify(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User) error {
	if !f.Notify {
		return nil
	}
	letter := mail.Letter{
		Kind:    "password-changed",
		To:      user.Email,
		Subject: "Your password was changed",
		Heading: "Your password was changed",
		Lines:   []string{mail.Greeting(user.Name), "the password of your account was changed just now."},
		Note:    "If this was not you, reset your password at once.",
	}
	if err := f.Outbox.Enqueue(c.R.Context(), tx, letter.Message(f.Brand)); err != nil {
		return fmt.Errorf("enqueue notice: %w", err)
	}
	return nil
}
