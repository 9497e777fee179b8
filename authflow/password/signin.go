package password

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountSignIn(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/sign-in/email", Aliases: []string{"/signin"},
		Summary:   "Sign in with e-mail and password",
		Form:      true,
		LoginCSRF: true,
		Account:   "email",
		Proof:     "password",
		Begins:    true,
		Body: []authflow.Field{
			authflow.Text("email", "The address.").Any(),
			authflow.Password("password", "The password."),
			authflow.Text("callbackURL", "Where the client goes afterwards.").Opt(),
			authflow.Flag("rememberMe", "Whether the session outlives the browser; default true."),
		},
		OperationID: "signInEmail",
		Answer:      signInAnswer{},
		Errors: []*authflow.Error{
			authflow.ErrSignInDisabled, authflow.ErrInvalidEmail, authflow.ErrPasswordTooLong, authflow.ErrInvalidEmailOrPassword,
			authflow.ErrEmailNotVerified, authflow.ErrTooManySignIns,
		},
		Handle: f.signIn,
	})
}

type signInAnswer struct {
	Redirect bool                `json:"redirect"`
	Token    sessionstore.Token  `json:"token"`
	URL      *string             `json:"url,omitempty"`
	User     authflow.UserObject `json:"user"`
}

func (f *Feature) signIn(c *authflow.Call) error {
	posted, password := c.Body.String("email"), c.Body.String("password")
	switch {
	case !f.cfg.Enabled:
		return authflow.ErrSignInDisabled
	case !authflow.IsEmail(posted): // before it becomes lower case: the Kelvin sign would become a k
		return authflow.ErrInvalidEmail
	case f.tooLong(password):
		return authflow.ErrPasswordTooLong
	}
	user, account, err := f.prove(c, canonical(posted), password)
	if err != nil {
		return err
	}
	if f.cfg.RequireEmailVerification && !user.EmailVerified {
		return f.refuseUnverified(c, user)
	}
	session, err := f.begin(c, user, account)
	if err != nil {
		return err
	}
	answer := signInAnswer{Token: session.Token, User: authflow.NewUserObject(user)}
	if c.Body.Has("callbackURL") {
		target := c.Body.String("callbackURL")
		answer.URL, answer.Redirect = &target, target != ""
		if answer.Redirect {
			c.W.Header().Set("Location", target)
		}
	}
	return c.JSON(answer)
}

// begin makes the session only if the password is still the one that was checked. Whoever knows a former one and keeps signing
// in would otherwise have a session begun right after a reset has ended all of them.
func (f *Feature) begin(c *authflow.Call, user sessionstore.User, account *sessionstore.Account) (sessionstore.Session, error) {
	var session sessionstore.Session
	remember := c.Body.Bool("rememberMe", true)
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		held, err := tx.HoldPassword(c.R.Context(), account.ID, *account.Password)
		switch {
		case err != nil:
			return fmt.Errorf("hold password: %w", err)
		case !held:
			return authflow.ErrInvalidEmailOrPassword
		}
		session, err = f.Core.Sessions.Create(c, tx, user, remember, "password")
		return err
	})
	if err == nil {
		f.Core.Sessions.Issue(c, session, user, remember)
	}
	return session, err
}

// prove returns the user whose address and password these are, and the account that holds the password. An unknown address costs
// the same hash and gets the same answer as a wrong password.
func (f *Feature) prove(c *authflow.Call, email, password string) (sessionstore.User, *sessionstore.Account, error) {
	failed := func(e authflow.Event) (sessionstore.User, *sessionstore.Account, error) {
		e.Name, e.Outcome = authflow.EventSignInFailed, authflow.OutcomeFailure
		c.Note(e)
		return sessionstore.User{}, nil, authflow.ErrInvalidEmailOrPassword
	}
	user, account, err := f.Store.FindUserWithCredential(c.R.Context(), email)
	if err != nil && !isNotFound(err) {
		return user, nil, fmt.Errorf("find user with credential: %w", err)
	}
	if err != nil || account == nil || account.Password == nil {
		if err := f.spend(c, email, password); err != nil {
			return user, nil, err
		}
		if user.ID == "" {
			return failed(authflow.Event{Account: email, Reason: "unknown_account"})
		}
		return failed(authflow.Event{UserID: user.ID, Reason: "no_password"})
	}
	ok, err := f.verify(c, email, *account.Password, password)
	switch {
	case err != nil:
		return user, nil, err
	case !ok:
		return failed(authflow.Event{UserID: user.ID, Reason: "wrong_password"})
	}
	f.upgrade(c, account, password)
	return user, account, nil
}

// upgrade replaces a hash of another kind than the configured one, now that the password is at hand. Should that not work out
// the old hash stays good.
func (f *Feature) upgrade(c *authflow.Call, account *sessionstore.Account, password string) {
	if formatOf(*account.Password) == Algorithm(f.cfg.Hash) {
		return
	}
	upgraded := false
	hash, err := f.hash(c, string(account.UserID), password)
	if err == nil {
		upgraded, err = f.Store.UpgradePassword(c.R.Context(), account.ID, *account.Password, hash)
	}
	if err != nil {
		f.Core.Logger.WarnContext(c.R.Context(), "password hash not upgraded",
			slog.String("user_id", string(account.UserID)), slog.Any("err", err))
	}
	if upgraded {
		account.Password = &hash
	}
}

// refuseUnverified answers the right password of an unproved address: with a new link, if that is configured.
func (f *Feature) refuseUnverified(c *authflow.Call, user sessionstore.User) error {
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := c.Record(tx, authflow.Event{
			Name: authflow.EventSignInFailed, Outcome: authflow.OutcomeFailure, UserID: user.ID, Reason: "unverified",
		}); err != nil {
			return err
		}
		return f.Prover.SendOnSignIn(c, tx, user, c.Body.String("callbackURL"))
	})
	if err != nil {
		return err
	}
	return authflow.ErrEmailNotVerified
}
