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

// Feature is the room.
type Feature struct {
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
