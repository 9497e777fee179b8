package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// FindUser returns ErrNotFound when there is no such user.
func (s *Store) FindUser(ctx context.Context, id UserID) (User, error) {
	return s.findUser(ctx, "FindUser", string(id))
}

// FindUserByEmail compares in lower case, in which addresses are kept. Returns ErrNotFound when nobody has the address.
func (s *Store) FindUserByEmail(ctx context.Context, email string) (User, error) {
	return s.findUser(ctx, "FindUserByEmail", lowerCase(email))
}

// CreateUser keeps a user, and makes of u what the row is then: with times that were left open, and with all additional fields. One
// that is not among u.Fields gets its default; one that has none is left to the database. The role is not written: it belongs to
// who administers the application. Returns ErrConflict when the id, the address or a unique field is taken. Of concurrent calls
// with one address one succeeds.
func (s *Store) CreateUser(ctx context.Context, u *User) error {
	kept, err := s.findUserFields(ctx, "CreateUser", s.UserFields().WithDefaults(u.Fields), string(u.ID), u.Name, lowerCase(u.Email), u.EmailVerified, u.Image,
		s.orNow(u.CreatedAt), s.orNow(u.UpdatedAt))
	if err == nil {
		*u = kept
	}
	return err
}

// UserChange says what to change of a user. Nil leaves a field as it is; Image points to nil to clear the picture.
type UserChange struct {
	Name          *string
	Image         **string
	Email         *string
	EmailVerified *bool
	From          *string // change nothing, and return ErrNotFound, unless this is the present address
	Fields        Fields  // additional fields to set, to null as well
}

// UpdateUser applies a change in one statement, sets UpdatedAt, and returns the user as it is afterwards.
// Returns ErrNotFound when there is no such user, and ErrConflict when the new address is taken.
func (s *Store) UpdateUser(ctx context.Context, id UserID, c UserChange) (User, error) {
	defer s.changed(change{user: id})
	var image *string
	if c.Image != nil {
		image = *c.Image
	}
	var email *string
	if c.Email != nil {
		lower := lowerCase(*c.Email)
		email = &lower
	}
	return s.findUserFields(ctx, "UpdateUser", c.Fields, string(id), c.Name, c.Image != nil, image, email, c.EmailVerified, s.now(), c.From)
}

// LiftBan ends a ban that has run out, as better-auth does when the user comes back. It changes nothing where the database knows no
// bans, where there is none, or where it still holds.
func (s *Store) LiftBan(ctx context.Context, id UserID) error {
	if !s.db.core.Has("LiftBan") {
		return nil
	}
	defer s.changed(change{user: id})
	_, err := s.exec(ctx, "LiftBan", string(id), s.now())
	return err
}

// DeleteUser removes the user with all sessions and accounts, in one transaction, whether or not the tables cascade.
// Returns ErrNotFound when there is no such user.
func (s *Store) DeleteUser(ctx context.Context, id UserID) error {
	return s.InTx(ctx, func(tx *Store) error {
		defer tx.changed(change{user: id, ends: true})
		for _, statement := range []string{"DeleteSessions", "DeleteAccounts"} {
			if _, err := tx.exec(ctx, statement, string(id)); err != nil {
				return err
			}
		}
		deleted, err := tx.exec(ctx, "DeleteUser", string(id))
		if err == nil && deleted == 0 {
			return ErrNotFound
		}
		return err
	})
}

func (s *Store) findUser(ctx context.Context, statement string, args ...any) (User, error) {
	return s.findUserFields(ctx, statement, nil, args...)
}

func (s *Store) findUserFields(ctx context.Context, statement string, fields Fields, args ...any) (User, error) {
	var u User
	err := s.queryRowFields(ctx, statement, "user", fields, args, func(scan scanFunc) error { return scan(s.userColumns(&u)...) })
	if err != ErrNotFound && errors.Is(err, ErrNotFound) {
		// It is not the user who is not there, but what one of the application's columns refers to.
		err = fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	return u, err
}

// UserFields are the additional fields of users, as the settings have them.
func (s *Store) UserFields() AdditionalFields { return s.db.additional["user"] }

// userColumns are the destinations of {user.*}.
func (s *Store) userColumns(u *User) []any {
	columns := []any{&u.ID, &u.Name, &u.Email, &u.EmailVerified, &u.Image, &u.CreatedAt, &u.UpdatedAt, &u.Role, &u.Banned, &u.BanExpires}
	return append(columns, s.db.fieldColumns("user", &u.Fields)...)
}

// lowerCase leaves text that is not UTF-8 as it is: strings.ToLower would mend it, and the mended address may be somebody's.
func lowerCase(email string) string {
	if !utf8.ValidString(email) {
		return email
	}
	return strings.ToLower(email)
}

// orNow stands in for a time that the caller left open.
func (s *Store) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return s.now()
	}
	return t
}
