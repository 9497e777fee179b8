package main

import (
	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/account"
	"github.com/posternhq/postern/authflow/admin"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/authflow/compromised"
	"github.com/posternhq/postern/authflow/disavow"
	"github.com/posternhq/postern/authflow/jwt"
	"github.com/posternhq/postern/authflow/lockout"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/openapi"
	"github.com/posternhq/postern/authflow/outbox"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/authflow/ratelimit"
	"github.com/posternhq/postern/authflow/sessions"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/status"
	"github.com/posternhq/postern/authflow/verification"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy/assertion"
	"github.com/posternhq/postern/sessionstore"
)

// migrations are the tables of the rooms that have any.
func migrations(cfg config.Config) []sessionstore.MigrationSet {
	sets := []sessionstore.MigrationSet{outbox.Migrations(), audit.Migrations(), ratelimit.Migrations(), lockout.Migrations(), social.Migrations()}
	if cfg.Auth.JWT.Enabled {
		sets = append(sets, jwt.Migrations())
	}
	if cfg.Proxy.Identity.Assertion.Enabled {
		sets = append(sets, assertion.Migrations())
	}
	if cfg.SessionCache.Coherence.Enabled {
		sets = append(sets, sessionstore.CoherenceMigrations())
	}
	return sets
}

// gates are what stands between who has proved who they are and a session, whichever way they came.
func gates(cfg config.Config) []authflow.Gate {
	return []authflow.Gate{admin.BanGate{Message: cfg.Auth.Admin.BannedUserMessage}}
}

// rooms is what the features are built from.
type rooms struct {
	core   *authflow.Core
	store  *sessionstore.Cache
	outbox *outbox.Outbox
	pool   *password.Pool
	egress *egress.Client

	outside     *egress.Client // services that the operator names
	metrics     *metrics
	atProviders *social.ProviderSessions
}

// features is the list of what the auth API can do: one line each; and the one that knows the providers.
func (r rooms) features(cfg config.Config) ([]authflow.Feature, *social.Feature, error) {
	brand := mail.Brand{Name: cfg.Pages.Name, URL: r.core.BaseURL}
	notify := cfg.Mail.Notifications
	verify := verification.New(cfg.Auth.EmailVerification, cfg.Auth.User.ChangeEmail,
		verification.Deps{Core: r.core, Store: r.store, Outbox: r.outbox, Brand: brand, Notify: notify})
	pass := password.New(cfg.Auth.EmailPassword,
		password.Deps{Core: r.core, Store: r.store, Outbox: r.outbox, Brand: brand, Prover: verify, Pool: r.pool, Notify: notify})
	notMe := disavow.New(disavow.Deps{Core: r.core, Store: r.store, Outbox: r.outbox, Brand: brand, Passwords: pass})
	pass.Disavowal = notMe
	if notify {
		r.core.Sessions.Tell(notMe)
	}
	tokens, err := jwt.New(cfg.Auth.JWT, jwt.Deps{Core: r.core, Store: r.store.Store, Stale: cfg.SessionCache.TTL})
	if err != nil {
		return nil, nil, err
	}
	elsewhere, err := social.New(cfg.Auth.Social, social.Deps{
		Core: r.core, Store: r.store, Egress: r.egress, Prover: verify, Linking: cfg.Auth.AccountLinking, Account: cfg.Auth.Account,
		ProviderSessions: r.atProviders,
	})
	if err != nil {
		return nil, nil, err
	}
	pass.Compromised = compromised.New(cfg.Auth.Compromised, r.outside.For("pwnedpasswords"), r.core.Logger, r.metrics.compromised)
	current := sessions.New(r.core, r.store, tokens)
	current.Elsewhere = elsewhere
	return []authflow.Feature{
		pass,
		verify,
		notMe,
		current,
		tokens,
		account.New(cfg.Auth.User.DeleteUser, account.Deps{Core: r.core, Store: r.store, Outbox: r.outbox, Brand: brand, Password: pass}),
		elsewhere,
		admin.New(cfg.Auth.Admin, admin.Deps{Core: r.core, Store: r.store, Passwords: pass}),
		status.New(r.core, r.store.Ping),
		answeredBefore{cfg},
		openapi.New(cfg.Auth.OpenAPI, r.core),
	}, elsewhere, nil
}
