package social

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/posternhq/postern/sessionstore"
)

// AccessToken returns the access token that a user has at a provider, renewed if it is about to expire; an empty one when they have no
// account there, or when its tokens are over and no new ones are to be had, which is logged. Of several accounts it is the one used
// last. Errors are those of the database, and of a caller who went away.
func (f *Feature) AccessToken(ctx context.Context, user sessionstore.UserID, provider string) (string, error) {
	account, err := f.accountAt(ctx, user, provider)
	if err != nil || account == nil {
		return "", err
	}
	got, err := f.tokensOf(ctx, *account)
	switch {
	case err == nil:
		return got.access, nil
	case errors.Is(err, sessionstore.ErrUnavailable), errors.Is(err, context.Canceled):
		return "", err
	}
	f.Core.Logger.LogAttrs(ctx, slog.LevelWarn, "no access token for the application",
		slog.String("provider", provider), slog.String("user_id", string(user)), slog.Any("err", err))
	return "", nil
}

// accountAt is nil when there is none.
func (f *Feature) accountAt(ctx context.Context, user sessionstore.UserID, provider string) (*sessionstore.Account, error) {
	accounts, err := f.Store.ListAccounts(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	var last *sessionstore.Account
	for i, a := range accounts {
		if a.ProviderID == provider && (last == nil || a.UpdatedAt.After(last.UpdatedAt)) {
			last = &accounts[i]
		}
	}
	return last, nil
}

func (f *Feature) tokensOf(ctx context.Context, account sessionstore.Account) (tokens, error) {
	p, err := f.behind(ctx, account)
	if err != nil {
		return tokens{}, err
	}
	got, _, err := f.valid(ctx, p, account)
	if err != nil {
		return tokens{}, err
	}
	if got.accessExpiresAt != nil && !f.Core.Now().Before(*got.accessExpiresAt) {
		return tokens{}, errors.New("the token has expired, and there is none to renew it with")
	}
	return got, nil
}
