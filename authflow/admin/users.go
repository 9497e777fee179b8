package admin

import (
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountUsers(r *authflow.Router) {
	handle(r, authflow.Route{
		Method: http.MethodGet, Path: "/admin/get-user",
		Summary:     "One user",
		Query:       []authflow.Field{authflow.Text("id", "The user's id.")},
		OperationID: "getUser",
		Answer:      authflow.UserObject{},
		Errors:      []*authflow.Error{authflow.ErrMayNotGetUser, authflow.ErrNoSuchUser},
		Handle:      f.get,
	})
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/remove-user",
		Summary:     "Delete a user with all sessions and accounts",
		Body:        []authflow.Field{userID()},
		OperationID: "removeUser",
		Answer:      successAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotDeleteUsers, authflow.ErrNoRemovingYourself, authflow.ErrNoSuchUser},
		Handle:      f.remove,
	})
	password, id := authflow.Password("newPassword", "The new password.").Needed(), userID().Needed()
	password.Empty, id.Empty = "newPassword cannot be empty", "userId cannot be empty"
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/set-user-password",
		Summary:     "Give a user another password. Their sessions go on",
		Body:        []authflow.Field{password, id},
		OperationID: "setUserPassword",
		Answer:      statusAnswer{},
		Errors: []*authflow.Error{
			authflow.ErrMayNotSetPassword, authflow.ErrPasswordTooShort, authflow.ErrPasswordTooLong, authflow.ErrNoSuchUser, authflow.ErrTooManySignIns,
		},
		Handle: f.setPassword,
	})
}

type statusAnswer struct {
	Status bool `json:"status"`
}

func (f *Feature) get(c *authflow.Call) error {
	id := sessionstore.UserID(c.Query.String("id"))
	if err := f.require(c, authflow.ErrMayNotGetUser, id, "user", "get"); err != nil {
		return err
	}
	user, err := f.find(c, id)
	if err != nil {
		return err
	}
	return c.JSON(authflow.NewUserObject(user))
}

func (f *Feature) remove(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotDeleteUsers, id, "user", "delete"); err != nil {
		return err
	}
	if id == c.Identity().User.ID {
		return authflow.ErrNoRemovingYourself
	}
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := tx.DeleteUser(c.R.Context(), id); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		return f.record(c, tx, id, authflow.Event{Name: authflow.EventUserDeleted})
	})
	if err != nil {
		return noSuchUser(err)
	}
	return c.JSON(successAnswer{Success: true})
}

func (f *Feature) setPassword(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotSetPassword, id, "user", "set-password"); err != nil {
		return err
	}
	if err := f.Passwords.Assign(c, id, c.Body.String("newPassword")); err != nil {
		return noSuchUser(err)
	}
	return c.JSON(statusAnswer{Status: true})
}
