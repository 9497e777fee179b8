package sessionstore

import (
	"cmp"
	"context"
	"net/url"
	"time"
)

// ListAccounts returns the user's accounts, the oldest first.
func (s *Store) ListAccounts(ctx context.Context, user UserID) ([]Account, error) {
	list := []Account{}
	err := s.query(ctx, "ListAccounts", []any{string(user)}, func(scan scanFunc) error {
		var a Account
		if err := scan(accountColumns(&a)...); err != nil {
			return err
		}
		list = append(list, a)
		return nil
	})
	return list, err
}

// CreateAccount returns ErrConflict when the id is taken, and ErrNotFound when the user is gone.
// better-auth's tables have no unique index over provider and subject: who needs that checks it in the same transaction.
func (s *Store) CreateAccount(ctx context.Context, a Account) error {
	args := []any{string(a.ID), string(a.UserID), a.ProviderID, a.AccountID, a.AccessToken, a.RefreshToken, a.IDToken,
		a.AccessTokenExpiresAt, a.RefreshTokenExpiresAt, a.Scope, a.Password, s.orNow(a.CreatedAt), s.orNow(a.UpdatedAt)}
	if s.db.columns.has("account", "issuer") {
		_, err := s.exec(ctx, "CreateAccountWithIssuer", append(args, cmp.Or(a.Issuer, issuer(a.ProviderID)))...)
		return err
	}
	_, err := s.exec(ctx, "CreateAccount", args...)
	return err
}

// issuer is what better-auth 1.7.0 and 1.7.1 keep in account.issuer: the issuer of a provider that states one, and a synthetic
// name for passwords and for everybody else (createLocalAccountIssuer and createOAuthAccountIssuer in its core).
func issuer(provider string) string {
	switch provider {
	case CredentialProvider:
		return "local:credential"
	case "google":
		return "https://accounts.google.com"
	case "apple":
		return "https://appleid.apple.com"
	case "facebook":
		return "https://www.facebook.com"
	}
	return "local:oauth:" + url.PathEscape(provider)
}

// FindCredential returns the account that holds the user's password, or ErrNotFound. Its Password may be nil.
func (s *Store) FindCredential(ctx context.Context, user UserID) (Account, error) {
	var a Account
	err := s.queryRow(ctx, "FindCredential", []any{string(user), CredentialProvider}, func(scan scanFunc) error {
		return scan(accountColumns(&a)...)
	})
	return a, err
}

// FindUserWithCredential returns the user who has the address, and the account that holds their password: nil when they
// have none. One joined query, so that a sign-in costs the same for everybody. Returns ErrNotFound when nobody has it.
func (s *Store) FindUserWithCredential(ctx context.Context, email string) (User, *Account, error) {
	var u User
	var a outerAccount
	err := s.queryRow(ctx, "FindUserWithCredential", []any{lowerCase(email), CredentialProvider}, func(scan scanFunc) error {
		return scan(append(s.userColumns(&u), a.columns()...)...)
	})
	if err != nil {
		return User{}, nil, err
	}
	return u, a.account(), nil
}

// SetPassword replaces the hash of the user's password. It tells whether there is an account to hold it.
func (s *Store) SetPassword(ctx context.Context, user UserID, hash string) (bool, error) {
	changed, err := s.exec(ctx, "SetPassword", string(user), CredentialProvider, hash, s.now())
	return changed > 0, err
}

// UpgradePassword replaces a hash by a better one of the same password, only if it is still the one that was checked:
// a password that was changed meanwhile stays changed.
func (s *Store) UpgradePassword(ctx context.Context, id AccountID, old, new string) (bool, error) {
	changed, err := s.exec(ctx, "UpgradePassword", string(id), old, new, s.now())
	return changed > 0, err
}

// HoldPassword tells whether the account still has the hash that was checked, and keeps it so until the transaction ends: what
// is decided on a password must not come after its change.
func (s *Store) HoldPassword(ctx context.Context, id AccountID, hash string) (bool, error) {
	held := false
	err := s.query(ctx, "HoldPassword", []any{string(id), hash}, func(scan scanFunc) error { return scan(&held) })
	return held, err
}

// accountColumns are the destinations of {account.*}.
func accountColumns(a *Account) []any {
	return []any{&a.ID, &a.UserID, &a.ProviderID, &a.AccountID, &a.AccessToken, &a.RefreshToken, &a.IDToken,
		&a.AccessTokenExpiresAt, &a.RefreshTokenExpiresAt, &a.Scope, &a.Password, &a.CreatedAt, &a.UpdatedAt}
}

// outerAccount is an account on the far side of an outer join, where every column may be null.
type outerAccount struct {
	Account
	id, user, provider, subject *string
	created, updated            *time.Time
}

func (o *outerAccount) columns() []any {
	columns := accountColumns(&o.Account)
	columns[0], columns[1], columns[2], columns[3] = &o.id, &o.user, &o.provider, &o.subject
	columns[11], columns[12] = &o.created, &o.updated
	return columns
}

func (o *outerAccount) account() *Account {
	if o.id == nil {
		return nil
	}
	a := o.Account
	a.ID, a.UserID, a.ProviderID, a.AccountID = AccountID(*o.id), UserID(*o.user), *o.provider, *o.subject
	a.CreatedAt, a.UpdatedAt = *o.created, *o.updated
	return &a
}
