package authflow

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Deps is what the API stands on. Places, additional fields, Logger, Now, Client and Observe may be left out.
type Deps struct {
	Store    SessionStore
	Recorder Recorder
	Gates    []Gate

	// BaseURL is the public origin: the one used for cookies, links and redirects, never derived from a request.
	BaseURL string
	// Landings are the pages of our own, if there are any.
	Landings Landings
	// Places tells where addresses are. Nil: nobody knows.
	Places Locator

	// UserFields and SessionFields are the additional fields, as the store has them.
	UserFields    sessionstore.AdditionalFields
	SessionFields sessionstore.AdditionalFields
	// RateLimit is what Counter counts for. No Counter: nothing is limited.
	RateLimit RateLimitConfig
	Counter   Counter
	// Lockout counts wrong guesses at passwords. None: they are not counted.
	Lockout Lockout
	// Challenge is asked for at the endpoints that it guards. None: at none.
	Challenge Challenge

	Logger  *slog.Logger
	Now     func() time.Time
	Client  func(*http.Request) ClientInfo
	Observe Observer
}

// Flow is the auth API: an http.Handler for everything below the base path.
type Flow struct {
	router   *Router
	sessions *Sessions
	origins  *Origins
	recorder Recorder
	counter  Counter // nil: nothing is limited
	lockout  Lockout // nil: guesses are not counted
	lockouts LockoutConfig
	devices  *knownDevices // nil: none is known
	places   func(address, lang string) string

	basePath string
	logger   *slog.Logger
	client   func(*http.Request) ClientInfo
	observe  Observer
}

// Core is what rooms are built from: made before them, since they need it, and given to New with them.
type Core struct {
	Sessions *Sessions
	Origins  *Origins
	Keys     *Keys

	// BaseURL is the public origin, APIURL that with the base path: what mailed links begin with.
	BaseURL string
	APIURL  string

	Landings Landings

	// UserFields and SessionFields are the additional fields of users and sessions.
	UserFields    sessionstore.AdditionalFields
	SessionFields sessionstore.AdditionalFields

	Logger *slog.Logger
	Now    func() time.Time

	cfg  Config
	deps Deps
}

// NewCore builds what the rooms share.
func NewCore(cfg Config, deps Deps) (*Core, error) {
	if cfg.Secret == "" {
		return nil, errors.New("auth.secret is empty")
	}
	if deps.Store == nil || deps.Recorder == nil {
		return nil, errors.New("authflow needs a store and a recorder")
	}
	deps.fillIn()
	origins, err := NewOrigins(deps.BaseURL, cfg.TrustedOrigins)
	if err != nil {
		return nil, err
	}
	keys := NewKeys(cfg.Secret, cfg.PreviousSecrets...)
	cookies := NewCookies(cfg.Cookie, keys, deps.BaseURL, cfg.Session.ExpiresIn)
	now := func() time.Time { return deps.Now().UTC().Truncate(time.Millisecond) }
	cache, err := newCookieCache(cfg.Session.CookieCache, cookies, now, deps.Logger)
	if err != nil {
		return nil, err
	}
	return &Core{
		Sessions: &Sessions{
			store:               deps.Store,
			cookies:             cookies,
			cache:               cache,
			gates:               deps.Gates,
			now:                 deps.Now,
			expiresIn:           cfg.Session.ExpiresIn,
			updateAge:           cfg.Session.UpdateAge,
			freshAge:            cfg.Session.FreshAge,
			deferRefresh:        cfg.Session.DeferRefresh,
			requireSignedBearer: cfg.Bearer.RequireSignature,
		},
		Origins: origins,
		Keys:    keys,
		BaseURL: origins.Base(),
		APIURL:  origins.Base() + cfg.BasePath,

		Landings: deps.Landings,

		UserFields:    deps.UserFields,
		SessionFields: deps.SessionFields,

		Logger: deps.Logger,
		Now:    now,
		cfg:    cfg,
		deps:   deps,
	}, nil
}

func (d *Deps) fillIn() {
	if !d.RateLimit.Enabled {
		d.Counter, d.Lockout = nil, nil
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Client == nil {
		d.Client = func(*http.Request) ClientInfo { return ClientInfo{} }
	}
	if d.Observe == nil {
		d.Observe = func(*http.Request, Outcome) {}
	}
}

// New mounts the features.
func New(core *Core, features ...Feature) (*Flow, error) {
	f := &Flow{
		router:   newRouter(),
		sessions: core.Sessions,
		origins:  core.Origins,
		recorder: core.deps.Recorder,
		counter:  core.deps.Counter,
		places:   core.Place,
		basePath: core.cfg.BasePath,
		logger:   core.Logger,
		client:   core.deps.Client,
		observe:  core.deps.Observe,
	}
	f.router.gates = core.deps.Gates
	if core.deps.Lockout != nil {
		f.lockout, f.lockouts = core.deps.Lockout, core.deps.RateLimit.Lockout.fillIn()
		var err error
		if f.devices, err = newKnownDevices(core.Sessions.cookies, core.Keys, f.lockouts.KnownFor, core.Now); err != nil {
			return nil, err
		}
	}
	for _, feature := range features {
		f.router.room = feature.Name()
		feature.Mount(f.router)
		if f.router.err != nil {
			return nil, fmt.Errorf("mount %s: %w", feature.Name(), f.router.err)
		}
	}
	if f.counter != nil {
		f.router.limitRoutes(core.deps.RateLimit, core.Logger)
	}
	if core.deps.Challenge != nil {
		f.router.guardRoutes(core.deps.Challenge)
	}
	return f, nil
}

// Routes are all that is mounted, in order.
func (f *Flow) Routes() iter.Seq[*Route] { return f.router.Routes() }

// ServeHTTP answers one request. No answer of the API may be kept by a cache on the way.
func (f *Flow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{W: w, R: r, flow: f}
	BoundUnread(w, r)
	c.route, c.params = f.find(r)
	if c.route == nil {
		f.answerError(w, r, ErrNotFound)
		f.observe(r, Outcome{})
		return
	}
	r.Pattern = c.route.Path
	w.Header().Set("Cache-Control", "no-store")
	if err := f.serve(c); err != nil {
		f.answerError(w, r, err)
	}
	for _, e := range c.later {
		c.Note(e)
	}
	f.observe(r, c.outcome())
}

// find looks at the path as it was sent. Another spelling of it, such as /%6fk, is another path: here as in better-auth, and
// for whoever in front limits or forbids by path.
func (f *Flow) find(r *http.Request) (*Route, url.Values) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), f.basePath)
	if !ok {
		return nil, nil
	}
	return f.router.find(r.Method, path)
}

// serve does what every route needs, in better-auth's order, and then what this one does.
func (f *Flow) serve(c *Call) error {
	if err := f.checkRate(c); err != nil {
		return err
	}
	if err := checkChallenge(c); err != nil {
		return err
	}
	body, err := f.checkRequest(c)
	if err != nil {
		return err
	}
	if _, absent := body.(undefined); absent && c.route.BodyOptional {
		c.Body = Values{}
	} else if c.Body, err = checkFields("body", body, c.route.Body, c.route.BodyShape); err != nil {
		return err
	}
	if c.Query, err = checkFields("query", queryObject(c.R.URL.Query()), c.route.Query, c.route.QueryShape); err != nil {
		return err
	}
	if c.route.LoginCSRF {
		if err := f.origins.checkLogin(c.R); err != nil {
			return err
		}
	}
	if err := f.checkSession(c); err != nil {
		return err
	}
	return f.handle(c)
}

// checkRequest reads the body and asks what has nothing to do with its meaning: media type, syntax, origin, redirect targets.
func (f *Flow) checkRequest(c *Call) (any, error) {
	if c.R.Method == http.MethodGet {
		return undefined{}, nil
	}
	var body any = undefined{}
	if !c.route.BodyIgnored {
		var err error
		if body, err = readBody(c.W, c.R, c.route.Form); err != nil {
			return nil, err
		}
	}
	if err := f.origins.checkOrigin(c.R, false); err != nil {
		return nil, err
	}
	return body, f.origins.checkRedirects(body, c.R.URL.Query())
}

func (f *Flow) checkSession(c *Call) error {
	if c.route.Session == SessionIgnored {
		return nil
	}
	identity, err := c.Session()
	switch {
	case err != nil:
		return err
	case identity == nil:
		return cmp.Or(c.route.Nobody, ErrUnauthorized)
	case c.route.Session == SessionFresh && !f.sessions.Fresh(identity.Session):
		return ErrSessionNotFresh
	}
	return nil
}

func (c *Call) outcome() Outcome {
	o := Outcome{Route: c.flow.basePath + c.route.Path, Reason: c.reason}
	if c.identity != nil {
		o.UserID, o.SessionID = string(c.identity.User.ID), string(c.identity.Session.ID)
	}
	return o
}
