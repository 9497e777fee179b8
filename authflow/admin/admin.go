package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	FindUser(ctx context.Context, id sessionstore.UserID) (sessionstore.User, error)
	FindUserByEmail(ctx context.Context, email string) (sessionstore.User, error)
	ListUsers(ctx context.Context, q sessionstore.UserQuery) ([]sessionstore.User, int64, error)
	ListSessions(ctx context.Context, id sessionstore.UserID) ([]sessionstore.Session, error)
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
}

// Passwords makes credentials of passwords that an administrator chooses. Package password does.
type Passwords interface {
	// Hash makes what is kept of a password, of which account says whose it is, or returns the error to answer.
	Hash(c *authflow.Call, account, password string) (string, error)
	// Credential is the account that holds the user's hash.
	Credential(user sessionstore.User, hash string) sessionstore.Account
	// Assign replaces the user's password, or gives them one. The error wraps sessionstore.ErrNotFound when there is no such user.
	Assign(c *authflow.Call, id sessionstore.UserID, password string) error
}

// Deps is what this room stands on.
type Deps struct {
	Core      *authflow.Core
	Store     Store
	Passwords Passwords
}

// Feature is the room.
type Feature struct {
	Deps
	cfg           Config
	impersonation *authflow.Impersonation
}

// New returns the room. The store must have the fields of Config.UserFields and Config.SessionFields.
func New(cfg Config, deps Deps) *Feature {
	return &Feature{Deps: deps, cfg: cfg, impersonation: deps.Core.Impersonation(cfg.ImpersonationSessionDuration)}
}

// Name is the folder's.
func (*Feature) Name() string { return "admin" }

// Mount names the routes. There are none while the plugin is off.
func (f *Feature) Mount(r *authflow.Router) {
	if !f.cfg.Enabled {
		return
	}
	f.mountUsers(r)
	f.mountList(r)
	f.mountCreate(r)
	f.mountUpdate(r)
	f.mountRoles(r)
	f.mountBans(r)
	f.mountSessions(r)
	f.mountImpersonation(r)
	f.mountPermission(r)
}

// handle adds a route of administrators: none of them rests on a copy of the session.
func handle(r *authflow.Router, route authflow.Route) {
	route.Session, route.Sensitive, route.Nobody = authflow.SessionRequired, true, authflow.ErrNobody
	r.Handle(route)
}

func userID() authflow.Field { return authflow.Coerced("userId", "The user's id.") }

type userAnswer struct {
	User authflow.UserObject `json:"user"`
}

type successAnswer struct {
	Success bool `json:"success"`
}

// require returns refusal unless the caller may do this to the user, and then remembers that they tried.
func (f *Feature) require(c *authflow.Call, refusal *authflow.Error, about sessionstore.UserID, resource, action string) error {
	me := c.Identity()
	if f.cfg.may(me.User, Permissions{resource: {action}}) {
		return nil
	}
	c.Note(authflow.Event{
		Name: authflow.EventAdminRefused, Outcome: authflow.OutcomeFailure,
		UserID: about, ActorID: me.User.ID, SessionID: me.Session.ID, Reason: resource + "_" + action,
	})
	return refusal
}

// find returns the user, or ErrNoSuchUser.
func (f *Feature) find(c *authflow.Call, id sessionstore.UserID) (sessionstore.User, error) {
	user, err := f.Store.FindUser(c.R.Context(), id)
	if err != nil {
		return user, noSuchUser(fmt.Errorf("find user: %w", err))
	}
	return user, nil
}

func noSuchUser(err error) error {
	if errors.Is(err, sessionstore.ErrNotFound) {
		return authflow.ErrNoSuchUser
	}
	return err
}

// change applies a change to the user in one transaction with the events that tell of it, and what else is to happen.
func (f *Feature) change(c *authflow.Call, id sessionstore.UserID, change sessionstore.UserChange, also func(tx *sessionstore.Store) error, events ...authflow.Event) (user sessionstore.User, err error) {
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		if user, err = tx.UpdateUser(c.R.Context(), id, change); err != nil {
			return fmt.Errorf("update user: %w", err)
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		return f.record(c, tx, id, events...)
	})
	return user, noSuchUser(err)
}

// record writes down what the caller did to the user.
func (f *Feature) record(c *authflow.Call, tx *sessionstore.Store, about sessionstore.UserID, events ...authflow.Event) error {
	for _, e := range events {
		e.UserID, e.ActorID = about, c.Identity().User.ID
		if err := c.Record(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// set is a change of the plugin's fields.
func (f *Feature) set(values map[string]any) sessionstore.UserChange {
	var change sessionstore.UserChange
	for _, field := range f.Core.UserFields {
		if value, given := values[field.Name]; given {
			change.Fields = append(change.Fields, sessionstore.FieldValue{Field: field, Value: value})
		}
	}
	return change
}
