package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountCreate(r *authflow.Router) {
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/create-user",
		Summary: "Make an account for somebody",
		Body: []authflow.Field{
			authflow.Text("email", "The address, which becomes lower case."),
			authflow.Password("password", "The password. Without one the user comes by another way, or by a reset.").Opt(),
			authflow.Text("name", "What the user is called.").Max(1024),
			authflow.TextOr("role", "The role, or the roles; auth.admin.default_role without.").Opt(),
			authflow.Record("data", "Further fields: emailVerified, image, additional ones.").Opt(),
		},
		OperationID: "createUser",
		Answer:      userAnswer{},
		Errors: []*authflow.Error{
			authflow.ErrMayNotCreateUsers, authflow.ErrMayNotChangeRole, authflow.ErrMayNotBan, authflow.ErrInvalidRoleType, authflow.ErrNoSuchRole,
			authflow.ErrInvalidEmail, authflow.ErrPasswordTooLong, authflow.ErrEmailTaken, authflow.ErrMissingField("x"), authflow.ErrTooManySignIns,
		},
		Handle: f.create,
	})
}

func (f *Feature) create(c *authflow.Call) error {
	if err := f.require(c, authflow.ErrMayNotCreateUsers, "", "user", "create"); err != nil {
		return err
	}
	data, err := f.dataOfNew(c)
	if err != nil {
		return err
	}
	email := canonical(c.Body.String("email"))
	if !authflow.IsEmail(email) {
		return authflow.ErrInvalidEmail
	}
	user, err := f.newUser(c, email, data)
	if err != nil {
		return err
	}
	password := c.Body.String("password")
	hash := ""
	if password != "" {
		// Whether it is too long is asked before whether the address is taken, as in better-auth; hashing costs an administrator nothing.
		if hash, err = f.Passwords.Hash(c, email, password); err != nil {
			return err
		}
	}
	if err := f.keep(c, &user, hash); err != nil {
		return err
	}
	return c.JSON(userAnswer{authflow.NewUserObject(user)})
}

// dataOfNew is the body's data with the role that is asked for, once it is known that the caller may ask for all of it.
func (f *Feature) dataOfNew(c *authflow.Call) (authflow.Values, error) {
	data := authflow.Values{}
	for name, value := range c.Body.Object("data") {
		data[name] = value
	}
	if roles := c.Body.TextOr("role"); roles != nil {
		data["role"] = any(strings.Join(roles, ","))
		if err := f.require(c, authflow.ErrMayNotChangeRole, "", "user", "set-role"); err != nil {
			return nil, err
		}
		if err := f.checkRoles(roles); err != nil {
			return nil, err
		}
	} else if data.Has("role") {
		if err := f.require(c, authflow.ErrMayNotChangeRole, "", "user", "set-role"); err != nil {
			return nil, err
		}
		role, err := f.readRole(data["role"])
		if err != nil {
			return nil, err
		}
		data["role"] = role
	}
	if bans(data) {
		return data, f.require(c, authflow.ErrMayNotBan, "", "user", "ban")
	}
	return data, nil
}

func (f *Feature) newUser(c *authflow.Call, email string, data authflow.Values) (sessionstore.User, error) {
	change, err := f.readData(data, true)
	if err != nil {
		return sessionstore.User{}, err
	}
	now := f.Core.Now()
	user := sessionstore.User{
		ID: sessionstore.UserID(sessionstore.NewID()), Name: c.Body.String("name"), Email: email,
		CreatedAt: now, UpdatedAt: now, Fields: change.Fields,
	}
	if change.Image != nil {
		user.Image = *change.Image
	}
	if change.EmailVerified != nil {
		user.EmailVerified = *change.EmailVerified
	}
	return user, nil
}

// keep writes the user, and the account that holds the hash unless that is empty.
func (f *Feature) keep(c *authflow.Call, user *sessionstore.User, hash string) error {
	ctx := c.R.Context()
	err := f.Store.InTx(ctx, func(tx *sessionstore.Store) error {
		if _, err := tx.FindUserByEmail(ctx, user.Email); err == nil {
			return authflow.ErrEmailTaken
		} else if !errors.Is(err, sessionstore.ErrNotFound) {
			return fmt.Errorf("find user by e-mail: %w", err)
		}
		if err := tx.CreateUser(ctx, user); err != nil {
			return fmt.Errorf("create user: %w", err)
		}
		if hash != "" {
			if err := tx.CreateAccount(ctx, f.Passwords.Credential(*user, hash)); err != nil {
				return fmt.Errorf("create credential: %w", err)
			}
		}
		return f.record(c, tx, user.ID, authflow.Event{Name: authflow.EventUserCreated})
	})
	if errors.Is(err, sessionstore.ErrConflict) { // somebody else has taken the address, or a unique field's value
		return authflow.ErrEmailTaken
	}
	return err
}
