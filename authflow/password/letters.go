package password

import (
	"fmt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) resetLetter(c *authflow.Call, user sessionstore.User, link string) mail.Message {
	return mail.Draft{
		Kind: "reset-password", To: user.Email, Name: user.Name, Languages: c.Languages(), Link: link, Life: f.cfg.ResetTokenExpiresIn,
	}.Letter().Message(f.Brand)
}

// notify tells the owner that the password has changed, in the transaction that changes it.
func (f *Feature) notify(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User) error {
	if !f.Notify {
		return nil
	}
	draft, err := f.Disavowal.Complete(c, tx, user, mail.Draft{Kind: "password-changed"})
	if err != nil {
		return err
	}
	if err := f.Outbox.Enqueue(c.R.Context(), tx, draft.Letter().Message(f.Brand)); err != nil {
		return fmt.Errorf("enqueue notice: %w", err)
	}
	return nil
}
