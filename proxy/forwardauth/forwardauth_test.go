package forwardauth

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/sessionstore"
)

// people is a resolver who knows ada, and of whom the token "down" cannot be known.
type people struct{}

const cookieName = "better-auth.session_token"

func (people) Resolve(w http.ResponseWriter, r *http.Request) (*sessionstore.Identity, error) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil, nil
	}
	switch c.Value {
	case "down":
		return nil, sessionstore.ErrUnavailable
	case "renewed":
		w.Header().Add("Set-Cookie", cookieName+"=renewed; Path=/")
		w.Header().Add("Set-Cookie", "better-auth.session_data=cached; Path=/")
	case "ada":
	default:
		return nil, nil
	}
	return &sessionstore.Identity{User: sessionstore.User{ID: "u-ada", Email: "ada@example.com"}, Session: sessionstore.Session{ID: "s-ada"}}, nil
}

func (people) Conceal(h http.Header)       { h.Del("Cookie") }
func (people) OwnsCookie(name string) bool { return name == cookieName }

// asking is a Postern whose front end is at 10.0.0.1.
func asking(t *testing.T) *Handler {
	t.Helper()
	p, err := proxy.New(proxy.Config{
		Upstream: proxy.UpstreamConfig{DialTimeout: 1}, DefaultAuth: "required", CSRF: proxy.CSRFConfig{Enabled: true},
		Routes: []proxy.RouteConfig{
			{Path: "/public/**", Auth: "public"}, {Path: "/**", Host: "open.example", Auth: "public"}, {Path: "/admin/**", Roles: []string{"admin"}},
			{Path: "/form", Methods: []string{"GET"}, Auth: "public"},
		},
	}, people{}, proxy.Options{PublicURL: "https://app.example", SignInURL: "/sign-in", NoApplication: true})
	if err != nil {
		t.Fatal(err)
	}
	trust, err := clientaddr.NewTrust([]string{"10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	return New("/api/auth", p, Options{Trusts: trust.TrustsPeer, Client: trust.Client})
}

// ask puts a question; header is lines written "Name: value".
func ask(h http.Handler, peer, method, uri string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", http.NoBody)
	r.Method, r.RequestURI, r.URL.Path, r.RemoteAddr, r.Host = method, uri, uri, peer+":1", "postern.internal"
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	frontEnd = "10.0.0.1"
	asAda    = "Cookie: " + cookieName + "=ada"
)

// told is a question as each family puts it.
func told(family, method, target string, header ...string) (string, string, []string) {
	header = append([]string{"X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.7"}, header...)
	switch family {
	case "envoy":
		return method, "/api/auth/forward/envoy" + target, append(header, "Host: app.example")
	case "nginx":
		return "GET", "/api/auth/forward/nginx", append(header, "X-Original-Method: "+method, "X-Original-Uri: "+target, "X-Forwarded-Host: app.example")
	case "":
		return "GET", "/api/auth/forward", append(header, "X-Forwarded-Method: "+method, "X-Forwarded-Uri: "+target, "X-Forwarded-Host: app.example")
	}
	return "GET", "/api/auth/forward/" + family, append(header, "X-Forwarded-Method: "+method, "X-Forwarded-Uri: "+target, "X-Forwarded-Host: app.example")
}

func everyFamily(t *testing.T, do func(t *testing.T, family string, ask func(method, target string, header ...string) *httptest.ResponseRecorder)) {
	for _, f := range families() {
		t.Run("family "+f.word(), func(t *testing.T) {
			t.Parallel()
			h := asking(t)
			do(t, f.name, func(method, target string, header ...string) *httptest.ResponseRecorder {
				m, uri, lines := told(f.name, method, target, header...)
				return ask(h, frontEnd, m, uri, lines...)
			})
		})
	}
}

func TestFrontEndsAreAnswered(t *testing.T) {
	t.Parallel()
	everyFamily(t, func(t *testing.T, family string, ask func(method, target string, header ...string) *httptest.ResponseRecorder) {
		w := ask("GET", "/tasks?a=b", asAda, "X-Postern-User-Id: root")
		if w.Code != 200 || w.Header().Get("X-Postern-User-Id") != "u-ada" || len(w.Header()["X-Postern-User-Id"]) != 1 || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("ada: %d %v %s", w.Code, w.Header(), w.Body)
		}
		if w := ask("GET", "/public/a", "X-Postern-User-Id: root"); w.Code != 200 || w.Header()["X-Postern-User-Id"] != nil {
			t.Errorf("a public path: %d %v", w.Code, w.Header())
		}
		if w := ask("POST", "/form", asAda); w.Code != 200 {
			t.Errorf("ada's form: %d", w.Code)
		}
		for name, row := range map[string]struct {
			w           *httptest.ResponseRecorder
			want, nginx int
		}{
			"a stranger":              {ask("GET", "/tasks"), 401, 401},
			"the wrong role":          {ask("GET", "/admin/x", asAda), 403, 403},
			"the database is away":    {ask("GET", "/tasks", "Cookie: "+cookieName+"=down"), 503, 503},
			"a browser":               {ask("GET", "/tasks", "Sec-Fetch-Mode: navigate"), 302, 401},
			"an ambiguous path":       {ask("GET", "//admin/x", asAda), 400, 403},
			"a method nobody serves":  {ask("TRACE", "/tasks", asAda), 405, 403},
			"another site's form":     {ask("POST", "/tasks", asAda, "Origin: https://evil.example"), 403, 403},
			"a foreign page's socket": {ask("GET", "/tasks", asAda, "Origin: https://evil.example", "Sec-WebSocket-Key: x"), 403, 403},
		} {
			want := row.want
			if family == "nginx" {
				want = row.nginx
			}
			if row.w.Code != want || row.w.Header()["X-Postern-User-Id"] != nil {
				t.Errorf("%s: %d, want %d; %v", name, row.w.Code, want, row.w.Header())
			}
		}
		if got := ask("GET", "/tasks?a", "Sec-Fetch-Mode: navigate").Header().Get("Location"); got != "https://app.example/sign-in?return_to=%2Ftasks%3Fa" {
			t.Errorf("sent to %q", got)
		}
		if got := ask("GET", "/tasks", "Cookie: "+cookieName+"=renewed").Header()["Set-Cookie"]; len(got) != 1 || !strings.HasPrefix(got[0], cookieName) {
			t.Errorf("renewed by %q", got)
		}
	})
}

// What has opened other forward-auth servers, by the numbers under which it is collected. Each is asked in ada's name with a path
// in view that asks for more, and must not be allowed.
func TestAttacksThroughFrontEnds(t *testing.T) {
	t.Parallel()
	attacks := map[string][][]string{ // method, target, headers
		"D01 the query is no part of the path":       {{"GET", "/admin/x?a=/public/"}, {"GET", "/admin/x?/../public/a"}, {"GET", "/admin/x??/public/"}},
		"D03 what another family says is not heard":  {{"GET", "/admin/x", "X-Rewrite-Url: /public/a", "X-Original-Url: /public/a", "X-Original-Host: open.example", "X-Forwarded-Path: /public/a"}},
		"D04 no User-Agent opens anything":           {{"GET", "/admin/x", "User-Agent: kube-probe/1.30"}},
		"D05 dot segments, however encoded":          {{"GET", "/public/../admin/x"}, {"GET", "/public/%2e%2e/admin/x"}, {"GET", "/public/..;/admin/x"}, {"GET", "/public/%252e%252e/admin/x"}},
		"D10 encoded slashes, in either case":        {{"GET", "/public%2f..%2fadmin/x"}, {"GET", "/public/..%2Fadmin/x"}, {"GET", "/admin%2fx"}},
		"D11 no second slash begins an authority":    {{"GET", "//open.example/admin/x"}, {"GET", "///admin/x"}, {"GET", `/\admin/x`}, {"GET", "//public/a"}},
		"D14 no prefix is added or taken away":       {{"GET", "/admin/x", "X-Forwarded-Prefix: /public"}, {"GET", "/admin/x", "X-Forwarded-Prefix: /admin"}},
		"D15 a fragment does not end the path":       {{"GET", "/admin/x#/public/"}, {"GET", "/public/#/../admin/x"}},
		"D16 hosts are names":                        {{"GET", "/admin/x", "X-Forwarded-Host: open.example"}, {"GET", "/admin/x", "X-Original-Host: open.example"}},
		"D18 bytes that a front end did not tidy up": {{"GET", "/public/./../admin/x"}, {"GET", "/public//../admin/x"}, {"GET", "/./admin/x"}, {"GET", "/%61dmin/x"}},
		"D95 path parameters and backslashes":        {{"GET", "/public/;/../admin/x"}, {"GET", "/public/%5c..%5cadmin/x"}},
		"D74 a gRPC call is refused as HTTP":         {{"POST", "/admin/x", "Content-Type: application/grpc"}, {"POST", "//admin/x", "Content-Type: application/grpc+proto"}},
		"methods are not overridden":                 {{"POST", "/admin/x", "X-Http-Method-Override: GET"}, {"get", "/admin/x"}, {"CONNECT", "/admin/x"}, {"GET POST", "/admin/x"}},
		"the target is one":                          {{"GET", "http://open.example/public/a"}, {"GET", "admin/x"}, {"GET", "*"}, {"GET", "/admin/x /public/a"}},
	}
	everyFamily(t, func(t *testing.T, family string, ask func(method, target string, header ...string) *httptest.ResponseRecorder) {
		if w := ask("GET", "/admin-not/x", asAda); w.Code != 200 { // the guard is not simply shut
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for name, requests := range attacks {
			for _, request := range requests {
				if w := ask(request[0], request[1], append(request[2:], asAda)...); w.Code < 400 || w.Code >= 500 || w.Header()["X-Postern-User-Id"] != nil {
					t.Errorf("%s: %q: %d %v", name, request, w.Code, w.Header())
				}
			}
		}
	})
}

// D03, D08, D28: what was asked for is read where the family says it, once, and from trusted peers.
func TestD03D08D28WhatWasAskedForIsReadFromOnePlace(t *testing.T) {
	t.Parallel()
	h := asking(t)
	for _, f := range families() {
		method, uri, good := told(f.name, "GET", "/public/a")
		if w := ask(h, frontEnd, method, uri, good...); w.Code != 200 {
			t.Fatalf("%s: %d", f.word(), w.Code)
		}
		for _, stranger := range []string{"10.0.0.2", "192.0.2.1", "127.0.0.1"} {
			if w := ask(h, stranger, method, uri, append(good, "X-Forwarded-For: 10.0.0.1")...); w.Code != 403 || !strings.Contains(w.Body.String(), "trusted_proxies") {
				t.Errorf("%s asked by %s: %d %s", f.word(), stranger, w.Code, w.Body)
			}
		}
		for i, line := range good {
			name, value, _ := strings.Cut(line, ": ")
			if name == "X-Forwarded-For" || name == "Host" {
				continue
			}
			without := slices.Delete(slices.Clone(good), i, i+1)
			without = without[:len(without):len(without)]
			want := f.carries(400)
			for what, lines := range map[string][]string{
				"missing": without, "empty": append(without, name+": "), "twice": append(without, line, line), "twice, and different": append(without, line, name+": /public/b"),
			} {
				if w := ask(h, frontEnd, method, uri, lines...); w.Code != want || !strings.Contains(w.Body.String(), name) {
					t.Errorf("%s, %s %s: %d %s", f.word(), name, what, w.Code, w.Body)
				}
			}
			if strings.HasSuffix(name, "-Uri") || strings.HasSuffix(name, "-Method") {
				other := map[string]string{"X-Forwarded-Uri": "X-Original-Uri", "X-Original-Uri": "X-Forwarded-Uri", "X-Forwarded-Method": "X-Original-Method", "X-Original-Method": "X-Forwarded-Method"}[name]
				if w := ask(h, frontEnd, method, uri, append(without, other+": "+value, strings.ReplaceAll(name, "-", "_")+": "+value)...); w.Code != want {
					t.Errorf("%s took %s from %s: %d", f.word(), name, other, w.Code)
				}
				wrong := map[bool]string{true: "/admin/x", false: "POST"}[strings.HasSuffix(name, "-Uri")]
				if w := ask(h, frontEnd, method, uri, append(good, other+": "+wrong)...); w.Code != 200 {
					t.Errorf("%s heard %s, which is the client's: %d", f.word(), other, w.Code)
				}
			}
		}
		for _, proto := range []string{"gopher", "https, http", "HTTPS://"} {
			if w := ask(h, frontEnd, method, uri, append([]string{"X-Forwarded-Proto: " + proto}, good[1:]...)...); w.Code != f.carries(400) {
				t.Errorf("%s with scheme %q: %d", f.word(), proto, w.Code)
			}
		}
	}
}

func TestPathsOfQuestionsAreExact(t *testing.T) {
	t.Parallel()
	h := asking(t)
	_, _, good := told("", "GET", "/public/a")
	for uri, want := range map[string]int{
		"/api/auth/forward": 200, "/api/auth/forward?x=y": 200, "/api/auth/forward/caddy?x": 200,
		"/api/auth/forward/nothing": 404, "/api/auth/forward/caddy/x": 404, "/api/auth/forwards": 404, "/api/auth/forward/envoy": 404, "/api/auth/forward/envoyx": 404,
		"/api/auth/forward/Caddy": 404, "/api/auth/%66orward": 404, "/forward": 404,
	} {
		if w := ask(h, frontEnd, "GET", uri, good...); w.Code != want {
			t.Errorf("%s: %d, want %d", uri, w.Code, want)
		}
	}
}

// D21: over HTTP, Envoy leaves headers as they are that the answer does not name.
func TestD21EnvoyIsToldWhatToRemove(t *testing.T) {
	t.Parallel()
	h := asking(t)
	method, uri, lines := told("envoy", "GET", "/public/a", asAda)
	removed := strings.Split(ask(h, frontEnd, method, uri, lines...).Header().Get("X-Envoy-Auth-Headers-To-Remove"), ",")
	for _, name := range []string{"x-postern-user-id", "x_postern_user_id", "x-postern-assertion", "x-postern-user-roles", "remote-user", "cookie"} {
		if !slices.Contains(removed, name) {
			t.Errorf("%s may stay: %q", name, removed)
		}
	}
	for _, other := range []string{"", "nginx", "traefik"} {
		method, uri, lines := told(other, "GET", "/public/a", asAda)
		if got := ask(h, frontEnd, method, uri, lines...).Header()["X-Envoy-Auth-Headers-To-Remove"]; got != nil {
			t.Errorf("%q is told %q", other, got)
		}
	}
}

func TestProblemsAreJSON(t *testing.T) {
	t.Parallel()
	w := ask(asking(t), frontEnd, "GET", "/api/auth/forward/traefik")
	var said struct{ Code, Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Code != "BAD_REQUEST" || !strings.Contains(said.Message, "docs/forward-auth.md") || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v %s", err, w.Body)
	}
}

func FuzzTarget(f *testing.F) {
	for _, seed := range []string{"/public/../admin/x", "//admin/x", "/admin/x#/public", "/public/%2e%2e%2fadmin/x", "/public/a?/admin", "/\\admin", "/%"} {
		f.Add(seed, "GET")
	}
	f.Fuzz(func(t *testing.T, target, method string) {
		h := asking(t)
		answers := map[string]int{}
		for _, family := range []string{"", "nginx", "traefik"} {
			_, uri, _ := told(family, "", "")
			r := httptest.NewRequest("GET", "/", http.NoBody)
			r.RequestURI, r.RemoteAddr = uri, frontEnd+":1"
			r.Header = http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"app.example"}}
			for _, kind := range []string{"X-Forwarded-", "X-Original-"} {
				r.Header[kind+"Uri"], r.Header[kind+"Method"] = []string{target}, []string{method}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			answers[family] = w.Code
		}
		if (answers[""] == 200) != (answers["nginx"] == 200) || answers[""] != answers["traefik"] {
			t.Errorf("%s %q: %v", method, target, answers)
		}
		if path, _, _ := strings.Cut(target, "?"); answers[""] == 200 && strings.Contains(path, "admin") && !strings.HasPrefix(path, "/public/") {
			t.Errorf("%s %q is allowed", method, target)
		}
	})
}
