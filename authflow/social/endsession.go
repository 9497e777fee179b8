package social

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// EndSessionURL is where a browser goes that has signed out here, so that the provider's session ends too (OpenID Connect RP-Initiated
// Logout 1.0 §2); "" when no provider of the user's has such a place. callbackURL is where it is to come back to. What goes wrong is
// logged: the user is signed out here in any case.
//
// The provider is the one that the session was begun with. Where that is not known, it is the one of the account that changed last,
// as in better-auth.
func (f *Feature) EndSessionURL(c *authflow.Call, me *sessionstore.Identity, callbackURL, state string) string {
	target, err := f.endSessionURL(c.R.Context(), me, callbackURL, state)
	if err != nil {
		f.Core.Logger.LogAttrs(c.R.Context(), slog.LevelWarn, "signed out here, but not at the provider",
			slog.String("request_id", c.Client().RequestID), slog.Any("err", err))
	}
	return target
}

func (f *Feature) endSessionURL(ctx context.Context, me *sessionstore.Identity, callbackURL, state string) (string, error) {
	if !f.providers.anyEndsSessions() {
		return "", nil
	}
	own, err := f.ProviderSessions.providerOf(ctx, me.Session.ID)
	if err != nil {
		return "", err
	}
	accounts, err := f.Store.ListAccounts(ctx, me.User.ID)
	if err != nil {
		return "", fmt.Errorf("list accounts: %w", err)
	}
	slices.SortStableFunc(accounts, func(a, b sessionstore.Account) int {
		if a.ProviderID != b.ProviderID && (a.ProviderID == own || b.ProviderID == own) {
			return cmp.Compare(b2i(b.ProviderID == own), b2i(a.ProviderID == own))
		}
		return b.UpdatedAt.Compare(a.UpdatedAt)
	})
	var failed error
	asked := map[string]bool{}
	for _, account := range accounts {
		if asked[account.ProviderID] {
			continue
		}
		asked[account.ProviderID] = true
		p, err := f.providers.find(ctx, account.ProviderID)
		if err != nil {
			failed = err // another may do
			continue
		}
		if p != nil && p.EndSessionURL != "" && !p.DisableProviderLogout {
			return p.endSession(f.Core.BaseURL, deref(account.IDToken), callbackURL, state)
		}
	}
	return "", failed
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// endSession is the logout request (§2), its parameters in better-auth's order.
func (p *Provider) endSession(baseURL, idToken, callbackURL, state string) (string, error) {
	q := &orderedQuery{}
	q.setIf("id_token_hint", idToken)
	back := cmp.Or(callbackURL, p.PostLogoutRedirectURI)
	if back != "" {
		base, err := url.Parse(baseURL)
		if err != nil {
			return "", err
		}
		target, err := base.Parse(back)
		if err != nil {
			return "", fmt.Errorf("post_logout_redirect_uri: %w", err)
		}
		q.set("post_logout_redirect_uri", target.String())
		q.set("client_id", p.ClientID)
		q.setIf("state", state)
	} else if idToken == "" {
		q.set("client_id", p.ClientID)
	}
	return q.appendTo(p.EndSessionURL), nil
}
