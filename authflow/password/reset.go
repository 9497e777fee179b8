package password

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// resetPrefix begins a reset's identifier in the verification table; the token in clear follows, as better-auth keeps it.
const resetPrefix = "reset-password:"

// resetTokenLength is better-auth's: 24 characters hold 142 bits.
const resetTokenLength = 24

// maxTokenBytes bounds what is looked up as a token.
const maxTokenBytes = 512

// resetAnswerStep hides whether a letter was written: writing it takes a few milliseconds.
const resetAnswerStep = 100 * time.Millisecond

func (f *Feature) mountReset(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/request-password-reset", Aliases: []string{"/forgot-password"},
		Summary: "Mail a link that sets a new password",
		Account: "email",
		Body: []authflow.Field{
			authflow.Email("email", "The account's address."),
			authflow.Text("redirectTo", "Page that the link leads to, with the token in its query.").Opt(),
		},
		Answer: resetRequestAnswer{},
		Handle: f.requestReset,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/reset-password/:token",
		Summary:     "The mailed link: leads to the page that asks for the new password",
		Params:      []authflow.Field{authflow.Text("token", "The mailed token.")},
		Query:       []authflow.Field{authflow.Text("callbackURL", "The page.")},
		OperationID: "resetPasswordCallback",
		Redirects:   "To callbackURL, with `token` in its query, or with `error`.",
		Handle:      f.openReset,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/reset-password",
		Summary: "Set a new password with the mailed token",
		Body: []authflow.Field{
			authflow.Password("newPassword", "The new password."),
			authflow.Text("token", "The mailed token.").Opt().Max(maxTokenBytes),
		},
		Query:  []authflow.Field{authflow.Text("token", "The mailed token, where the body has none.").Opt().Max(maxTokenBytes)},
		Answer: statusAnswer{},
		Errors: []*authflow.Error{authflow.ErrInvalidToken(http.StatusBadRequest), authflow.ErrPasswordTooShort, authflow.ErrPasswordTooLong, authflow.ErrPasswordCompromised, authflow.ErrTooManySignIns},
		Handle: f.reset,
	})
}

type resetRequestAnswer struct {
	Status  bool   `json:"status"`
	Message string `json:"message"`
}

// requestReset answers every address alike, in a time that is rounded up so that it tells nothing either.
func (f *Feature) requestReset(c *authflow.Call) error {
	began := time.Now()
	err := f.mailReset(c, canonical(c.Body.String("email")))
	authflow.AnswerOn(c.R.Context(), began, resetAnswerStep)
	if err != nil {
		return err
	}
	return c.JSON(resetRequestAnswer{Status: true, Message: "If this email exists in our system, check your email for the reset link"})
}

func (f *Feature) mailReset(c *authflow.Call, email string) error {
	user, err := f.Store.FindUserByEmail(c.R.Context(), email)
	if isNotFound(err) {
		c.Note(authflow.Event{Name: authflow.EventPasswordResetRequested, Outcome: authflow.OutcomeFailure, Account: email, Reason: "unknown_account"})
		return nil
	}
	if err != nil {
		return fmt.Errorf("find user by e-mail: %w", err)
	}
	return f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		return f.mailResetIn(c, tx, user, c.Body.String("redirectTo"))
	})
}

func (f *Feature) mailResetIn(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, redirectTo string) error {
	now := f.Core.Now()
	token := authflow.RandomString(resetTokenLength, authflow.AlphabetMixed)
	err := tx.CreateVerification(c.R.Context(), sessionstore.Verification{
		ID:         sessionstore.VerificationID(sessionstore.NewID()),
		Identifier: resetPrefix + token,
		Value:      string(user.ID),
		ExpiresAt:  now.Add(f.cfg.ResetTokenExpiresIn),
		CreatedAt:  now,
		UpdatedAt:  now,
	})
	if err != nil {
		return fmt.Errorf("create reset token: %w", err)
	}
	link := f.Core.APIURL + "/reset-password/" + token + "?callbackURL=" + authflow.EscapeComponent(cmp.Or(redirectTo, f.Core.Landings.Reset))
	if err := f.Outbox.Enqueue(c.R.Context(), tx, f.resetLetter(c, user, link)); err != nil {
		return fmt.Errorf("enqueue reset letter: %w", err)
	}
	return c.Record(tx, authflow.Event{Name: authflow.EventPasswordResetRequested, UserID: user.ID})
}

// openReset is a visit to the mailed link. It uses nothing up: mail scanners follow links, too.
func (f *Feature) openReset(c *authflow.Call) error {
	target := c.Query.String("callbackURL")
	if err := c.CheckRedirect(target); err != nil {
		return err
	}
	if target == "" {
		return c.Redirect(f.Core.APIURL + "/error?error=INVALID_TOKEN")
	}
	token := c.Param("token")
	_, err := f.findReset(c.R.Context(), token)
	switch {
	case isNotFound(err):
		return c.Redirect(authflow.SetQuery(f.Core.BaseURL, target, "error", "INVALID_TOKEN"))
	case err != nil:
		return err
	}
	return c.Redirect(authflow.SetQuery(f.Core.BaseURL, target, "token", token))
}

func (f *Feature) findReset(ctx context.Context, token string) (sessionstore.Verification, error) {
	if token == "" || len(token) > maxTokenBytes || strings.ContainsRune(token, 0) || !utf8.ValidString(token) {
		return sessionstore.Verification{}, sessionstore.ErrNotFound
	}
	v, err := f.Store.FindVerification(ctx, resetPrefix+token)
	if err != nil {
		return v, fmt.Errorf("find reset token: %w", err)
	}
	return v, nil
}

// reset sets the new password. A refused password leaves the token usable; a successful one uses it up, and of two that come at
// once the database lets one succeed.
func (f *Feature) reset(c *authflow.Call) error {
	token, password := c.Body.String("token"), c.Body.String("newPassword")
	if token == "" {
		token = c.Query.String("token")
	}
	if token == "" {
		return authflow.ErrInvalidToken(http.StatusBadRequest)
	}
	if err := f.checkLength(password); err != nil {
		return err
	}
	// Asked before hashing, which is dear; decided by the transaction below.
	asked, err := f.findReset(c.R.Context(), token)
	if isNotFound(err) {
		return f.refuseReset(c)
	}
	if err != nil {
		return err
	}
	hash, err := f.hashNew(c, asked.Value, f.emailOf(c, asked.Value), password)
	if err != nil {
		return err
	}
	var user sessionstore.User
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		user, err = f.redeem(c, tx, token, hash)
		return err
	})
	if isNotFound(err) {
		return f.refuseReset(c)
	}
	if err != nil {
		return err
	}
	c.RememberDevice(user.Email)
	return c.JSON(statusAnswer{Status: true})
}

// emailOf is the address of the user whose password is to be set, or "" when it cannot be known now.
func (f *Feature) emailOf(c *authflow.Call, id string) string {
	if f.Compromised == nil {
		return ""
	}
	user, err := f.Store.FindUser(c.R.Context(), sessionstore.UserID(id))
	if err != nil {
		return ""
	}
	return user.Email
}

func (f *Feature) refuseReset(c *authflow.Call) error {
	c.Note(authflow.Event{Name: authflow.EventPasswordReset, Outcome: authflow.OutcomeFailure, Reason: "invalid_token"})
	return authflow.ErrInvalidToken(http.StatusBadRequest)
}

func (f *Feature) redeem(c *authflow.Call, tx *sessionstore.Store, token, hash string) (sessionstore.User, error) {
	ctx := c.R.Context()
	v, err := tx.ConsumeVerification(ctx, resetPrefix+token)
	if err != nil {
		return sessionstore.User{}, fmt.Errorf("consume reset token: %w", err)
	}
	user, err := tx.FindUser(ctx, sessionstore.UserID(v.Value))
	if err != nil {
		return user, fmt.Errorf("find user of reset token: %w", err)
	}
	changed, err := tx.SetPassword(ctx, user.ID, hash)
	if err != nil {
		return user, fmt.Errorf("set password: %w", err)
	}
	if !changed { // the user came by another way so far, and now has a password, too
		user.UpdatedAt = f.Core.Now()
		if err := tx.CreateAccount(ctx, newCredential(user, hash)); err != nil {
			return user, fmt.Errorf("create credential: %w", err)
		}
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventPasswordReset, UserID: user.ID}); err != nil {
		return user, err
	}
	if f.cfg.RevokeSessionsOnPasswordReset {
		if _, err := tx.DeleteSessions(ctx, user.ID); err != nil {
			return user, fmt.Errorf("revoke sessions: %w", err)
		}
		if err := c.Record(tx, authflow.Event{Name: authflow.EventSessionsRevoked, UserID: user.ID, Reason: "password_reset"}); err != nil {
			return user, err
		}
	}
	return user, f.notify(c, tx, user)
}
