package proxy

import (
	"bufio"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/sessionstore"
)

// checked asks about a request that is written as on the wire, without its body.
func checked(t *testing.T, p *Proxy, request string) (*httptest.ResponseRecorder, Pass, bool) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	w := httptest.NewRecorder()
	pass, passes := p.Check(w, r, clientaddr.Client{Proto: "http", Host: r.Host})
	return w, pass, passes
}

// TestCheckDecidesAsServingDoes has every request decided on in both ways, which must agree: in what the client is told, and in
// what the application is.
func TestCheckDecidesAsServingDoes(t *testing.T) {
	t.Parallel()
	f := start(t, setup{
		options: Options{PublicURL: "http://app.example", SignInURL: "/sign-in", Assertions: statement{}},
		routes: []RouteConfig{
			{Path: "/public/**", Auth: "public"}, {Path: "/optional", Auth: "optional"}, {Path: "/admin/**", Roles: []string{"admin"}},
			{Path: "/proven", VerifiedEmail: true}, {Path: "/v1/**", StripPrefix: "/v1"}, {Path: "/**", Host: "open.example", Auth: "public"},
			{Path: "/cors", CORS: "application"}, {Path: "/slashes/**", EncodedSlashes: true}, {Path: "/hook", CSRFExempt: true},
		},
	})
	targets := []string{
		"/", "/public/a", "/optional", "/admin/x?q=/public/", "/proven", "/v1/tasks", "/v1/admin/x", "/cors", "/hook", "/sign-in",
		"//admin/x", "/public/../admin/x", "/public/%2e%2e/admin/x", "/public%2f..%2fadmin", "/slashes/a%2Fb", "/slashes/a%2F..%2Fb", "/public/..;/admin",
		"/%61dmin/x", "/admin%2fx", "/admin/x#/public", `/\admin/x`, "/public/%252e%252e/admin", "http://open.example/admin/x", "/admin/",
	}
	headers := []string{
		"", asAnn, "Cookie: " + cookieName + "=root; theme=dark", "Cookie: " + cookieName + "=new", "Cookie: " + cookieName + "=down", "Authorization: Bearer ann",
		"Authorization: Basic eDp5", asAnn + "\r\nOrigin: https://evil.example", asAnn + "\r\nSec-Fetch-Site: cross-site", "Accept: text/html", "Sec-Fetch-Mode: navigate",
		"Origin: https://evil.example\r\nAccess-Control-Request-Method: POST",
		asAnn + "\r\nX-Postern-User-Id: root\r\nX_Postern_User-Id: root\r\nRemote-User: root\r\nX-Forwarded-User: root",
	}
	count := 0
	for _, method := range []string{"GET", "POST", "OPTIONS", "DELETE", "get", "TRACE"} {
		for _, host := range []string{"app.example", "OPEN.example."} {
			for _, target := range targets {
				for _, header := range headers {
					request := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + strings.TrimPrefix(header+"\r\n", "\r\n") + "\r\n"
					served, _ := f.raw(t, request)
					if served == nil {
						t.Fatalf("%q was not answered", request)
					}
					told, pass, passes := checked(t, f.proxy, request)
					f.outcome(t)
					f.outcome(t)
					arrived := f.app.take()
					if passes != (len(arrived) == 1) {
						t.Fatalf("%q: passes %v, and %d requests arrived; %d", request, passes, len(arrived), served.StatusCode)
					}
					count++
					if !passes {
						if told.Code != served.StatusCode || leads(told.Header()) != leads(served.Header) || told.Header().Get("Www-Authenticate") != served.Header.Get("Www-Authenticate") {
							t.Errorf("%q: %d %v, but %d %v when served", request, told.Code, told.Header(), served.StatusCode, served.Header)
						}
						continue
					}
					if got, want := afterPass(t, request, pass), withoutTransport(arrived[0].header); !maps.EqualFunc(got, want, slices.Equal) {
						t.Errorf("%q: the application would get\n%v, but gets\n%v when served", request, got, want)
					}
				}
			}
		}
	}
	if count != 6*2*len(targets)*len(headers) {
		t.Errorf("%d comparisons", count)
	}
}

// leads is where a redirect leads; behind a front end it is a whole address. To which host to come back from there is another
// matter.
func leads(h http.Header) string {
	page, _, _ := strings.Cut(h.Get("Location"), "?")
	return strings.TrimPrefix(page, "http://app.example")
}

// statement is an Asserter that says what it was told to.
type statement struct{}

func (statement) Assert(identity *sessionstore.Identity, method, target string) ([]string, error) {
	return []string{string(identity.User.ID) + " " + method + " " + target}, nil
}

// afterPass is what a front end makes of a request that does everything it is told to.
func afterPass(t *testing.T, request string, pass Pass) http.Header {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		t.Fatal(err)
	}
	for name := range r.Header {
		if slices.Contains(pass.Remove, strings.ToLower(name)) {
			delete(r.Header, name)
		}
	}
	maps.Copy(r.Header, pass.Set)
	return r.Header
}

// withoutTransport leaves out what belongs to one hop, and what Postern says of the client when it forwards.
func withoutTransport(h http.Header) http.Header {
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Content-Length"} {
		h.Del(name)
	}
	return h
}

func (u *upstreamLog) take() []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.all
	u.all = nil
	return all
}

// D19, D20, D21: what a client could forge is named for removal in whatever spelling it came, and in the usual ones even where
// the front end has not shown it.
func TestD19D20D21ForgeableHeadersAreToBeRemoved(t *testing.T) {
	t.Parallel()
	f := start(t, setup{
		options: Options{Assertions: statement{}},
		routes:  []RouteConfig{{Path: "/**", Auth: "optional"}},
		change:  func(c *Config) { c.Identity.Headers = map[string]string{"user_id": "X-User"} },
	})
	_, pass, passes := checked(t, f.proxy, "GET / HTTP/1.1\r\nHost: app.example\r\nX-User: root\r\nx_user: root\r\nX-PosTern_Whatever: 1\r\nX-Forwarded-For: 192.0.2.1\r\n"+
		"X_Forwarded_For: 192.0.2.1\r\nX-Forwarded-Prefix: /evil\r\nForwarded: host=evil\r\nX-Envoy-External-Address: 192.0.2.1\r\nX-Original-Url: /admin\r\nX-Http-Method-Override: PUT\r\n"+
		"Remote-User: root\r\nAccept: */*\r\nCookie: "+cookieName+"=gone\r\n\r\n")
	if !passes || len(pass.Set) != 1 || pass.Set["X-Request-Id"][0] != "req-1" {
		t.Errorf("a stranger: %v %v", passes, pass.Set)
	}
	for _, name := range []string{"x-user", "x_user", "x-postern_whatever", "x_forwarded_for", "x-forwarded-prefix", "forwarded", "x-original-url", "x-http-method-override",
		"remote-user", "cookie", "x-postern-user-id", "x_postern_user_id", "x-postern-assertion", "x-postern-user-email", "remote-groups", "x-forwarded-user"} {
		if !slices.Contains(pass.Remove, name) {
			t.Errorf("%s may stay: %v", name, pass.Remove)
		}
	}
	for _, name := range []string{"x-forwarded-for", "x-envoy-external-address", "accept", "x-request-id", "host"} {
		if slices.Contains(pass.Remove, name) {
			t.Errorf("%s has to go", name)
		}
	}
	_, pass, _ = checked(t, f.proxy, "GET /a?b HTTP/1.1\r\nHost: app.example\r\nX-User: root\r\nCookie: a=b; "+cookieName+"=ann\r\nCookie: c=d\r\nAuthorization: Basic eDp5\r\n\r\n")
	for name, want := range map[string]string{"X-User": "u-ann", "Cookie": "a=b; c=d", "Authorization": "Basic eDp5", "X-Postern-Assertion": "u-ann GET /a?b"} {
		if got := pass.Set[name]; len(got) != 1 || got[0] != want || slices.Contains(pass.Remove, strings.ToLower(name)) {
			t.Errorf("%s: %q, want %q; removed: %v", name, got, want, pass.Remove)
		}
	}
}

// D99 behind a front end, which keeps the upgrade to itself.
func TestD99WebSocketOfAForeignPageBehindAFrontEnd(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{PublicURL: "https://app.example"}})
	for _, sign := range []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "Sec-Fetch-Mode: websocket", "Upgrade: websocket"} {
		for origin, want := range map[string]int{"https://evil.example": 403, "null": 403, "https://app.example": 200} {
			w, _, passes := checked(t, f.proxy, "GET /socket HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\n"+sign+"\r\nOrigin: "+origin+"\r\n\r\n")
			if passes != (want == 200) || w.Code != want {
				t.Errorf("%s from %s: %d", sign, origin, w.Code)
			}
		}
	}
}

// D33 D35: a sign-in leads back to another host only if its origin is trusted; the host of a question is what a client sent.
func TestD33D35SignInBehindAFrontEndLeadsBackToTrustedOriginsOnly(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{
		PublicURL: "https://auth.example", SignInURL: "/sign-in",
		AllowedOrigins: func(origin string) bool { return origin == "https://app.example" },
	}})
	for _, row := range []struct{ proto, host, want string }{
		{"https", "auth.example", "https://auth.example/sign-in?return_to=%2Fa%3Fb"},
		{"https", "AUTH.example", "https://auth.example/sign-in?return_to=%2Fa%3Fb"},
		{"https", "app.example", "https://auth.example/sign-in?return_to=https%3A%2F%2Fapp.example%2Fa%3Fb"},
		{"http", "app.example", "https://auth.example/sign-in"},
		{"https", "app.example:444", "https://auth.example/sign-in"},
		{"https", "evil.example", "https://auth.example/sign-in"},
	} {
		r := httptest.NewRequest("GET", "/a?b", nil)
		r.Host = row.host
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("X-Forwarded-Prefix", "/evil")
		w := httptest.NewRecorder()
		if _, passes := f.proxy.Check(w, r, clientaddr.Client{Proto: row.proto, Host: row.host}); passes || w.Code != 302 || w.Header().Get("Location") != row.want {
			t.Errorf("%s://%s: %d to %s, want %s", row.proto, row.host, w.Code, w.Header().Get("Location"), row.want)
		}
	}
}

// A renewed session's cookie gets into the answer that says yes.
func TestCheckRenewsSessions(t *testing.T) {
	t.Parallel()
	f := start(t, setup{})
	w, _, passes := checked(t, f.proxy, "GET / HTTP/1.1\r\nHost: app.example\r\nCookie: "+cookieName+"=renewed\r\n\r\n")
	if lines := w.Header()["Set-Cookie"]; !passes || len(lines) != 1 || !strings.HasPrefix(lines[0], cookieName+"=renewed") {
		t.Errorf("passes %v with %v", passes, lines)
	}
	if o := f.outcome(t); o.UserID != "u-ann" || o.Action != Forward || o.Path != "/" {
		t.Errorf("told of %+v", o)
	}
}

func TestWithoutAnApplicationOnlyFrontEndsAreAnswered(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{NoApplication: true}, change: func(c *Config) { c.Upstream.URL = "" }, routes: []RouteConfig{{Path: "/v1/**", StripPrefix: "/v1"}}})
	for _, path := range []string{"/", "/v1/a"} {
		if res, body := f.get(t, "GET", path, asAnn); res.StatusCode != 404 || !strings.Contains(body, "NOT_FOUND") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
		if _, _, passes := checked(t, f.proxy, "GET "+path+" HTTP/1.1\r\nHost: a\r\n"+asAnn+"\r\n\r\n"); !passes {
			t.Errorf("%s does not pass", path)
		}
	}
	if res, _ := f.get(t, "GET", "/"); res.StatusCode != 401 {
		t.Errorf("a stranger: %d", res.StatusCode)
	}
}

// A connection that is upgraded may change anything later, so that its session is not taken from memory alone: the resolver has to
// learn of it.
func TestTheResolverLearnsOfUpgradesBehindAFrontEnd(t *testing.T) {
	t.Parallel()
	told := &upgradesSeen{sessions: people()}
	p, err := New(testConfig("http://127.0.0.1:1"), told, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"GET /a HTTP/1.1\r\nHost: a\r\n" + asAnn, "GET /a HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\n" + asAnn, "GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n" + asAnn} {
		if _, pass, passes := checked(t, p, request+"\r\n\r\n"); !passes || pass.Set["Upgrade"] != nil || slices.Contains(pass.Remove, "upgrade") {
			t.Errorf("%q: %v %v", request, passes, pass)
		}
	}
	if !slices.Equal(told.seen, []string{"", "websocket", "websocket"}) {
		t.Errorf("seen %q", told.seen)
	}
}

type upgradesSeen struct {
	sessions
	seen []string
}

func (u *upgradesSeen) Resolve(w http.ResponseWriter, r *http.Request) (*sessionstore.Identity, error) {
	u.seen = append(u.seen, r.Header.Get("Upgrade"))
	return u.sessions.Resolve(w, r)
}

// A refusal in terms of gRPC has status 200 (grpc.go), which front ends take for a yes.
func TestD74NoRefusalLooksLikeAYes(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/admin/**", Roles: []string{"admin"}}}})
	for _, kind := range []string{"application/grpc", "application/grpc+proto", "application/grpc;x=y", "application/grpc-web"} {
		for who, want := range map[string]int{
			"": 401, asAnn + "\r\n": 403, "Cookie: " + cookieName + "=down\r\n": 503, asAnn + "\r\nOrigin: https://evil.example\r\n": 403,
		} {
			w, _, passes := checked(t, f.proxy, "POST /admin/Call HTTP/1.1\r\nHost: app.example\r\nContent-Type: "+kind+"\r\n"+who+"\r\n")
			if passes || w.Code != want || w.Header()["Grpc-Status"] != nil {
				t.Errorf("%s by %q: passes %v with %d %v", kind, who, passes, w.Code, w.Header())
			}
		}
		if w, _, passes := checked(t, f.proxy, "POST //x HTTP/1.1\r\nHost: app.example\r\nContent-Type: "+kind+"\r\n\r\n"); passes || w.Code != 400 {
			t.Errorf("%s, ambiguous: %v %d", kind, passes, w.Code)
		}
		if _, _, passes := checked(t, f.proxy, "POST /a.Service/Call HTTP/1.1\r\nHost: app.example\r\nContent-Type: "+kind+"\r\n"+asAnn+"\r\n\r\n"); !passes {
			t.Errorf("%s: ann does not pass", kind)
		}
	}
	for status, want := range map[int]int{100: 403, 200: 403, 204: 403, 299: 403, 302: 302, 401: 401, 503: 503} {
		w := httptest.NewRecorder()
		denial{w}.WriteHeader(status)
		if w.Code != want {
			t.Errorf("a denial with %d is %d", status, w.Code)
		}
	}
}
