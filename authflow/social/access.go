package social

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// expirySlack is how long before its end an access token is renewed: what is handed out must live long enough to be used.
const expirySlack = 5 * time.Second

// selection is how a request names one of the caller's accounts. userId is for better-auth's callers on the server alone.
var selection = []authflow.Field{
	authflow.Text("accountId", "The account's id, as list-accounts tells it.").Max(maxIDBytes).Or(),
	{Name: "useAccountCookie", Kind: authflow.KindTrue, Either: true, Doc: "Take the account of the account cookie."},
	authflow.Text("userId", "Not used.").Opt().Max(maxIDBytes),
}

func (f *Feature) mountTokens(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/get-access-token",
		Summary:   "The provider's access token of one of the caller's accounts, renewed when it is about to expire",
		Body:      selection,
		BodyShape: authflow.ShapeEither,
		Sensitive: true,
		Answer:    accessAnswer{},
		Errors: []*authflow.Error{
			errNobody, authflow.ErrAccountNotFound, errNotSupported, authflow.ErrProviderUnavailable, authflow.ErrNoAccessToken,
		},
		Handle: f.getAccessToken,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/refresh-token",
		Summary:   "The same, renewed in any case",
		Body:      selection,
		BodyShape: authflow.ShapeEither,
		Sensitive: true,
		Answer:    refreshAnswer{},
		Errors: []*authflow.Error{
			errNobody, authflow.ErrAccountNotFound, errNotSupported, authflow.ErrProviderUnavailable, authflow.ErrRefreshTokenNotFound, authflow.ErrRefreshFailed,
		},
		Handle: f.refreshToken,
	})
}

// errNotSupported stands for all of its kind in the description.
var errNotSupported = authflow.ErrProviderNotSupported(sessionstore.CredentialProvider)

// errNobody is the answer of these routes to a caller without a session: no body, as in better-auth.
var errNobody = &authflow.Error{Status: http.StatusUnauthorized}

// selected is the caller's account that a request names.
func (f *Feature) selected(c *authflow.Call, named authflow.Values) (sessionstore.Account, error) {
	me, err := c.Session()
	switch {
	case err != nil:
		return sessionstore.Account{}, err
	case me == nil:
		c.W.Header().Set("Content-Type", "application/json") // as better-auth, whose answer is as empty
		return sessionstore.Account{}, errNobody
	}
	id := sessionstore.AccountID(named.String("accountId"))
	if !named.Has("accountId") {
		id = f.accountInCookie(c)
	}
	account, err := f.Store.FindUserAccount(c.R.Context(), me.User.ID, id)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return sessionstore.Account{}, authflow.ErrAccountNotFound
	case err != nil:
		return sessionstore.Account{}, fmt.Errorf("find account: %w", err)
	}
	return account, nil
}

// behind is the provider that renews an account's tokens.
func (f *Feature) behind(ctx context.Context, account sessionstore.Account) (*live, error) {
	p, err := f.providers.find(ctx, account.ProviderID)
	switch {
	case err != nil:
		return nil, authflow.ErrProviderUnavailable.Because(err)
	case p == nil:
		return nil, authflow.ErrProviderNotSupported(account.ProviderID)
	}
	return p, nil
}

type accessAnswer struct {
	AccessToken          string         `json:"accessToken"`
	AccessTokenExpiresAt *authflow.Time `json:"accessTokenExpiresAt,omitempty"`
	Scopes               []string       `json:"scopes"`
	IDToken              string         `json:"idToken,omitempty"`
}

func (f *Feature) getAccessToken(c *authflow.Call) error {
	account, err := f.selected(c, c.Body)
	if err != nil {
		return err
	}
	p, err := f.behind(c.R.Context(), account)
	if err != nil {
		return err
	}
	got, err := f.validFor(c, p, account)
	if err != nil {
		return err
	}
	return c.JSON(accessAnswer{
		AccessToken: got.access, AccessTokenExpiresAt: wireTime(got.accessExpiresAt), Scopes: account.Scopes(), IDToken: got.id,
	})
}

// validFor keeps the caller's account cookie in step.
func (f *Feature) validFor(c *authflow.Call, p *live, account sessionstore.Account) (tokens, error) {
	got, renewed, err := f.valid(c.R.Context(), p, account)
	if renewed {
		f.refreshCookie(c, account)
	}
	return got, err
}

// valid returns the account's tokens, renewed if they are about to expire and can be.
func (f *Feature) valid(ctx context.Context, p *live, account sessionstore.Account) (got tokens, renewed bool, err error) {
	stored, err := f.stored(account)
	if err != nil {
		return tokens{}, false, authflow.ErrNoAccessToken.Because(err)
	}
	if stored.refresh == "" || stored.accessExpiresAt == nil || stored.accessExpiresAt.Sub(f.Core.Now()) >= expirySlack {
		return stored, false, nil
	}
	if got, err = f.renew(ctx, p, account); err != nil {
		return tokens{}, false, f.renewalError(authflow.ErrNoAccessToken, err)
	}
	if got.accessExpiresAt == nil {
		got.accessExpiresAt = stored.accessExpiresAt // the answer did not say, and the row still has that
	}
	return got, true, nil
}

type refreshAnswer struct {
	AccessToken           string                 `json:"accessToken"`
	RefreshToken          string                 `json:"refreshToken"`
	AccessTokenExpiresAt  *authflow.Time         `json:"accessTokenExpiresAt,omitempty"`
	RefreshTokenExpiresAt *authflow.Time         `json:"refreshTokenExpiresAt"`
	Scope                 *string                `json:"scope"`
	IDToken               *string                `json:"idToken"`
	ProviderID            string                 `json:"providerId"`
	AccountID             sessionstore.AccountID `json:"accountId"` // the row's id, not the provider's subject
}

func (f *Feature) refreshToken(c *authflow.Call) error {
	account, err := f.selected(c, c.Body)
	if err != nil {
		return err
	}
	p, err := f.behind(c.R.Context(), account)
	switch {
	case err != nil:
		return err
	case deref(account.RefreshToken) == "":
		return authflow.ErrRefreshTokenNotFound
	}
	renewed, err := f.renew(c.R.Context(), p, account)
	if err != nil {
		return f.renewalError(authflow.ErrRefreshFailed, err)
	}
	if c.Body.Has("useAccountCookie") {
		f.refreshCookie(c, account)
	}
	return c.JSON(refreshAnswer{
		AccessToken: renewed.access, RefreshToken: renewed.refresh,
		AccessTokenExpiresAt: wireTime(renewed.accessExpiresAt), RefreshTokenExpiresAt: wireTime(renewed.refreshExpiresAt),
		Scope: account.Scope, IDToken: textOrNil(renewed.id), ProviderID: account.ProviderID, AccountID: account.ID,
	})
}

// renewalError is public, unless it is the database that is away, or the caller.
func (f *Feature) renewalError(public *authflow.Error, err error) error {
	if errors.Is(err, sessionstore.ErrUnavailable) || errors.Is(err, context.Canceled) {
		return err
	}
	return public.Because(err)
}

// stored reads the tokens of a row.
func (f *Feature) stored(account sessionstore.Account) (tokens, error) {
	access, err := f.unseal(account.AccessToken)
	if err != nil {
		return tokens{}, err
	}
	refresh, err := f.unseal(account.RefreshToken)
	if err != nil {
		return tokens{}, err
	}
	return tokens{
		access: access, refresh: refresh, id: deref(account.IDToken),
		accessExpiresAt: account.AccessTokenExpiresAt, refreshExpiresAt: account.RefreshTokenExpiresAt,
	}, nil
}

func wireTime(t *time.Time) *authflow.Time {
	if t == nil {
		return nil
	}
	w := authflow.Time(*t)
	return &w
}
