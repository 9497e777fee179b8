package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// deployment says where the page is and where Postern is. Names in .test lead to this machine.
type deployment struct {
	postern, page string // host names
	tls           bool
	provider      bool // people may sign in with acme, a real OpenID provider
	settings      map[string]string
}

var (
	anotherOrigin = deployment{postern: "auth.example.test", page: "www.example.test"}
	anotherSite   = deployment{postern: "auth.example.test", page: "www.another.test", tls: true, settings: map[string]string{
		"auth.cookie.same_site": "none",
	}}
	partitioned = deployment{postern: "auth.example.test", page: "www.another.test", tls: true, settings: map[string]string{
		"auth.cookie.same_site":   "none",
		"auth.cookie.partitioned": "true",
	}}
	withProvider = deployment{postern: "auth.example.test", page: "www.example.test", provider: true}
)

// stack is what a case may visit: lib/world.mjs reads it.
type stack struct {
	Page     string `json:"page"`
	Postern  string `json:"postern"`
	Direct   string `json:"direct"`
	Letters  string `json:"letters"`
	Provider string `json:"provider"` // the OpenID provider's origin, or empty
	Pictures string `json:"pictures"`
}

// startTogether starts an installation whose Postern is in front of both the application and the page.
func startTogether(t *testing.T) stack {
	t.Helper()
	settings, letters := startBehind(t)
	frontend := serve(t, false, page.handler(t, "", []string{}))
	settings["routes"] = fmt.Sprintf(`[
		{path: /api/**, auth: required, on_unauthenticated: 401},
		{path: /account/**, auth: required, upstream: %[1]q},
		{path: /**, auth: public, upstream: %[1]q},
	]`, frontend)
	settings["auth.sign_in_url"] = "/auth/sign-in"
	postern := harness.StartPostern(t, settings)
	return stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL, Letters: letters}
}

// startApart starts an installation whose page is elsewhere. Postern has a load balancer in front, which gives it its name.
func startApart(t *testing.T, d deployment) stack {
	t.Helper()
	settings, letters := startBehind(t)
	var address *url.URL // Postern's, known before anybody asks for it
	s := stack{Letters: letters, Postern: named(d.postern, serve(t, d.tls, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		balancer := httputil.ReverseProxy{ErrorLog: quiet, Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(address)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		}}
		balancer.ServeHTTP(w, r)
	})))}
	providers := []string{}
	if d.provider {
		acme := harness.StartOpenID(t, s.Postern+"/api/auth/callback/acme")
		settings = harness.Settings(settings, map[string]string{
			"auth.social":                    fmt.Sprintf("{acme: {issuer: %q, client_id: %q, client_secret: %q}}", acme.Issuer, acme.ClientID, acme.ClientSecret),
			"egress.allow_private_addresses": "true",
		})
		s.Provider, providers = strings.TrimSuffix(acme.Issuer, "/"), []string{"acme"}
	}
	s.Page = named(d.page, serve(t, d.tls, page.handler(t, s.Postern, providers)))
	postern := harness.StartPostern(t, harness.Settings(settings, map[string]string{
		"server.public_url":      s.Postern,
		"server.trusted_proxies": "127.0.0.1",
		"auth.trusted_origins":   s.Page,
	}, d.settings))
	s.Direct = postern.URL
	var err error
	if address, err = url.Parse(postern.URL); err != nil {
		t.Fatal(err)
	}
	return s
}

// startBehind starts what Postern needs and returns the settings that make it use that, and where letters can be read.
func startBehind(t *testing.T) (settings map[string]string, letterbox string) {
	t.Helper()
	db, mail := harness.PostgreSQL(t), harness.StartResend(t)
	return harness.Settings(db.Settings(), mail.Settings(), map[string]string{
		"upstream.url":                   harness.StartFastAPI(t, db.ApplicationURL()).URL,
		"auth.user.change_email.enabled": "true",
		"auth.user.delete_user.enabled":  "true",
	}), serve(t, false, letters(mail))
}

// quiet is told of what browsers do all the time: to leave, and to dislike the certificate at first.
var quiet = log.New(io.Discard, "", 0)

// serve listens on a free port until the test ends.
func serve(t *testing.T, tls bool, handler http.Handler) (origin string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = quiet
	if tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL
}

// named is an origin by a name instead of the address.
func named(host, origin string) string { return strings.Replace(origin, "127.0.0.1", host, 1) }

// letters lets cases take the next letter to an address.
func letters(mail *harness.Resend) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		letter, ok := mail.Next(r.FormValue("to"), r.FormValue("subject"))
		if !ok {
			http.Error(w, "not yet", http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"to": letter.To, "subject": letter.Subject, "link": letter.Link()})
	})
}

// play plays the cases of some files on the stack.
func (s stack) play(t *testing.T, files ...string) {
	t.Helper()
	var err error
	if s.Pictures, err = filepath.Abs(filepath.Join("pictures", t.Name())); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(s.Pictures); err != nil {
		t.Fatal(err)
	}
	description, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"run.mjs"}, files...)
	args = append(args, strings.Fields(os.Getenv("BROWSER_ARGS"))...)
	harness.RunCases(t, []string{"BROWSER_STACK=" + string(description)}, args...)
}
