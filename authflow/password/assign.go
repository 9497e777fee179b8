package password

import (
	"fmt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Hash makes what is kept of a password that somebody else has chosen for the account, which is named in any form that is the same each
// time. It refuses one that is too long, and, as better-auth's admin plugin, none that is short.
func (f *Feature) Hash(c *authflow.Call, account, password string) (string, error) {
	if f.tooLong(password) {
		return "", authflow.ErrPasswordTooLong
	}
	return f.hash(c, account, password)
}

// Credential is the account that holds a user's hash.
func (f *Feature) Credential(user sessionstore.User, hash string) sessionstore.Account {
	return newCredential(user, hash)
}

// Assign gives the user a password that an administrator has chosen, whether or not they had one, and tells them by mail. The error wraps
// sessionstore.ErrNotFound when there is no such user.
func (f *Feature) Assign(c *authflow.Call, id sessionstore.UserID, password string) error {
	if err := f.checkLength(password); err != nil {
		return err
	}
	ctx := c.R.Context()
	user, err := f.Store.FindUser(ctx, id)
	if err != nil {
		return fmt.Errorf("find user: %w", err)
	}
	hash, err := f.hash(c, string(id), password)
	if err != nil {
		return err
	}
	return f.Store.InTx(ctx, func(tx *sessionstore.Store) error {
		changed, err := tx.SetPassword(ctx, id, hash)
		if err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if !changed {
			user.UpdatedAt = f.Core.Now()
			if err := tx.CreateAccount(ctx, newCredential(user, hash)); err != nil {
				return fmt.Errorf("create credential: %w", err)
			}
		}
		if err := c.Record(tx, authflow.Event{Name: authflow.EventPasswordSet, UserID: id, ActorID: c.Identity().User.ID}); err != nil {
			return err
		}
		return f.notify(c, tx, user)
	})
}

// Encode makes what is kept of a password that an operator has chosen at the command line, where nobody queues.
func (c Config) Encode(password string) (string, error) {
	if err := (&Feature{cfg: c}).checkLength(password); err != nil {
		return "", err
	}
	return encode(Algorithm(c.Hash), password)
}

// NewCredential is the account that holds a user's hash.
func NewCredential(user sessionstore.User, hash string) sessionstore.Account {
	return newCredential(user, hash)
}
