package e2e

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// frontend is another site whose pages may call.
const frontend = "https://front.example.test"

// routes leave the example's two open doors open.
const routes = `[
  {path: /public/**, auth: public},
  {path: /api/headers, host: public.test, auth: public},
  {path: /api/headers, auth: optional},
]`

// stack is one installation.
type stack struct {
	*harness.Postern
	db   *harness.Database
	mail *harness.Resend
	app  *harness.FastAPI // nil when another application stands behind

	mu      sync.Mutex
	secrets map[string]string // what must never be in a log, and what it is
}

// newStack starts an installation with the example behind it.
func newStack(t *testing.T, db *harness.Database, settings map[string]string) *stack {
	t.Helper()
	app := harness.StartFastAPI(t, db.ApplicationURL())
	s := newStackBefore(t, db, app.URL, harness.Settings(map[string]string{
		"auth.trusted_origins":           frontend,
		"auth.user.change_email.enabled": "true",
		"auth.user.delete_user.enabled":  "true",
		"log.level":                      "debug",
	}, settings))
	s.app = app
	return s
}

// newStackBefore starts an installation in front of any application.
func newStackBefore(t *testing.T, db *harness.Database, upstream string, settings map[string]string) *stack {
	t.Helper()
	s := &stack{db: db, mail: harness.StartResend(t), secrets: map[string]string{harness.Secret: "auth.secret", harness.ResendKey: "API key"}}
	s.Postern = harness.StartPostern(t, harness.Settings(db.Settings(), s.mail.Settings(),
		map[string]string{"upstream.url": upstream, "routes": routes}, settings))
	return s
}

// secret notes something that must never be logged.
func (s *stack) secret(what, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[value] = what
}

// visitor is somebody without an account, in a browser without cookies.
func (s *stack) visitor() *person {
	id := strings.ToLower(rand.Text()[:12])
	p := &person{
		Client: harness.NewClient(s.URL), s: s,
		name: "Person " + id, email: id + "@example.test", password: "password of " + id,
	}
	s.secret("password", p.password)
	return p
}

// user is somebody who has signed up and followed the mailed link, and so is signed in.
func (s *stack) user(t *testing.T) *person {
	t.Helper()
	p := s.visitor()
	p.signUp(t)
	p.followLink(t, "Confirm your e-mail address")
	var me struct{ User struct{ ID string } }
	p.Get(t, "/api/auth/me").Want(t, http.StatusOK).JSON(t, &me)
	p.id = me.User.ID
	return p
}

// person is a human with one browser.
type person struct {
	*harness.Client
	s                         *stack
	id, name, email, password string
}

func (p *person) signUp(t *testing.T) *harness.Response {
	t.Helper()
	return p.Post(t, "/api/auth/sign-up/email", map[string]any{
		"name": p.name, "email": p.email, "password": p.password, "callbackURL": "/welcome",
	}).Want(t, http.StatusOK)
}

// followLink opens the link of the next letter with that subject.
func (p *person) followLink(t *testing.T, subject string) *harness.Response {
	t.Helper()
	link := p.link(t, p.email, subject)
	r := p.Get(t, link).Want(t, http.StatusFound)
	p.noteSession(r)
	return r
}

// link takes the next letter with that subject and returns its link.
func (p *person) link(t *testing.T, address, subject string) string {
	t.Helper()
	link := p.s.mail.Take(t, address, subject).Link()
	if !strings.HasPrefix(link, p.s.URL+"/api/auth/") {
		t.Fatalf("letter %q leads to %q", subject, link)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if token := u.Query().Get("token"); token != "" {
		p.s.secret("mailed token", token)
	}
	return link
}

func (p *person) signIn(t *testing.T) *harness.Response {
	t.Helper()
	return p.noteSession(p.trySignIn(t, p.password).Want(t, http.StatusOK))
}

func (p *person) trySignIn(t *testing.T, password string) *harness.Response {
	t.Helper()
	return p.Post(t, "/api/auth/sign-in/email", map[string]any{"email": p.email, "password": password})
}

// device is the same person in another browser, signed in by password.
func (p *person) device(t *testing.T, agent string) *person {
	t.Helper()
	other := p.elsewhere()
	other.UserAgent = agent
	other.signIn(t)
	return other
}

// elsewhere is the same person in a browser without cookies.
func (p *person) elsewhere() *person {
	other := *p
	other.Client = harness.NewClient(p.Base)
	return &other
}

func (p *person) noteSession(r *harness.Response) *harness.Response {
	if signed := r.Header.Get("Set-Auth-Token"); signed != "" {
		token, signature, _ := strings.Cut(signed, ".")
		p.s.secret("session token", token)
		p.s.secret("cookie signature", signature)
		p.s.secret("cookie signature, encoded", url.QueryEscape(signature))
	}
	return r
}

// signed is the session's cookie as a bearer client would send it: token, dot, signature.
func (p *person) signed(t *testing.T) string {
	t.Helper()
	signed, err := url.PathUnescape(p.Cookie(harness.SessionCookie))
	if err != nil || !strings.Contains(signed, ".") {
		t.Fatalf("no signed session cookie: %q, %v", signed, err)
	}
	return signed
}

// token is the session's token alone.
func (p *person) token(t *testing.T) string {
	t.Helper()
	token, _, _ := strings.Cut(p.signed(t), ".")
	return token
}

// isIn fails the test unless the application behind Postern knows the person.
func (p *person) isIn(t *testing.T, edits ...harness.Edit) {
	t.Helper()
	var me struct{ ID, Email string }
	p.Get(t, "/api/me", edits...).Want(t, http.StatusOK).JSON(t, &me)
	if me.ID != p.id || me.Email != p.email {
		t.Fatalf("the application sees %+v, want %s %s", me, p.id, p.email)
	}
}

// isOut fails the test unless both the application and the API refuse the person.
func (p *person) isOut(t *testing.T, edits ...harness.Edit) {
	t.Helper()
	r := p.Get(t, "/api/me", edits...).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	if r.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	p.Get(t, "/api/auth/me", edits...).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	if r := p.Get(t, "/api/auth/get-session", edits...).Want(t, http.StatusOK); string(r.Body) != "null" {
		t.Fatalf("get-session answered %s", r.Body)
	}
}
