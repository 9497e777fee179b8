package sessions

import (
	"context"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	ListSessions(ctx context.Context, id sessionstore.UserID) ([]sessionstore.Session, error)
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
}

// Announcer adds to the header of get-session's answer what another room has to say of the session. Package jwt has one.
type Announcer interface {
	// Announce is called when there is a session, before its answer is written.
	Announce(c *authflow.Call)
}

// Elsewhere tells where a browser goes that has signed out, so that the session ends which an identity provider has. Package social does.
type Elsewhere interface {
	// EndSessionURL returns "" when there is no such place. callbackURL and state are the request's.
	EndSessionURL(c *authflow.Call, me *sessionstore.Identity, callbackURL, state string) string
}

// Feature is the room.
type Feature struct {
	// Elsewhere may be set before the room is mounted. Nil: sessions are nowhere but here.
	Elsewhere Elsewhere

	core       *authflow.Core
	store      Store
	announcers []Announcer
}

// New returns the room.
func New(core *authflow.Core, store Store, announcers ...Announcer) *Feature {
	return &Feature{core: core, store: store, announcers: announcers}
}

// Name is the folder's.
func (*Feature) Name() string { return "sessions" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	f.mountCurrent(r)
	f.mountList(r)
	f.mountRevoke(r)
	f.mountREST(r)
}

type statusAnswer struct {
	Status bool `json:"status"`
}
