package password

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// signUpAnswerStep hides whether a user was made: that takes a few milliseconds more than noting down that there is one.
const signUpAnswerStep = 100 * time.Millisecond

// maxNameBytes is what fits a person's name in any script, and a header.
const maxNameBytes = 1024

func (f *Feature) mountSignUp(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/sign-up/email", Aliases: []string{"/signup"},
		Summary:   "Sign up with e-mail and password",
		Form:      true,
		LoginCSRF: true,
		Begins:    true,
		BodyShape: authflow.ShapeBoth,
		Body: append([]authflow.Field{
			authflow.Text("name", "What the user is called.").Max(maxNameBytes),
			authflow.Email("email", "The address, which becomes lower case."),
			authflow.Password("password", "The password.").Needed(),
			authflow.Text("image", "URL of a picture.").Opt(),
			authflow.Text("callbackURL", "Where the mailed link leads.").Opt(),
			authflow.Flag("rememberMe", "Whether the session outlives the browser; default true."),
		}, authflow.Additional(f.Core.UserFields, true)...),
		OperationID: "signUpWithEmailAndPassword",
		Answer:      signUpAnswer{},
		Errors: []*authflow.Error{
			authflow.ErrSignUpDisabled, authflow.ErrPasswordTooShort, authflow.ErrPasswordTooLong, authflow.ErrPasswordCompromised, authflow.ErrUserExists,
			authflow.ErrFailedToCreateUser, authflow.ErrTooManySignIns,
		},
		Handle: f.signUp,
	})
}

type signUpAnswer struct {
	Token *sessionstore.Token `json:"token"` // null until the address is proved
	User  authflow.UserObject `json:"user"`
}

func (f *Feature) signUp(c *authflow.Call) error {
	if !f.cfg.Enabled || f.cfg.DisableSignUp {
		return authflow.ErrSignUpDisabled
	}
	if err := f.checkLength(c.Body.String("password")); err != nil {
		return err
	}
	user, err := f.newUser(c.Body)
	if err != nil {
		return err
	}
	_, err = f.Store.FindUserByEmail(c.R.Context(), user.Email)
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("find user by e-mail: %w", err)
	}
	taken := err == nil
	if taken && !f.hidesAccounts() {
		f.noteTaken(c, user)
		return authflow.ErrUserExists
	}
	hash, err := f.hashNew(c, user.Email, user.Email, c.Body.String("password"))
	if err != nil {
		return err
	}
	answer, err := f.enroll(c, user, taken, hash)
	if err != nil {
		return err
	}
	return c.JSON(answer)
}

// enroll makes the user, or does not when the address is taken. Up to here both have cost the same; what they cost now is rounded
// up. The hash is not rounded with it: it takes as long as it takes, and waiting in its queue could bring one of the two
// past a step more often than the other.
func (f *Feature) enroll(c *authflow.Call, user sessionstore.User, taken bool, hash string) (signUpAnswer, error) {
	began := time.Now()
	if f.hidesAccounts() {
		defer authflow.AnswerOn(c.R.Context(), began, signUpAnswerStep)
	}
	if taken {
		f.noteTaken(c, user)
		return f.pretend(c, user)
	}
	return f.create(c, user, hash)
}

// pretend answers as create does, for an address that is taken. What the database says of additional fields (a unique value is taken, a
// check of the application's fails, a default of a column) shows in the answer of create, so it is asked for here as well, for a
// user who is not kept.
//
// Differs from better-auth, whose answer is made up from the request: there such a field tells whether the address is taken.
func (f *Feature) pretend(c *authflow.Call, user sessionstore.User) (signUpAnswer, error) {
	if len(f.Core.UserFields) == 0 {
		return signUpAnswer{User: authflow.NewUserObject(user)}, nil
	}
	posted, never := user.Email, errors.New("not meant to be kept")
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		_, domain, _ := strings.Cut(posted, "@")
		user.Email = strings.ToLower(string(user.ID)) + "@" + domain
		if err := tx.CreateUser(c.R.Context(), &user); err != nil {
			return fmt.Errorf("create user: %w", err)
		}
		return never
	})
	if !errors.Is(err, never) {
		return signUpAnswer{}, notCreated(err)
	}
	user.Email = posted
	return signUpAnswer{User: authflow.NewUserObject(user)}, nil
}

// noteTaken remembers a sign-up for an address that has an account.
func (f *Feature) noteTaken(c *authflow.Call, posted sessionstore.User) {
	c.Note(authflow.Event{Name: authflow.EventSignUp, Outcome: authflow.OutcomeFailure, Account: posted.Email, Reason: "address_taken"})
}

func (f *Feature) newUser(body authflow.Values) (sessionstore.User, error) {
	fields, err := authflow.ReadFields(f.Core.UserFields, body, true)
	if err != nil {
		return sessionstore.User{}, err
	}
	now := f.Core.Now()
	user := sessionstore.User{
		ID:        sessionstore.UserID(sessionstore.NewID()),
		Name:      body.String("name"),
		Email:     canonical(body.String("email")),
		CreatedAt: now,
		UpdatedAt: now,
		Fields:    fields,
	}
	if body.Has("image") {
		image := body.String("image")
		user.Image = &image
	}
	return user, nil
}

// hidesAccounts tells whether a sign-up must not show that an address is taken: then the answer is that of a success, with an id
// that leads nowhere. Where a new user is signed in at once it shows by nature.
func (f *Feature) hidesAccounts() bool {
	return f.cfg.RequireEmailVerification || !f.cfg.AutoSignIn
}

func (f *Feature) create(c *authflow.Call, user sessionstore.User, hash string) (signUpAnswer, error) {
	signIn := !f.hidesAccounts()
	remember := c.Body.Bool("rememberMe", true)
	var session sessionstore.Session
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := f.createUser(c, tx, &user, hash); err != nil {
			return err
		}
		if !signIn {
			return nil
		}
		var err error
		session, err = f.Core.Sessions.Create(c, tx, user, remember, "sign-up")
		return err
	})
	switch {
	case err != nil:
		return signUpAnswer{}, notCreated(err)
	case !signIn:
		return signUpAnswer{User: authflow.NewUserObject(user)}, nil
	}
	f.Core.Sessions.Issue(c, session, user, remember)
	return signUpAnswer{Token: &session.Token, User: authflow.NewUserObject(user)}, nil
}

// notCreated is what is said of a user who could not be kept: better-auth's words where somebody has a unique field's value, or, since a
// moment ago, the address. The loser of such a race is told no more than better-auth tells it.
func notCreated(err error) error {
	if errors.Is(err, sessionstore.ErrConflict) {
		return authflow.ErrFailedToCreateUser
	}
	return err
}

func (f *Feature) createUser(c *authflow.Call, tx *sessionstore.Store, user *sessionstore.User, hash string) error {
	ctx := c.R.Context()
	if err := tx.CreateUser(ctx, user); err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	if err := tx.CreateAccount(ctx, newCredential(*user, hash)); err != nil {
		return fmt.Errorf("create credential: %w", err)
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventSignUp, UserID: user.ID}); err != nil {
		return err
	}
	return f.Prover.SendOnSignUp(c, tx, *user, c.Body.String("callbackURL"))
}

func newCredential(user sessionstore.User, hash string) sessionstore.Account {
	return sessionstore.Account{
		ID:         sessionstore.AccountID(sessionstore.NewID()),
		UserID:     user.ID,
		ProviderID: sessionstore.CredentialProvider,
		AccountID:  string(user.ID),
		Password:   &hash,
		CreatedAt:  user.UpdatedAt,
		UpdatedAt:  user.UpdatedAt,
	}
}

func isNotFound(err error) bool { return errors.Is(err, sessionstore.ErrNotFound) }
