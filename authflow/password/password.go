package password

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	FindUserByEmail(ctx context.Context, email string) (sessionstore.User, error)
	FindUserWithCredential(ctx context.Context, email string) (sessionstore.User, *sessionstore.Account, error)
	FindCredential(ctx context.Context, id sessionstore.UserID) (sessionstore.Account, error)
	FindUser(ctx context.Context, id sessionstore.UserID) (sessionstore.User, error)
	FindVerification(ctx context.Context, identifier string) (sessionstore.Verification, error)
	UpgradePassword(ctx context.Context, id sessionstore.AccountID, old, new string) (bool, error)
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
}

// Outbox takes letters in the transaction of what they tell of.
type Outbox interface {
	Enqueue(ctx context.Context, tx *sessionstore.Store, m mail.Message) error
}

// AddressProver mails the link that proves an address. Package verification has it.
type AddressProver interface {
	// SendOnSignUp and SendOnSignIn mail a link in tx if that is configured.
	SendOnSignUp(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error
	SendOnSignIn(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error
}

// Compromised tells whether others have lost this password already. Package compromised has it.
type Compromised interface {
	Compromised(ctx context.Context, email, password string) bool
}

// Disavowal lets owners say that something was not their doing. Package disavow does.
type Disavowal interface {
	// Complete addresses a letter about what is being done in tx, says by whom it is being done, and has a link in it by which its reader says "not me".
	Complete(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, draft mail.Draft) (mail.Draft, error)
}

// Deps is what this room stands on.
type Deps struct {
	Core   *authflow.Core
	Store  Store
	Outbox Outbox
	Brand  mail.Brand
	Prover AddressProver
	Pool   *Pool

	// Compromised is asked about new passwords; nil: all are taken.
	Compromised Compromised
	// Notify mails the owner of an account when its password has changed. It needs Disavowal, which may be set before the room is mounted.
	Notify    bool
	Disavowal Disavowal
}

// Feature is the room.
type Feature struct {
	cfg    Config
	encode func(Algorithm, string) (string, error) // encode; tests that are about something else take a cheaper one
	Deps
}

// New returns the room.
func New(cfg Config, deps Deps) *Feature { return &Feature{cfg: cfg, encode: encode, Deps: deps} }

// Name is the folder's.
func (*Feature) Name() string { return "password" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	f.mountSignUp(r)
	f.mountSignIn(r)
	f.mountReset(r)
	f.mountChange(r)
}

// Check tells whether the password is the user's: nil when it is, else the error to answer.
func (f *Feature) Check(c *authflow.Call, id sessionstore.UserID, password string) error {
	_, err := f.check(c, id, password)
	return err
}

// check is Check, and returns the account whose Password it was compared with.
func (f *Feature) check(c *authflow.Call, id sessionstore.UserID, password string) (sessionstore.Account, error) {
	if f.tooLong(password) {
		return sessionstore.Account{}, authflow.ErrPasswordTooLong
	}
	account, err := f.Store.FindCredential(c.R.Context(), id)
	switch {
	case isNotFound(err):
		return account, authflow.ErrCredentialNotFound
	case err != nil:
		return account, fmt.Errorf("find credential: %w", err)
	case account.Password == nil:
		return account, authflow.ErrCredentialNotFound
	}
	ok, err := f.verify(c, string(id), *account.Password, password)
	if err != nil {
		return account, err
	}
	if !ok {
		return account, authflow.ErrInvalidPassword
	}
	return account, nil
}

// hash makes the stored form of a new password, in the pool. account is whose, in any form that is the same each time: it has its own turns.
func (f *Feature) hash(c *authflow.Call, account, password string) (hash string, err error) {
	if err := f.Pool.Do(c.R.Context(), turn{networkOf(c.Client().Addr), account}, func() {
		hash, err = f.encode(Algorithm(f.cfg.Hash), password)
	}); err != nil {
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// hashNew is hash for a password that was chosen just now: one that is compromised is refused. It is asked for an address that is taken as for
// another, where as much is hashed for both.
func (f *Feature) hashNew(c *authflow.Call, account, email, password string) (string, error) {
	if f.Compromised != nil && f.Compromised.Compromised(c.R.Context(), email, password) {
		return "", authflow.ErrPasswordCompromised
	}
	return f.hash(c, account, password)
}

// verify compares in the pool. A hash of unknown format is nobody's password; the log names it, for it is the operator's to mend.
func (f *Feature) verify(c *authflow.Call, account, hash, password string) (ok bool, err error) {
	do := f.Pool.Do
	if c.Known() {
		do = f.Pool.DoKnown
	}
	if doErr := do(c.R.Context(), turn{networkOf(c.Client().Addr), account}, func() {
		ok, err = matches(hash, password)
	}); doErr != nil {
		return false, doErr
	}
	if err != nil {
		f.Core.Logger.WarnContext(c.R.Context(), "stored password cannot be compared", slog.Any("err", err))
		return false, nil
	}
	return ok, nil
}

// networkOf names the client whose turn it is in the pool: an IPv4 address, or an IPv6 network of /64. Whoever has one address of
// such a network has them all, and must not queue once for each.
func networkOf(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if prefix, err := addr.Prefix(64); err == nil && addr.Is6() {
		return prefix.String()
	}
	return addr.String()
}

// spend costs as much as a comparison, for an account that has nothing to compare with: what is answered to an unknown address
// must not come sooner than what is answered to a known one.
func (f *Feature) spend(c *authflow.Call, account, password string) error {
	_, err := f.hash(c, account, password)
	return err
}

// checkLength refuses a new password of the wrong length, counted as JavaScript does.
func (f *Feature) checkLength(password string) error {
	switch {
	case units(password) < f.cfg.MinPasswordLength:
		return authflow.ErrPasswordTooShort
	case f.tooLong(password):
		return authflow.ErrPasswordTooLong
	}
	return nil
}

// tooLong also refuses what bcrypt would not look at to its end. That is asked of the normalized form, which may be longer.
func (f *Feature) tooLong(password string) bool {
	if units(password) > f.cfg.MaxPasswordLength {
		return true
	}
	return Algorithm(f.cfg.Hash) == Bcrypt && len(norm.NFKC.String(password)) > bcryptMaxBytes
}

// units counts UTF-16 code units, before normalization: four emoji are eight.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// canonical is how addresses are stored and compared.
func canonical(email string) string { return strings.ToLower(email) }
