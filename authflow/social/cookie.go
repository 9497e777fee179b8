package social

import (
	"log/slog"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// accountCookieAge is better-auth's.
const accountCookieAge = 5 * time.Minute

// accountObject is an account as better-auth keeps it in its cookie, tokens as in the row.
type accountObject struct {
	ID                    sessionstore.AccountID `json:"id"`
	AccountID             string                 `json:"accountId"`
	ProviderID            string                 `json:"providerId"`
	UserID                sessionstore.UserID    `json:"userId"`
	AccessToken           *string                `json:"accessToken"`
	RefreshToken          *string                `json:"refreshToken"`
	IDToken               *string                `json:"idToken"`
	AccessTokenExpiresAt  *authflow.Time         `json:"accessTokenExpiresAt"`
	RefreshTokenExpiresAt *authflow.Time         `json:"refreshTokenExpiresAt"`
	Scope                 *string                `json:"scope"`
	Password              *string                `json:"password"` // null
	CreatedAt             authflow.Time          `json:"createdAt"`
	UpdatedAt             authflow.Time          `json:"updatedAt"`
}

// keepInCookie sends the account along, if that is configured. A request is none the worse without.
func (f *Feature) keepInCookie(c *authflow.Call, a sessionstore.Account) {
	if f.accounts == nil || a.ID == "" {
		return
	}
	err := f.accounts.Set(c.W, c.R, accountObject{
		ID: a.ID, AccountID: a.AccountID, ProviderID: a.ProviderID, UserID: a.UserID,
		AccessToken: a.AccessToken, RefreshToken: a.RefreshToken, IDToken: a.IDToken,
		AccessTokenExpiresAt: wireTime(a.AccessTokenExpiresAt), RefreshTokenExpiresAt: wireTime(a.RefreshTokenExpiresAt),
		Scope: a.Scope, CreatedAt: authflow.Time(a.CreatedAt), UpdatedAt: authflow.Time(a.UpdatedAt),
	})
	if err != nil {
		f.Core.Logger.LogAttrs(c.R.Context(), slog.LevelWarn, "account cookie not sent", slog.Any("err", err))
	}
}

// refreshCookie sends the account as it is after a renewal.
func (f *Feature) refreshCookie(c *authflow.Call, a sessionstore.Account) {
	if f.accounts == nil {
		return
	}
	now, err := f.Store.FindUserAccount(c.R.Context(), a.UserID, a.ID)
	if err != nil {
		f.Core.Logger.LogAttrs(c.R.Context(), slog.LevelWarn, "account cookie not sent", slog.Any("err", err))
		return
	}
	f.keepInCookie(c, now)
}

// accountInCookie is the id of the account that the cookie holds, or "". Whose it is the database says.
//
// Differs from better-auth: it takes the cookie's word for the tokens, also after the account was unlinked.
func (f *Feature) accountInCookie(c *authflow.Call) sessionstore.AccountID {
	var kept struct {
		ID sessionstore.AccountID `json:"id"`
	}
	if f.accounts == nil || !f.accounts.Read(c.R, &kept) {
		return ""
	}
	return kept.ID
}
