package social

import (
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

const maxIDBytes = 512

func (f *Feature) mountAccounts(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/unlink-account",
		Summary: "Take an account away from the caller, but not the last one",
		Session: authflow.SessionFresh,
		Body:    []authflow.Field{authflow.Text("accountId", "The account's id, as list-accounts tells it.").Max(maxIDBytes)},
		Answer:  statusAnswer{},
		Errors:  []*authflow.Error{authflow.ErrUnlinkLastAccount, authflow.ErrAccountNotFound},
		Handle:  f.unlink,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/account-info",
		Summary:    "What the provider says of the user behind one of the caller's accounts",
		Query:      selection,
		QueryShape: authflow.ShapeEither,
		Sensitive:  true,
		Answer:     infoAnswer{},
		Errors: []*authflow.Error{
			errNobody, authflow.ErrAccountNotFound, authflow.ErrProviderNotConfigured, authflow.ErrProviderUnavailable, authflow.ErrNoAccessToken,
			authflow.ErrAccessTokenNotFound, authflow.ErrNoUserInfo,
		},
		Handle: f.accountInfo,
	})
}

type statusAnswer struct {
	Status bool `json:"status"`
}

func (f *Feature) unlink(c *authflow.Call) error {
	me, id := c.Identity().User.ID, c.Body.String("accountId")
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := tx.HoldUserAccounts(c.R.Context(), me); err != nil {
			return fmt.Errorf("hold accounts: %w", err)
		}
		accounts, err := tx.ListAccounts(c.R.Context(), me)
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		if len(accounts) == 1 && !f.Linking.AllowUnlinkingAll {
			return authflow.ErrUnlinkLastAccount
		}
		for _, account := range accounts {
			if string(account.ID) == id {
				return f.remove(c, tx, account)
			}
		}
		return authflow.ErrAccountNotFound
	})
	if err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}

func (f *Feature) remove(c *authflow.Call, tx *sessionstore.Store, account sessionstore.Account) error {
	deleted, err := tx.DeleteAccount(c.R.Context(), account.UserID, account.ID)
	switch {
	case err != nil:
		return fmt.Errorf("delete account: %w", err)
	case !deleted:
		return authflow.ErrAccountNotFound
	}
	return c.Record(tx, authflow.Event{Name: authflow.EventAccountUnlinked, UserID: account.UserID, Reason: account.ProviderID})
}

// infoAnswer is what a provider says now.
type infoAnswer struct {
	User    infoUser    `json:"user"`
	Data    Claims      `json:"data"` // as the provider says it
	Account infoAccount `json:"account"`
}

type infoUser struct {
	Name          string  `json:"name,omitempty"`
	Email         *string `json:"email,omitempty"`
	Image         string  `json:"image,omitempty"`
	EmailVerified bool    `json:"emailVerified"`
}

type infoAccount struct {
	ID         sessionstore.AccountID `json:"id"`
	ProviderID string                 `json:"providerId"`
	AccountID  string                 `json:"accountId"` // the provider's name for the user
}

func (f *Feature) accountInfo(c *authflow.Call) error {
	account, err := f.selected(c, c.Query)
	if err != nil {
		return err
	}
	p, err := f.providers.find(c.R.Context(), account.ProviderID)
	switch {
	case err != nil:
		return authflow.ErrProviderUnavailable.Because(err)
	case p == nil:
		return authflow.ErrProviderNotConfigured
	}
	got, err := f.validFor(c, p, account)
	if err != nil {
		return err
	}
	if got.access == "" {
		return authflow.ErrAccessTokenNotFound
	}
	profile, err := p.profileOfAccount(c.R.Context(), got, account.AccountID)
	if err != nil {
		return authflow.ErrNoUserInfo.Because(err)
	}
	return c.JSON(infoAnswer{
		User:    infoUser{Name: profile.Name, Email: textOrNil(profile.Email), Image: profile.Image, EmailVerified: profile.EmailVerified},
		Data:    profile.Claims,
		Account: infoAccount{ID: account.ID, ProviderID: account.ProviderID, AccountID: account.AccountID},
	})
}
