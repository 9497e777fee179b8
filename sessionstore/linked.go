package sessionstore

import (
	"context"
	"time"
)

// FindAccount returns the account by which a provider knows somebody. vouchedBy is the issuer: where the database has that column,
// it keeps two issuers apart that were given one name. Empty means what better-auth would have written. Returns ErrNotFound
// when nobody has such an account, and ErrConflict when several have: better-auth's tables allow that, and whose it is cannot be
// told then.
func (s *Store) FindAccount(ctx context.Context, provider, subject, vouchedBy string) (Account, error) {
	statement, args := "FindAccount", []any{provider, subject}
	if s.db.columns.has("account", "issuer") {
		statement, args = "FindAccountByIssuer", append(args, vouchedBy, issuer(provider))
	}
	var found Account
	n := 0
	err := s.query(ctx, statement, args, func(scan scanFunc) error {
		n++
		return scan(accountColumns(&found)...)
	})
	switch {
	case err != nil:
		return Account{}, err
	case n == 0:
		return Account{}, ErrNotFound
	case n > 1:
		return Account{}, ErrConflict
	}
	return found, nil
}

// FindUserAccount returns one of the user's accounts. Another user's is as ErrNotFound as one that is not there.
func (s *Store) FindUserAccount(ctx context.Context, user UserID, id AccountID) (Account, error) {
	var a Account
	err := s.queryRow(ctx, "FindUserAccount", []any{string(id), string(user)}, func(scan scanFunc) error {
		return scan(accountColumns(&a)...)
	})
	return a, err
}

// HoldIdentity makes others who hold the same identity wait until the transaction ends. No unique index does that in
// better-auth's tables: who creates an account holds its identity first, and then looks whether it is there.
func (s *Store) HoldIdentity(ctx context.Context, provider, subject string) error {
	return s.holdAccounts(ctx, "identity "+provider+" "+subject)
}

// HoldUserAccounts makes others who hold the same user's accounts wait until the transaction ends: what is decided on how many
// there are must not come after that number's change.
func (s *Store) HoldUserAccounts(ctx context.Context, user UserID) error {
	return s.holdAccounts(ctx, "user "+string(user))
}

func (s *Store) holdAccounts(ctx context.Context, name string) error {
	return s.query(ctx, "HoldAccounts", []any{name}, func(scanFunc) error { return nil })
}

// TokenChange says what to change of an account's tokens. Nil leaves a value as it is.
type TokenChange struct {
	AccessToken           *string
	RefreshToken          *string
	IDToken               *string
	AccessTokenExpiresAt  *time.Time
	RefreshTokenExpiresAt *time.Time
	Scope                 *string
}

func (c TokenChange) args(id AccountID, now time.Time) []any {
	return []any{string(id), c.AccessToken, c.RefreshToken, c.IDToken, c.AccessTokenExpiresAt, c.RefreshTokenExpiresAt, c.Scope, now}
}

// UpdateTokens applies the change. It tells whether the account is still there.
func (s *Store) UpdateTokens(ctx context.Context, id AccountID, c TokenChange) (bool, error) {
	changed, err := s.exec(ctx, "UpdateTokens", c.args(id, s.now())...)
	return changed > 0, err
}

// ReplaceTokens applies the change only while the account has the refresh token, as stored, that was redeemed for it: what came by a
// newer sign-in stays. It tells whether it did.
func (s *Store) ReplaceTokens(ctx context.Context, id AccountID, redeemed string, c TokenChange) (bool, error) {
	changed, err := s.exec(ctx, "ReplaceTokens", append(c.args(id, s.now()), redeemed)...)
	return changed > 0, err
}

// DeleteAccount removes one of the user's accounts and tells whether it was there. Another user's is left alone.
func (s *Store) DeleteAccount(ctx context.Context, user UserID, id AccountID) (bool, error) {
	deleted, err := s.exec(ctx, "DeleteAccount", string(id), string(user))
	return deleted > 0, err
}
