package openid

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// installation is Postern, configured to sign people in by the provider.
type installation struct {
	*harness.Postern
	provider *harness.OpenID
}

func install(t *testing.T, settings map[string]string) *installation {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s", r.Header.Get("X-Postern-User-Email"), r.Header.Get("X-Postern-User-Email-Verified"))
	}))
	t.Cleanup(app.Close)
	p := harness.NewOpenID(t)
	s := &installation{provider: p, Postern: harness.NewPostern(t, harness.Settings(harness.SQLite(t).Settings(), map[string]string{
		"upstream.url":                   app.URL,
		"egress.allow_private_addresses": "true",
		"auth.social":                    fmt.Sprintf("{acme: {issuer: %q, client_id: %q, client_secret: %q}}", p.Issuer, p.ClientID, p.ClientSecret),
	}, settings))}
	p.Start(t, s.URL+"/api/auth/callback/acme")
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// signIn is somebody at the provider, and back.
func (s *installation) signIn(t *testing.T, browser *harness.Client, user string) *harness.Response {
	t.Helper()
	var to struct{ URL string }
	browser.Post(t, "/api/auth/sign-in/social", map[string]any{"provider": "acme", "callbackURL": "/app", "errorCallbackURL": "/oops"}).Want(t, http.StatusOK).JSON(t, &to)
	return browser.Get(t, s.provider.SignIn(t, to.URL, user).String())
}

func TestSomebodySignsInWithARealProvider(t *testing.T) {
	t.Parallel()
	s := install(t, nil)
	for user, want := range map[string]string{"ada": "ada@people.test true", "grace": "grace@people.test true"} {
		browser := harness.NewClient(s.URL)
		if r := s.signIn(t, browser, user).Want(t, http.StatusFound); r.Header.Get("Location") != "/app" {
			t.Fatalf("%s is sent to %s", user, r.Header.Get("Location"))
		}
		if got := browser.Get(t, "/").Want(t, http.StatusOK).Body; string(got) != want {
			t.Errorf("the application sees %q, want %q", got, want)
		}
	}
}

// Signing out leads to the provider, which knows its own token again and asks nothing.
func TestSigningOutReachesARealProvider(t *testing.T) {
	t.Parallel()
	s := install(t, nil)
	browser := harness.NewClient(s.URL)
	s.signIn(t, browser, "ada").Want(t, http.StatusFound)
	var out struct {
		URL      string
		Redirect bool
	}
	browser.Post(t, "/api/auth/sign-out", map[string]any{}).Want(t, http.StatusOK).JSON(t, &out)
	target, err := url.Parse(out.URL)
	if err != nil || !out.Redirect || !strings.HasPrefix(out.URL, s.provider.Issuer) || target.Query().Get("id_token_hint") == "" {
		t.Fatalf("leads to %s, %v", out.URL, err)
	}
	elsewhere := &http.Client{Transport: &http.Transport{}} // any httptest.Server that closes cuts off what the default one connects to
	resp, err := elsewhere.Get(out.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/logged-out" {
		t.Errorf("the provider answers %s at %s", resp.Status, resp.Request.URL)
	}
	browser.Get(t, "/").Want(t, http.StatusUnauthorized)
}
