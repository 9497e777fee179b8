package pages

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/words"
	"github.com/posternhq/postern/sessionstore"
)

// Path is below what the pages are, on the public listener.
const Path = "/auth"

// The pages that others lead to.
const (
	SignInPath  = Path + "/sign-in"
	accountPath = Path + "/account"
	deletePath  = Path + "/delete"
	disavowPath = Path + "/not-me"
	mailPath    = Path + "/check-mail"
	resetPath   = Path + "/reset"
	verifyPath  = Path + "/verify"
)

// Landings is where mailed links lead when there are pages.
var Landings = authflow.Landings{Verified: verifyPath, Reset: resetPath, Deletion: deletePath, Disavow: disavowPath, Error: Path + "/error"}

// Provider is one that people may sign in with.
type Provider struct{ ID, Name string }

// Offers is what the rooms are configured to do, so that no page offers anything else.
type Offers struct {
	Password, SignUp         bool // by address and password
	MinPassword, MaxPassword int  // in UTF-16 code units
	ProveEmail               bool // before anybody signs in
	ChangeEmail              bool
	ConfirmCurrent           bool // by the present address first
	DeleteUser, DeleteByMail bool
	Linking                  bool
}

// Deps is what the pages stand on.
type Deps struct {
	Core      *authflow.Core
	API       http.Handler // the auth API
	Providers []Provider
	Offers    Offers

	// Events returns what happened to a user lately, the newest first. Nil: nothing is written down.
	Events func(ctx context.Context, user sessionstore.UserID, limit int) ([]authflow.Event, error)
	// Admin is what pages for administrators stand on. Nil: there are none.
	Admin *Administration
	// RequestID is the one in the log.
	RequestID func(*http.Request) string
	// Observe hears which page was asked for, "" if none, once it has been answered.
	Observe func(r *http.Request, page string)
}

// Pages serves all below Path.
type Pages struct {
	Deps
	cfg       Config
	keys      *authflow.Keys
	https     bool
	base      string // path of the API
	name      string
	home      string
	host      string
	logo      string
	policy    string
	version   string
	languages *words.Languages
	templates map[string]*template.Template // by language
	assets    map[string]asset              // by path
	routes    map[string]route              // by path
}

// route is a page: show answers GET, and a POST that was refused; act does what was posted. Either may be missing.
type route struct{ show, act func(*visit) error }

// New returns the pages.
func New(cfg Config, deps Deps) (*Pages, error) {
	colors, err := cfg.palette()
	if err != nil {
		return nil, fmt.Errorf("pages.%w", err)
	}
	public, err := url.Parse(deps.Core.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	p := &Pages{
		Deps: deps, cfg: cfg, https: public.Scheme == "https", base: strings.TrimPrefix(deps.Core.APIURL, deps.Core.BaseURL),
		host: public.Host, name: cmp.Or(cfg.Name, public.Host), home: cmp.Or(cfg.HomeURL, accountPath), logo: cfg.LogoURL,
	}
	if p.keys, err = deps.Core.Keys.For("pages"); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if p.languages, err = words.Read(files); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if err := p.readAssets(colors); err != nil {
		return nil, err
	}
	p.policy = policyFor(cfg.LogoURL)
	p.logo = cmp.Or(p.logo, Path+"/icon.svg?v="+p.version)
	p.routes = map[string]route{
		Path:                 {show: func(v *visit) error { return v.redirect(accountPath) }},
		SignInPath:           {showSignIn, signIn},
		Path + "/provider":   {showSignIn, startProvider},
		Path + "/sign-up":    {showSignUp, signUp},
		mailPath:             {showMail, sendAgain},
		verifyPath:           {showVerified, nil},
		Path + "/forgot":     {showForgot, forgot},
		resetPath:            {showReset, reset},
		accountPath:          {showAccount, changeAccount},
		deletePath:           {showDelete, deleteAccount},
		disavowPath:          {showDisavow, disavow},
		Path + "/sign-out":   {showSignOut, signOut},
		Path + "/signed-out": {showSignedOut, nil},
		Path + "/error":      {showError, nil},

		adminPath:             {showUsers, nil},
		adminPath + "/new":    {showNewUser, createUser},
		adminPath + "/user":   {showUser, changeUser},
		adminPath + "/events": {showTrail, nil},
		adminPath + "/health": {showHealth, nil},
		stopPath:              {toAdmin, stopImpersonating},
	}
	return p, p.parseTemplates()
}

// policyFor lets a page load its own files and the logo, post its forms here, and nothing else.
func policyFor(logo string) string {
	images := "'self'"
	if u, err := url.Parse(logo); err == nil && u.Host != "" {
		images += " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + images + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// visit is one request for a page.
type visit struct {
	pages *Pages
	w     http.ResponseWriter
	r     *http.Request
	words *words.Words
	form  url.Values // nil for GET

	kept, before kept // what the browser keeps, now and when it asked
	problem      *problem
	me           *identity // see whoami
	asked        bool
}

// ServeHTTP answers a request for what is below Path. No page is kept by any cache, not even for the back button (D51).
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	authflow.BoundUnread(w, r)
	v := &visit{pages: p, w: w, r: r, words: p.languages.Choose(r.Header.Get("Accept-Language"))}
	path := r.URL.EscapedPath() // another spelling is another path, as in the API
	p.protect(w.Header())
	if a, ok := p.assets[path]; ok && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		v.serveAsset(a)
		p.Observe(r, path)
		return
	}
	v.kept = p.readKept(r)
	v.before = v.kept
	route, known := p.routes[path]
	if !known {
		path = ""
	}
	if err := v.serve(route, known); err != nil {
		v.fail(err)
	}
	p.Observe(r, path)
}

func (p *Pages) protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	// Nobody else learns which page it was, but a form that is posted here has an Origin, which no-referrer takes away.
	h.Set("Referrer-Policy", "same-origin")
}

func (v *visit) serve(page route, known bool) error {
	switch {
	case !known:
		return &problem{Status: http.StatusNotFound, Code: codeNotFound}
	case v.r.Method == http.MethodGet || v.r.Method == http.MethodHead:
		return page.show(v)
	case v.r.Method != http.MethodPost || page.act == nil:
		v.w.Header().Set("Allow", "GET, HEAD")
		if page.act != nil {
			v.w.Header().Set("Allow", "GET, HEAD, POST")
		}
		return &problem{Status: http.StatusMethodNotAllowed, Code: codeMethod}
	}
	err := v.readForm()
	if err == nil {
		err = page.act(v)
	}
	if !errors.As(err, &v.problem) {
		return err
	}
	return page.show(v)
}

// fail shows an error that no page has a place for.
func (v *visit) fail(err error) {
	if !errors.As(err, &v.problem) {
		v.pages.Core.Logger.LogAttrs(v.r.Context(), slog.LevelError, "page failed",
			slog.String("page", v.r.URL.Path), slog.String("request_id", v.pages.RequestID(v.r)), slog.Any("err", err))
		v.problem = &problem{Status: http.StatusInternalServerError, Code: codeInternal}
	}
	if err := v.show("error", nil); err != nil {
		v.w.WriteHeader(http.StatusInternalServerError)
	}
}

func newNonce() string { return rand.Text() }
