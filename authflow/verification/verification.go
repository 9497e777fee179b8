package verification

import (
	"context"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	FindUser(ctx context.Context, id sessionstore.UserID) (sessionstore.User, error)
	FindUserByEmail(ctx context.Context, email string) (sessionstore.User, error)
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
}

// Outbox takes letters in the transaction of what they tell of.
type Outbox interface {
	Enqueue(ctx context.Context, tx *sessionstore.Store, m mail.Message) error
}

// Deps is what this room stands on.
type Deps struct {
	Core   *authflow.Core
	Store  Store
	Outbox Outbox
	Brand  mail.Brand

	// Notify mails the former address when a user's address has changed.
	Notify bool
}

// Feature is the room.
type Feature struct {
	cfg    Config
	change ChangeEmailConfig
	Deps
}

// New returns the room.
func New(cfg Config, change ChangeEmailConfig, deps Deps) *Feature {
	return &Feature{cfg: cfg, change: change, Deps: deps}
}

// Name is the folder's.
func (*Feature) Name() string { return "verification" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	f.mountSend(r)
	f.mountAccept(r)
	f.mountChange(r)
}
