package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountUpdate(r *authflow.Router) {
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/update-user",
		Summary: "Change what is stored about a user",
		Body: []authflow.Field{
			userID(),
			authflow.Record("data", "What to change: name, image, email, emailVerified, role, banned, banReason, banExpires, additional fields."),
		},
		OperationID: "adminUpdateUser",
		Answer:      authflow.UserObject{},
		Errors: []*authflow.Error{
			authflow.ErrMayNotUpdateUsers, authflow.ErrNoDataToUpdate, authflow.ErrPasswordNotData, authflow.ErrUserIDNotData,
			authflow.ErrMayNotChangeRole, authflow.ErrInvalidRoleType, authflow.ErrNoSuchRole, authflow.ErrMayNotBan, authflow.ErrNoBanningYourself,
			authflow.ErrMayNotSetEmail, authflow.ErrInvalidEmail, authflow.ErrEmailTaken, authflow.ErrMayNotSetPhone, authflow.ErrNoSuchUser,
			authflow.ErrFailedToUpdateUser,
		},
		Handle: f.update,
	})
}

func (f *Feature) update(c *authflow.Call) error {
	id, data := sessionstore.UserID(c.Body.String("userId")), c.Body.Object("data")
	if err := f.require(c, authflow.ErrMayNotUpdateUsers, id, "user", "update"); err != nil {
		return err
	}
	switch {
	case len(data) == 0:
		return authflow.ErrNoDataToUpdate
	case data.Has("password"):
		return authflow.ErrPasswordNotData
	case data.Has("id"):
		return authflow.ErrUserIDNotData
	}
	for _, check := range []func(*authflow.Call, sessionstore.UserID, authflow.Values) error{f.checkRole, f.checkBan, f.checkEmail, f.checkPhone} {
		if err := check(c, id, data); err != nil {
			return err
		}
	}
	change, err := f.readData(data, false)
	if err != nil {
		return err
	}
	if data.Has("email") {
		email := data.String("email")
		change.Email = &email
	}
	var also func(*sessionstore.Store) error
	if data.Bool("banned", false) {
		also = endSessions(c, id)
	}
	user, err := f.change(c, id, change, also, eventsOf(data)...)
	switch {
	case errors.Is(err, sessionstore.ErrConflict) && data.Has("email"):
		return authflow.ErrEmailTaken
	case errors.Is(err, sessionstore.ErrConflict): // a unique field
		return authflow.ErrFailedToUpdateUser
	case err != nil:
		return err
	}
	return c.JSON(authflow.NewUserObject(user))
}

// checkRole asks whether the caller may change the role, and makes one text of it.
func (f *Feature) checkRole(c *authflow.Call, id sessionstore.UserID, data authflow.Values) error {
	if !data.Has("role") {
		return nil
	}
	if err := f.require(c, authflow.ErrMayNotChangeRole, id, "user", "set-role"); err != nil {
		return err
	}
	role, err := f.readRole(data["role"])
	data["role"] = role
	return err
}

func (f *Feature) checkBan(c *authflow.Call, id sessionstore.UserID, data authflow.Values) error {
	if !bans(data) {
		return nil
	}
	if err := f.require(c, authflow.ErrMayNotBan, id, "user", "ban"); err != nil {
		return err
	}
	if data.Bool("banned", false) && id == c.Identity().User.ID {
		return authflow.ErrNoBanningYourself
	}
	return nil
}

func (f *Feature) checkEmail(c *authflow.Call, id sessionstore.UserID, data authflow.Values) error {
	if !data.Has("email") && !data.Has("emailVerified") {
		return nil
	}
	if err := f.require(c, authflow.ErrMayNotSetEmail, id, "user", "set-email"); err != nil || !data.Has("email") {
		return err
	}
	email := canonical(data.String("email"))
	if !authflow.IsEmail(email) {
		return authflow.ErrInvalidEmail
	}
	other, err := f.Store.FindUserByEmail(c.R.Context(), email)
	switch {
	case err == nil && other.ID != id:
		return authflow.ErrEmailTaken
	case err != nil && !errors.Is(err, sessionstore.ErrNotFound):
		return fmt.Errorf("find user by e-mail: %w", err)
	}
	data["email"] = email
	return nil
}

// checkPhone is about fields of better-auth's phone-number plugin, which an application may have as additional ones.
func (f *Feature) checkPhone(c *authflow.Call, id sessionstore.UserID, data authflow.Values) error {
	if !data.Has("phoneNumber") && !data.Has("phoneNumberVerified") {
		return nil
	}
	return f.require(c, authflow.ErrMayNotSetPhone, id, "user", "set-phone")
}

// eventsOf are what a change is remembered as.
func eventsOf(data authflow.Values) []authflow.Event {
	events := []authflow.Event{{Name: authflow.EventUserUpdated}}
	if data.Has("role") {
		events = append(events, authflow.Event{Name: authflow.EventRoleChanged})
	}
	switch {
	case data.Bool("banned", false):
		events = append(events, authflow.Event{Name: authflow.EventUserBanned})
	case data.Has("banned"):
		events = append(events, authflow.Event{Name: authflow.EventUserUnbanned})
	}
	if data.Has("email") {
		events = append(events, authflow.Event{Name: authflow.EventEmailChanged})
	}
	return events
}
