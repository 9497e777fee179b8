package authflowtest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/account"
	"github.com/posternhq/postern/authflow/admin"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/authflow/disavow"
	"github.com/posternhq/postern/authflow/jwt"
	"github.com/posternhq/postern/authflow/lockout"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/openapi"
	"github.com/posternhq/postern/authflow/outbox"
	"github.com/posternhq/postern/authflow/pages"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/authflow/ratelimit"
	"github.com/posternhq/postern/authflow/sessions"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/status"
	"github.com/posternhq/postern/authflow/verification"
	"github.com/posternhq/postern/sessionstore"
)

// Secret signs the cookies and mailed tokens of every flow.
const Secret = "test-secret-test-secret-test-secret!"

// Settings are what a flow is built from. Start fills in the sample configuration of better-auth's documentation: addresses
// must be proved, users may change their address and delete themselves by mailed links.
type Settings struct {
	BaseURL      string // the server's own address unless set
	Auth         authflow.Config
	Cache        sessionstore.CacheConfig
	Password     password.Config
	Verification verification.Config
	ChangeEmail  verification.ChangeEmailConfig
	DeleteUser   account.DeleteUserConfig
	Social       social.Config
	Linking      social.LinkingConfig
	Account      social.AccountConfig
	Egress       social.Egress // may call this machine unless set, where tests play providers
	JWT          jwt.Config
	OpenAPI      openapi.Config
	Places       authflow.Locator
	Pages        pages.Config             // there are none unless enabled
	RateLimit    authflow.RateLimitConfig // nothing is limited unless set
	UserFields   sessionstore.FieldConfigs
	Gates        []authflow.Gate
	Admin        admin.Config
	AdminColumns bool               // the database has those of better-auth's admin plugin
	Unrecorded   authflow.EventName // an event whose row cannot be written
	Notify       bool
	Compromised  password.Compromised // nil: all new passwords are taken
	Challenge    authflow.Challenge   // nil: none is asked for
	Beside       *Flow                // share its database and clock, as another replica
}

func defaults() Settings {
	return Settings{
		Auth: authflow.Config{
			BasePath: "/api/auth",
			Secret:   Secret,
			Session:  authflow.SessionConfig{ExpiresIn: 7 * 24 * time.Hour, UpdateAge: 24 * time.Hour, FreshAge: 24 * time.Hour},
			Cookie:   authflow.CookieConfig{Prefix: "better-auth", SameSite: "lax", Secure: "auto"},
		},
		Cache: sessionstore.CacheConfig{Size: 1000, TTL: 30 * time.Second, NegativeTTL: 5 * time.Second, StaleIfError: time.Minute},
		Password: password.Config{
			Enabled: true, RequireEmailVerification: true, AutoSignIn: true,
			MinPasswordLength: 8, MaxPasswordLength: 128,
			ResetTokenExpiresIn: time.Hour, RevokeSessionsOnPasswordReset: true,
			// The default is scrypt. Under the race detector that takes seconds, argon2id a fraction of one.
			Hash:        string(password.Argon2id),
			HashWorkers: 2, HashQueue: 4096, HashMaxWait: 2 * time.Minute,
		},
		Verification: verification.Config{SendOnSignUp: true, SendOnSignIn: true, AutoSignInAfterVerification: true, ExpiresIn: 15 * time.Minute},
		ChangeEmail:  verification.ChangeEmailConfig{Enabled: true},
		DeleteUser:   account.DeleteUserConfig{Enabled: true, Verification: true},
		Linking:      social.LinkingConfig{Enabled: true},
		Account:      social.AccountConfig{UpdateOnSignIn: true},
		Egress:       egress.New(egress.Config{AllowPrivateAddresses: true}),
		JWT:          jwt.Config{Enabled: true, Algorithm: string(jwt.EdDSA), ExpiresIn: 15 * time.Minute, GracePeriod: 30 * 24 * time.Hour},
		OpenAPI:      openapi.Config{Enabled: true},
		Admin: admin.Config{
			DefaultRole: "user", AdminRoles: []string{"admin"}, DefaultBanReason: "No reason", ImpersonationSessionDuration: time.Hour,
		},
	}
}

// Flow is a running auth API.
type Flow struct {
	*state
	t testing.TB
}

// state is what a Flow and its copies for subtests share.
type state struct {
	URL      string // where the server listens
	BaseURL  string // its public origin
	Clock    *Clock
	Core     *authflow.Core
	Store    *sessionstore.Cache
	Database sessionstore.Config // to open it once more, as another replica
	Password *password.Feature
	Social   *social.Feature
	API      *authflow.Flow
	Handler  http.Handler // API, held to its description
	Pages    *pages.Pages // nil unless enabled

	recorder *audit.Recorder
	tables   *sessionstore.Statements
	client   *http.Client
	log      lockedBuffer
	outage   outage
	hashes   atomic.Int64
	users    atomic.Int64
	mu       sync.Mutex
	outcomes []authflow.Outcome
}

// Start runs a flow until the test ends.
func Start(t testing.TB, adjust ...func(*Settings)) *Flow {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s := defaults()
	s.BaseURL = "http://" + server.Listener.Addr().String()
	for _, change := range adjust {
		change(&s)
	}
	f := &Flow{t: t, state: &state{
		URL: "http://" + server.Listener.Addr().String(), BaseURL: s.BaseURL,
		Clock: NewClock(),
	}}
	if s.Beside != nil {
		f.Database, f.Clock = s.Beside.Database, s.Beside.Clock
	} else {
		f.Database = sessionstore.Config{
			Path: filepath.Join(t.TempDir(), "postern.db"), UserFields: s.Admin.UserFields(s.UserFields), SessionFields: s.Admin.SessionFields(s.Auth.Session.AdditionalFields),
		}
	}
	f.open(s)
	f.mount(s)
	server.Config.Handler = f.site(s)
	server.Start()
	t.Cleanup(server.Close)
	f.client = newHTTPClient(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(f.Log())
		}
	})
	return f
}

// For returns the same flow for a subtest, which is then blamed for what fails.
func (f *Flow) For(t testing.TB) *Flow { return &Flow{t: t, state: f.state} }

func (f *Flow) open(s Settings) {
	sets := []sessionstore.MigrationSet{outbox.Migrations(), audit.Migrations(), jwt.Migrations(), ratelimit.Migrations(), lockout.Migrations(), social.Migrations()}
	if s.AdminColumns {
		f.addAdminColumns(sets)
	}
	store, err := sessionstore.Open(f.t.Context(), f.Database, sessionstore.Options{Now: f.Clock.Now, Migrations: sets})
	f.must(err)
	f.t.Cleanup(store.Close)
	f.tables, err = store.Statements(queries)
	f.must(err)
	f.Store = sessionstore.NewCache(store, s.Cache, sessionstore.CacheOptions{Now: f.Clock.Now})
}

// mount wires the rooms as cmd/postern does.
func (f *Flow) mount(s Settings) {
	database := store{Cache: f.Store, away: &f.outage}
	logger := slog.New(slog.NewTextHandler(&f.log, nil))
	recorder, err := audit.New(f.Store.Store, logger, audit.Options{Now: f.Clock.Now})
	f.must(err)
	letters, err := outbox.New(f.Store.Store, nil, outbox.Options{Now: f.Clock.Now})
	f.must(err)
	counter, err := ratelimit.New(f.Store.Store, ratelimit.Options{Now: f.Clock.Now, Logger: logger})
	f.must(err)
	guesses, err := lockout.New(f.Store.Store, f.Clock.Now)
	f.must(err)
	seen := &witness{gates: s.Gates, visits: map[*http.Request]visit{}}
	var landings authflow.Landings
	if s.Pages.Enabled {
		landings = pages.Landings
	}
	core, err := authflow.NewCore(s.Auth, authflow.Deps{
		Landings: landings, Places: s.Places,
		Store: database, Recorder: forgetful{recorder, s.Unrecorded}, Gates: []authflow.Gate{seen, admin.BanGate{Now: f.Clock.Now, Message: s.Admin.BannedUserMessage}}, BaseURL: s.BaseURL, Logger: logger, Now: f.Clock.Now,
		Client: sender, Observe: f.observe, RateLimit: s.RateLimit, Counter: counter, Lockout: guesses, Challenge: s.Challenge,
		UserFields: f.Store.UserFields(), SessionFields: f.Store.SessionFields(),
	})
	f.must(err)
	brand := mail.Brand{URL: core.BaseURL}
	prove := verification.New(s.Verification, s.ChangeEmail,
		verification.Deps{Core: core, Store: database, Outbox: letters, Brand: brand, Notify: s.Notify})
	f.Password = password.New(s.Password,
		password.Deps{Core: core, Store: database, Outbox: letters, Brand: brand, Prover: prove, Pool: f.pool(s.Password), Notify: s.Notify, Compromised: s.Compromised})
	notMe := disavow.New(disavow.Deps{Core: core, Store: database, Outbox: letters, Brand: brand, Passwords: f.Password})
	f.Password.Disavowal = notMe
	if s.Notify {
		core.Sessions.Tell(notMe)
	}
	tokens, err := jwt.New(s.JWT, jwt.Deps{Core: core, Store: f.Store.Store, Stale: s.Cache.TTL})
	f.must(err)
	atProviders, err := social.NewProviderSessions(f.Store.Store, f.Clock.Now)
	f.must(err)
	elsewhere, err := social.New(s.Social, social.Deps{
		Core: core, Store: database, Egress: s.Egress, Prover: prove, Linking: s.Linking, Account: s.Account, ProviderSessions: atProviders,
	})
	f.must(err)
	current := sessions.New(core, database, tokens)
	current.Elsewhere = elsewhere
	f.Core, f.Social, f.recorder = core, elsewhere, recorder
	f.API, err = authflow.New(core,
		f.Password,
		prove,
		notMe,
		current,
		tokens,
		account.New(s.DeleteUser, account.Deps{Core: core, Store: database, Outbox: letters, Brand: brand, Password: f.Password}),
		elsewhere,
		admin.New(s.Admin, admin.Deps{Core: core, Store: database, Passwords: f.Password}),
		status.New(core, database.Ping),
		openapi.New(s.OpenAPI, core),
	)
	f.must(err)
	f.Handler = newPromised(f, f.API, seen)
}

// pool counts what it hashes and stops with the test.
func (f *Flow) pool(c password.Config) *password.Pool {
	pool := password.NewPool(c, password.PoolObserver{Hashed: func(time.Duration) { f.hashes.Add(1) }})
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = pool.Run(ctx) // returns nil
	}()
	f.t.Cleanup(func() {
		stop()
		<-stopped
	})
	return pool
}

// Hashes is how many passwords have been hashed or compared so far.
func (f *Flow) Hashes() int { return int(f.hashes.Load()) }

// Log is what the flow has logged so far.
func (f *Flow) Log() string { return f.log.String() }

// Outcomes are what the observer heard so far.
func (f *Flow) Outcomes() []authflow.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]authflow.Outcome(nil), f.outcomes...)
}

func (f *Flow) observe(_ *http.Request, o authflow.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outcomes = append(f.outcomes, o)
}

// addressHeader carries what the trusted proxies would say of a browser's address.
const addressHeader = "X-Test-Address"

func sender(r *http.Request) authflow.ClientInfo {
	addr, err := netip.ParseAddr(r.Header.Get(addressHeader))
	if err != nil {
		addr = netip.Addr{}
	}
	return authflow.ClientInfo{Addr: addr, RequestID: "request-" + r.Header.Get("X-Request-Id")}
}

func (f *Flow) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// Places is a Locator that knows these addresses, whatever the language.
type Places map[string]string

// Place is the one of the address, or "".
func (p Places) Place(addr netip.Addr, _ string) string { return p[addr.String()] }

// GateFunc is a Gate made of a function.
type GateFunc func(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, method string) error

// Admit calls the function.
func (f GateFunc) Admit(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, method string) error {
	return f(c, tx, u, method)
}

// Refusals are none.
func (GateFunc) Refusals() []*authflow.Error { return nil }
