package account

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountProfile(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/update-user",
		Summary:   "Change the caller's name, picture or additional fields",
		Session:   authflow.SessionRequired,
		BodyShape: authflow.ShapeRecord,
		Body: append([]authflow.Field{
			authflow.Text("name", "What the user is called.").Opt().Max(1024),
			authflow.Text("image", "URL of a picture; null takes it away.").Opt().Null(),
			authflow.Present("email", "Refused here: see /change-email."),
		}, authflow.Additional(f.Core.UserFields, false)...),
		Answer: statusAnswer{},
		Errors: []*authflow.Error{authflow.ErrEmailCannotBeUpdated, authflow.ErrNoFieldsToUpdate, authflow.ErrFailedToUpdateUser},
		Handle: f.update,
	})
}

type statusAnswer struct {
	Status bool `json:"status"`
}

func (f *Feature) update(c *authflow.Call) error {
	if c.Body.Truthy("email") {
		return authflow.ErrEmailCannotBeUpdated
	}
	change, any := profileChange(c.Body)
	var err error
	if change.Fields, err = authflow.ReadFields(f.Core.UserFields, c.Body, false); err != nil {
		return err
	}
	if !any && len(change.Fields) == 0 {
		return authflow.ErrNoFieldsToUpdate
	}
	me := c.Identity()
	var user sessionstore.User
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		user, err = tx.UpdateUser(c.R.Context(), me.User.ID, change)
		if err != nil {
			return fmt.Errorf("update user: %w", err)
		}
		return c.Record(tx, authflow.Event{Name: authflow.EventUserUpdated, UserID: user.ID})
	})
	switch {
	case errors.Is(err, sessionstore.ErrNotFound): // deleted meanwhile; the session was remembered
		return authflow.ErrUnauthorized
	case errors.Is(err, sessionstore.ErrConflict): // a unique field; better-auth answers 500
		return authflow.ErrFailedToUpdateUser
	case err != nil:
		return err
	}
	f.Core.Sessions.Reissue(c, me.Session, user)
	return c.JSON(statusAnswer{Status: true})
}

func profileChange(body authflow.Values) (change sessionstore.UserChange, any bool) {
	if body.Has("name") {
		name := body.String("name")
		change.Name = &name
	}
	if body.Has("image") {
		var image *string
		if !body.IsNull("image") {
			text := body.String("image")
			image = &text
		}
		change.Image = &image
	}
	return change, body.Has("name") || body.Has("image")
}
