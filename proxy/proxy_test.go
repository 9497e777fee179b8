package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// sessions is a resolver over a fixed set of tokens. "down" stands for a store that does not answer.
type sessions map[string]*sessionstore.Identity

const (
	cookieName = "better-auth.session_token"
	cookieData = "better-auth.session_data"
)

func (s sessions) Resolve(w http.ResponseWriter, r *http.Request) (*sessionstore.Identity, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		c, err := r.Cookie(cookieName)
		if err != nil {
			return nil, nil
		}
		token = c.Value
	}
	switch token {
	case "down":
		return nil, fmt.Errorf("resolve session: %w", sessionstore.ErrUnavailable)
	case "renewed":
		w.Header().Add("Set-Cookie", cookieName+"=renewed; Path=/")
	}
	return s[token], nil
}

func (s sessions) Conceal(h http.Header) {
	if strings.HasPrefix(h.Get("Authorization"), "Bearer ") {
		h.Del("Authorization")
	}
	var kept []string
	for pair := range strings.SplitSeq(strings.Join(h["Cookie"], "; "), "; ") {
		if name, _, _ := strings.Cut(pair, "="); pair != "" && !s.OwnsCookie(name) {
			kept = append(kept, pair)
		}
	}
	h.Del("Cookie")
	if len(kept) > 0 {
		h.Set("Cookie", strings.Join(kept, "; "))
	}
}

func (sessions) OwnsCookie(name string) bool { return name == cookieName || name == cookieData }

func text(s string) *string { return &s }

func identity(name, roles string) *sessionstore.Identity {
	id := &sessionstore.Identity{
		User:    sessionstore.User{ID: sessionstore.UserID("u-" + name), Name: name, Email: name + "@example.com", EmailVerified: true},
		Session: sessionstore.Session{ID: sessionstore.SessionID("s-" + name)},
	}
	if roles != "" {
		id.User.Role = text(roles)
	}
	return id
}

// people are ann, root with the role admin, and new, who signed in just now and has not proved their address.
func people() sessions {
	fresh := identity("new", "")
	fresh.Session.CreatedAt, fresh.User.EmailVerified = time.Now(), false
	return sessions{"ann": identity("ann", ""), "renewed": identity("ann", ""), "root": identity("root", "user, admin"), "new": fresh}
}

// seen is a request as the application got it.
type seen struct {
	method, uri, path, host, body string
	header, trailer               http.Header
}

// upstreamLog is an application that remembers what it was asked.
type upstreamLog struct {
	mu   sync.Mutex
	all  []seen
	then http.Handler
}

func (u *upstreamLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if u.then == nil {
		body, _ := io.ReadAll(r.Body)
		u.note(r, string(body))
		_, _ = io.WriteString(w, "hello from the application")
		return
	}
	u.note(r, "")
	u.then.ServeHTTP(w, r)
}

func (u *upstreamLog) note(r *http.Request, body string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = append(u.all, seen{r.Method, r.RequestURI, r.URL.Path, r.Host, body, r.Header.Clone(), r.Trailer.Clone()})
}

func (u *upstreamLog) requests() []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]seen(nil), u.all...)
}

func (u *upstreamLog) only(t *testing.T) seen {
	t.Helper()
	all := u.requests()
	if len(all) != 1 {
		t.Fatalf("the application saw %d requests, want one: %+v", len(all), all)
	}
	return all[0]
}

func testConfig(upstreamURL string, routes ...RouteConfig) Config {
	return Config{
		Upstream:    UpstreamConfig{URL: upstreamURL, DialTimeout: 5 * time.Second, ResponseHeaderTimeout: 30 * time.Second, IdleTimeout: 4 * time.Second, BodyGrace: 30 * time.Second},
		Routes:      routes,
		DefaultAuth: "required",
		CSRF:        CSRFConfig{Enabled: true},
	}
}

// front is a Postern in front of an application, both on loopback.
type front struct {
	*httptest.Server
	proxy    *Proxy
	app      *upstreamLog
	outcomes chan Outcome
}

type setup struct {
	routes  []RouteConfig
	options Options
	app     http.Handler
	change  func(*Config)
	h2      bool
}

func start(t testing.TB, s setup) *front {
	t.Helper()
	f := &front{app: &upstreamLog{then: s.app}, outcomes: make(chan Outcome, 1000)}
	app := httptest.NewServer(f.app)
	t.Cleanup(app.Close)
	config := testConfig(app.URL, s.routes...)
	if s.change != nil {
		s.change(&config)
	}
	s.options.Observe = func(_ *http.Request, o Outcome) { f.outcomes <- o }
	if s.options.RequestID == nil {
		s.options.RequestID = func(*http.Request) string { return "req-1" }
	}
	var err error
	if f.proxy, err = New(config, people(), s.options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.proxy.Close)
	f.Server = httptest.NewUnstartedServer(f.proxy)
	f.Server.EnableHTTP2 = s.h2
	if s.h2 {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(f.Server.Close)
	return f
}

func (f *front) outcome(t *testing.T) Outcome {
	t.Helper()
	select {
	case o := <-f.outcomes:
		return o
	case <-time.After(20 * time.Second):
		t.Fatal("no outcome was reported")
		return Outcome{}
	}
}

// get sends a request with headers written "Name: value" and returns the answer with its body read.
func (f *front) get(t *testing.T, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[name] = append(req.Header[name], value)
	}
	res, err := f.Client().Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// raw writes bytes to Postern's socket and returns the first answer, or nil when the connection is closed without one.
func (f *front) raw(t *testing.T, request string) (*http.Response, string) {
	t.Helper()
	conn := f.dial(t)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, ""
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

func (f *front) dial(t *testing.T) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

const asAnn = "Cookie: " + cookieName + "=ann"

func TestRequestReachesTheApplicationWithIdentity(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/tasks/**"}}})
	res, body := f.get(t, "GET", "/tasks/1?q=a;b&c=%zz", asAnn, "Accept: */*", "Host: ignored")
	if res.StatusCode != 200 || body != "hello from the application" {
		t.Fatalf("answer %d %q", res.StatusCode, body)
	}
	if got := res.Header["X-Request-Id"]; len(got) != 1 || got[0] != "req-1" {
		t.Errorf("request ids in the answer: %q", got)
	}
	got := f.app.only(t)
	if got.uri != "/tasks/1?q=a;b&c=%zz" || "http://"+got.host != f.URL { // D77: the query is not tidied up on the way
		t.Errorf("the application saw %s at %s", got.uri, got.host)
	}
	want := map[string]string{
		"X-Postern-User-Id": "u-ann", "X-Postern-User-Email": "ann@example.com", "X-Postern-User-Email-Verified": "true",
		"X-Postern-User-Name": "ann", "X-Postern-Session-Id": "s-ann", "X-Request-Id": "req-1",
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": got.host,
	}
	for name, value := range want {
		if lines := got.header[name]; len(lines) != 1 || lines[0] != value {
			t.Errorf("%s is %q, want %q", name, lines, value)
		}
	}
	for _, absent := range []string{"Cookie", "X-Postern-User-Roles", "X-Postern-Assertion"} {
		if lines, ok := got.header[absent]; ok {
			t.Errorf("%s arrived: %q", absent, lines)
		}
	}
	if o := f.outcome(t); o.Route != "/tasks/**" || o.Auth != Required || o.UserID != "u-ann" || o.SessionID != "s-ann" || o.Action != Forward || o.Reason != "" || o.Err != nil {
		t.Errorf("outcome %+v", o)
	}
}

func TestAnswersByRule(t *testing.T) {
	t.Parallel()
	routes := []RouteConfig{
		{Path: "/public/**", Auth: "public"},
		{Path: "/optional/**", Auth: "optional"},
		{Path: "/admin/**", Roles: []string{"admin", "owner"}},
		{Path: "/rest/**", OnUnauthenticated: "401"},
		{Path: "/app/**", OnUnauthenticated: "redirect"},
		{Path: "/proven/**", VerifiedEmail: true},
		{Path: "/fresh/**", MaxSessionAge: time.Hour},
		{Path: "/api/pages/**", OnUnauthenticated: "redirect"},
	}
	const page, down, bearer = "Sec-Fetch-Mode: navigate", "Cookie: " + cookieName + "=down", "Authorization: Bearer ann"
	tests := []struct {
		name, method, path string
		header             []string
		status             int
		user               string // whom the application saw
	}{
		{"public without a session", "GET", "/public/a", nil, 200, ""},
		{"public does not look for one", "GET", "/public/a", []string{asAnn}, 200, ""},
		{"public works while sessions do not", "GET", "/public/a", []string{down}, 200, ""},
		{"optional without", "GET", "/optional/a", nil, 200, ""},
		{"optional with", "GET", "/optional/a", []string{asAnn}, 200, "u-ann"},
		{"optional with a dead one", "GET", "/optional/a", []string{"Cookie: " + cookieName + "=gone"}, 200, ""},
		{"optional never passes for a stranger", "GET", "/optional/a", []string{down}, 503, ""},
		{"default by cookie", "GET", "/x", []string{asAnn}, 200, "u-ann"},
		{"default by bearer", "POST", "/x", []string{bearer}, 200, "u-ann"},
		{"default without", "GET", "/x", nil, 401, ""},
		{"default while sessions are unknown", "GET", "/x", []string{down}, 503, ""},
		{"navigation while sessions are unknown", "GET", "/x", []string{down, page}, 503, ""},
		{"navigation", "GET", "/x", []string{page}, 302, ""},
		{"HEAD navigation", "HEAD", "/x", []string{page}, 302, ""},
		{"form sent by a page", "POST", "/x", []string{page}, 401, ""},
		{"old browser", "GET", "/x", []string{"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, 302, ""},
		{"old XHR", "GET", "/x", []string{"Accept: text/html", "X-Requested-With: XMLHttpRequest"}, 401, ""},
		{"htmx", "GET", "/x", []string{"Accept: text/html", "Hx-Request: true"}, 401, ""},
		{"axios", "GET", "/x", []string{"Accept: application/json, text/plain, */*"}, 401, ""},
		{"EventSource", "GET", "/x", []string{"Accept: text/event-stream"}, 401, ""},
		{"JSON over HTML", "GET", "/x", []string{"Accept: text/html;q=0.5, application/json"}, 401, ""},
		{"fetch", "GET", "/x", []string{"Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin", "Accept: text/html"}, 401, ""},
		{"route says 401", "GET", "/rest/x", []string{page}, 401, ""},
		{"an API, though nothing says so", "GET", "/api/x", []string{page}, 401, ""}, // users-ask 7
		{"an API whose route says redirect", "GET", "/api/pages/x", []string{page}, 302, ""},
		{"curl", "GET", "/x", []string{"User-Agent: curl/8", "Accept: */*"}, 401, ""},
		{"address not proved", "GET", "/proven/x", []string{"Cookie: " + cookieName + "=new"}, 403, ""},
		{"address proved", "GET", "/proven/x", []string{asAnn}, 200, "u-ann"},
		{"signed in long ago", "GET", "/fresh/x", []string{asAnn}, 401, ""},
		{"signed in long ago, on a page", "GET", "/fresh/x", []string{asAnn, page}, 401, ""}, // users-ask 9: never a redirect
		{"signed in just now", "GET", "/fresh/x", []string{"Cookie: " + cookieName + "=new"}, 200, "u-new"},
		{"route says redirect", "GET", "/app/x", []string{"Accept: */*"}, 302, ""},
		{"route says redirect, but not of a POST", "POST", "/app/x", nil, 401, ""},
		{"route says redirect, but not across origins", "GET", "/app/x", []string{"Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site"}, 401, ""},
		{"role missing", "GET", "/admin/x", []string{asAnn}, 403, ""},
		{"role missing on a page", "GET", "/admin/x", []string{asAnn, page}, 403, ""},
		{"role there", "GET", "/admin/x", []string{"Cookie: " + cookieName + "=root"}, 200, "u-root"},
		{"the sign-in page itself", "GET", "/sign-in", []string{page}, 401, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, setup{routes: routes, options: Options{SignInURL: "/sign-in"}})
			res, body := f.get(t, tt.method, tt.path, tt.header...)
			if res.StatusCode != tt.status {
				t.Fatalf("answer %d %s, want %d", res.StatusCode, body, tt.status)
			}
			if tt.status == 200 {
				if got := f.app.only(t).header.Get("X-Postern-User-Id"); got != tt.user {
					t.Errorf("the application saw %q, want %q", got, tt.user)
				}
				return
			}
			if n := len(f.app.requests()); n != 0 {
				t.Errorf("the application saw %d requests", n)
			}
			if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Request-Id") != "req-1" {
				t.Errorf("header %v", res.Header)
			}
			if want := "/sign-in?return_to=" + strings.ReplaceAll(tt.path, "/", "%2F"); tt.status == 302 && res.Header.Get("Location") != want {
				t.Errorf("redirected to %q, want %q", res.Header.Get("Location"), want)
			}
			if tt.status == 401 && !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Error("401 without a scheme")
			}
			if tt.status == 503 && res.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		})
	}
}

func TestRefusalNamesTheSignInPage(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{SignInURL: "https://accounts.example/in"}})
	res, body := f.get(t, "GET", "/x")
	if res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", res.Header)
	}
	want := `{"code":"UNAUTHORIZED","message":"Sign in to use this resource","signInUrl":"https://accounts.example/in"}` + "\n"
	if body != want {
		t.Errorf("body %s, want %s", body, want)
	}
	// A page of another origin may read this, and a path would be one at its own host.
	f = start(t, setup{options: Options{SignInURL: "/in?x=y", PublicURL: "https://app.example"}})
	if _, body := f.get(t, "GET", "/x"); !strings.Contains(body, `"signInUrl":"https://app.example/in?x=y"`) {
		t.Errorf("body %s", body)
	}
}

func TestRefusalsOfSomebodySignedInSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{SignInURL: "/sign-in"}, routes: []RouteConfig{{Path: "/fresh", MaxSessionAge: time.Hour}, {Path: "/proven", VerifiedEmail: true}}})
	res, body := f.get(t, "GET", "/fresh", asAnn)
	if want := `Bearer error="insufficient_user_authentication", max_age=3600`; res.Header.Get("WWW-Authenticate") != want {
		t.Errorf("challenge %q, want %q", res.Header.Get("WWW-Authenticate"), want)
	}
	if want := `{"code":"SESSION_NOT_FRESH","message":"Sign in again to use this resource","signInUrl":"/sign-in"}` + "\n"; body != want {
		t.Errorf("body %s, want %s", body, want)
	}
	if o := f.outcome(t); o.Action != Stale || o.Reason != "session_age" || o.UserID != "u-ann" {
		t.Errorf("outcome %+v", o)
	}
	if _, body := f.get(t, "GET", "/proven", "Cookie: "+cookieName+"=new"); body != `{"code":"EMAIL_NOT_VERIFIED","message":"Verify your e-mail address to use this resource"}`+"\n" {
		t.Errorf("body %s", body)
	}
	if o := f.outcome(t); o.Action != Forbidden || o.Reason != "email_not_verified" || o.UserID != "u-new" {
		t.Errorf("outcome %+v", o)
	}
}

func TestNothingButTheCredentialChangesADecision(t *testing.T) { // D01, D03, D04
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/public/**", Auth: "public"}, {Path: "/health", Auth: "public"}}})
	for _, header := range []string{
		"User-Agent: GoogleHC/1.0", "User-Agent: kube-probe/1.30", "User-Agent: ELB-HealthChecker/2.0",
		"X-Forwarded-Uri: /public/a", "X-Original-Url: /public/a", "X-Original-Uri: /public/a", "X-Rewrite-Url: /public/a",
		"X-Forwarded-Prefix: /public", "X-Http-Method-Override: OPTIONS", "Forwarded: for=127.0.0.1;host=localhost",
		"X-Postern-User-Id: u-ann", "X_postern_user_id: u-ann", "X-Forwarded-User: root", "Authorization: Basic YW5uOmFubg==",
	} {
		for _, path := range []string{"/admin", "/admin?x=/public/", "/admin?/health", "/admin?/../public/a"} {
			if res, _ := f.get(t, "GET", path, header); res.StatusCode != 401 {
				t.Errorf("%s with %s: %d", path, header, res.StatusCode)
			}
		}
	}
	if n := len(f.app.requests()); n != 0 {
		t.Errorf("%d requests passed", n)
	}
}

func TestNewReportsAllProblemsTogether(t *testing.T) {
	t.Parallel()
	config := testConfig("ftp://x", RouteConfig{Path: "a", Auth: "maybe"}, RouteConfig{Path: "/ok"}, RouteConfig{Path: "/ok", Methods: []string{"GET"}})
	config.Upstream.DialTimeout = 0
	config.DefaultAuth = "none"
	config.Identity.Headers = map[string]string{"user_id": "X_User", "colour": "X-Colour"}
	_, err := New(config, people(), Options{})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"upstream.url: ", "upstream.dial_timeout: ", "routes[0].path: ", "routes[0].auth: ", "routes[2].path: ", "default_auth: ", "identity.headers.user_id: ", "identity.headers.colour: "} {
		if !strings.Contains("\n"+err.Error(), "\n"+key) {
			t.Errorf("%q is missing in:\n%v", key, err)
		}
	}
	if _, err := New(testConfig(""), people(), Options{}); err == nil || !strings.Contains(err.Error(), "upstream.url") {
		t.Errorf("no upstream: %v", err)
	}
}
