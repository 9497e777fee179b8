package disavow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	FindVerification(ctx context.Context, identifier string) (sessionstore.Verification, error)
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
}

// Outbox takes letters in the transaction of what they tell of.
type Outbox interface {
	Enqueue(ctx context.Context, tx *sessionstore.Store, m mail.Message) error
}

// Passwords ends passwords that somebody else knows. Package password does.
type Passwords interface {
	// Retire has the user's password work no more, and mails a link to set another. It tells whether there was one.
	Retire(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User) (bool, error)
}

// Deps is what this room stands on.
type Deps struct {
	Core      *authflow.Core
	Store     Store
	Outbox    Outbox
	Brand     mail.Brand
	Passwords Passwords
}

// Feature is the room. As a SessionWitness it writes the letters about new devices.
type Feature struct{ Deps }

var _ authflow.SessionWitness = (*Feature)(nil)

// New returns the room.
func New(deps Deps) *Feature { return &Feature{deps} }

// Name is the folder's.
func (*Feature) Name() string { return "disavow" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	token := authflow.Text("token", "The mailed token.").Max(maxTokenBytes)
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/disavow",
		Summary: "Say that a sign-in or a change was not one's own: ends all sessions and the password, with the mailed token",
		Body:    []authflow.Field{token},
		Answer:  disavowAnswer{},
		Errors:  []*authflow.Error{authflow.ErrInvalidToken(http.StatusBadRequest)},
		Handle:  f.disavow,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/disavow/:token",
		Summary:     "The mailed link: a page that asks once more, and changes nothing",
		Params:      []authflow.Field{token},
		OperationID: "disavowPage",
		Media:       "text/html",
		Handle:      f.ask,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/disavow/:token",
		Summary:     "The button of that page",
		Params:      []authflow.Field{token},
		BodyIgnored: true,
		OperationID: "disavowByPage",
		Media:       "text/html",
		Handle:      f.confirm,
	})
}

const (
	prefix        = "disavow:"
	tokenLength   = 24 // characters of 62: 142 bits
	maxTokenBytes = 512
	// life is how long a link works: people read their mail late.
	life = 7 * 24 * time.Hour
)

func (f *Feature) link(ctx context.Context, tx *sessionstore.Store, user sessionstore.UserID) (string, error) {
	now, token := f.Core.Now(), authflow.RandomString(tokenLength, authflow.AlphabetMixed)
	err := tx.CreateVerification(ctx, sessionstore.Verification{
		ID:         sessionstore.VerificationID(sessionstore.NewID()),
		Identifier: prefix + token,
		Value:      string(user),
		ExpiresAt:  now.Add(life),
		CreatedAt:  now,
		UpdatedAt:  now,
	})
	if err != nil {
		return "", fmt.Errorf("create token to disavow: %w", err)
	}
	if page := f.Core.Landings.Disavow; page != "" {
		return f.Core.BaseURL + page + "?token=" + token, nil
	}
	return f.Core.APIURL + "/disavow/" + token, nil
}

type disavowAnswer struct {
	Status        bool `json:"status"`
	PasswordReset bool `json:"passwordReset"` // there was a password, and a letter to set another is on its way
}

func (f *Feature) disavow(c *authflow.Call) error {
	reset, err := f.redeem(c, c.Body.String("token"))
	if err != nil {
		return err
	}
	return c.JSON(disavowAnswer{Status: true, PasswordReset: reset})
}

// redeem uses the token up. Of two that come at once the database lets one succeed.
func (f *Feature) redeem(c *authflow.Call, token string) (reset bool, err error) {
	if !isToken(token) {
		return false, f.refuse(c)
	}
	ctx := c.R.Context()
	err = f.Store.InTx(ctx, func(tx *sessionstore.Store) error {
		v, err := tx.ConsumeVerification(ctx, prefix+token)
		if err != nil {
			return fmt.Errorf("consume token to disavow: %w", err)
		}
		user, err := tx.FindUser(ctx, sessionstore.UserID(v.Value))
		if err != nil {
			return fmt.Errorf("find user who disavows: %w", err)
		}
		if err := c.Record(tx, authflow.Event{Name: authflow.EventDisavowed, UserID: user.ID}); err != nil {
			return err
		}
		if _, err := tx.DeleteSessions(ctx, user.ID); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		if err := c.Record(tx, authflow.Event{Name: authflow.EventSessionsRevoked, UserID: user.ID, Reason: "disavowed"}); err != nil {
			return err
		}
		reset, err = f.Passwords.Retire(c, tx, user)
		return err
	})
	if errors.Is(err, sessionstore.ErrNotFound) {
		return false, f.refuse(c)
	}
	return reset, err
}

func (f *Feature) refuse(c *authflow.Call) error {
	c.Note(authflow.Event{Name: authflow.EventDisavowed, Outcome: authflow.OutcomeFailure, Reason: "invalid_token"})
	return authflow.ErrInvalidToken(http.StatusBadRequest)
}

func isToken(token string) bool {
	return token != "" && len(token) <= maxTokenBytes && utf8.ValidString(token) && !strings.ContainsRune(token, 0)
}
