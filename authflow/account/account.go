package account

import (
	"context"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

// DeleteUserConfig is better-auth's user.deleteUser.
type DeleteUserConfig struct {
	Enabled      bool `key:"enabled" default:"false" doc:"Whether users may delete themselves."`
	Verification bool `key:"verification" default:"true" doc:"Mail a link that completes the deletion. Without it the password, or a fresh session, is enough."`
}

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
	ListAccounts(ctx context.Context, id sessionstore.UserID) ([]sessionstore.Account, error)
	ConsumeVerification(ctx context.Context, identifier string) (sessionstore.Verification, error)
}

// Outbox takes letters in the transaction of what they tell of.
type Outbox interface {
	Enqueue(ctx context.Context, tx *sessionstore.Store, m mail.Message) error
}

// PasswordChecker tells whether a password is the user's. Package password has it.
type PasswordChecker interface {
	// Check returns nil when it is, else the error to answer.
	Check(c *authflow.Call, id sessionstore.UserID, password string) error
}

// Deps is what this room stands on.
type Deps struct {
	Core     *authflow.Core
	Store    Store
	Outbox   Outbox
	Brand    mail.Brand
	Password PasswordChecker
}

// Feature is the room.
type Feature struct {
	deletion DeleteUserConfig
	Deps
}

// New returns the room.
func New(deletion DeleteUserConfig, deps Deps) *Feature {
	return &Feature{deletion: deletion, Deps: deps}
}

// Name is the folder's.
func (*Feature) Name() string { return "account" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	f.mountProfile(r)
	f.mountDelete(r)
	f.mountLinked(r)
}
