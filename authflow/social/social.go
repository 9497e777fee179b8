package social

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Store is what this room needs of the database. sessionstore.Cache fits.
type Store interface {
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
	CreateVerification(ctx context.Context, v sessionstore.Verification) error
	FindLatestVerification(ctx context.Context, identifier string) (sessionstore.Verification, error)
	DeleteVerification(ctx context.Context, id sessionstore.VerificationID) (bool, error)
	FindUserAccount(ctx context.Context, user sessionstore.UserID, id sessionstore.AccountID) (sessionstore.Account, error)
	ListAccounts(ctx context.Context, user sessionstore.UserID) ([]sessionstore.Account, error)
	ReplaceTokens(ctx context.Context, id sessionstore.AccountID, redeemed string, change sessionstore.TokenChange) (bool, error)
}

// Egress gives each provider a client of its own, careful about where it goes and how long it waits, so that one that is down costs
// the others nothing. Package egress has it.
type Egress interface {
	For(provider string) *http.Client
}

// Prover mails links that prove an address. Package verification has it.
type Prover interface {
	SendOnSignUp(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error
	SendOnSignIn(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, callbackURL string) error
}

// Deps is what this room stands on.
type Deps struct {
	Core    *authflow.Core
	Store   Store
	Egress  Egress
	Prover  Prover
	Linking LinkingConfig
	Account AccountConfig

	ProviderSessions *ProviderSessions
}

// stateCookieAge is better-auth's: how long the browser may take to the provider and back.
const stateCookieAge = 5 * time.Minute

// Feature is the room.
type Feature struct {
	Deps
	providers *directory
	cookie    authflow.SignedCookie
	linkKeys  *authflow.Keys         // for the session token in the state of a link
	accounts  *authflow.SealedCookie // nil unless it is kept
	refreshes singleflight.Group
}

// New returns the room.
func New(cfg Config, deps Deps) (*Feature, error) {
	providers, err := newDirectory(cfg, deps)
	if err != nil {
		return nil, err
	}
	linkKeys, err := deps.Core.Keys.For("oauth-link-session-token")
	if err != nil {
		return nil, fmt.Errorf("social: %w", err)
	}
	f := &Feature{
		Deps:      deps,
		providers: providers,
		cookie:    deps.Core.SignedCookie("state", stateCookieAge),
		linkKeys:  linkKeys,
	}
	if deps.Account.StoreCookie {
		if f.accounts, err = deps.Core.SealedCookie("account_data", "better-auth-account", accountCookieAge); err != nil {
			return nil, fmt.Errorf("social: %w", err)
		}
	}
	return f, nil
}

// Name is the folder's.
func (*Feature) Name() string { return "social" }

// Mount names the routes. They are there without any provider too, as in better-auth.
func (f *Feature) Mount(r *authflow.Router) {
	f.mountSignIn(r)
	f.mountCallback(r)
	f.mountLink(r)
	f.mountTokens(r)
	f.mountAccounts(r)
	f.mountBackChannel(r)
}

// redirectURI is where a provider sends the browser back to (RFC 6749 §3.1.2). It never depends on the request.
func (f *Feature) redirectURI(provider string) string {
	return f.Core.APIURL + "/callback/" + provider
}
