package proxy

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestRewriting(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, strip, rewrite string
		results              map[string]string
	}{
		{"/v1/**", "/v1", "", map[string]string{
			"/v1": "/", "/v1/": "/", "/v1/a": "/a", "/v1/a/": "/a/", "/v1/a/b?c=/v1/d": "/a/b?c=/v1/d", "/v1?x": "/?x", "/%761/%61": "/%61", "/v1/v1/a": "/v1/a",
		}},
		{"/v1/users/*", "/v1", "", map[string]string{"/v1/users/7": "/users/7", "/v1/users/a%20b/": "/users/a%20b/"}},
		{"/v1", "/v1", "", map[string]string{"/v1": "/", "/v1/?a": "/?a"}},
		{"/a b/c/**", "/a b/c", "", map[string]string{"/a%20b/c/d": "/d"}},
		{"/old/**", "", "/new/**", map[string]string{"/old": "/new", "/old/": "/new/", "/old/a/b?c": "/new/a/b?c"}},
		{"/**", "", "/app/**", map[string]string{"/": "/app/", "/a": "/app/a", "/a/": "/app/a/"}},
		{"/users/*/pictures/*/**", "", "/p/*/of/*/**", map[string]string{"/users/ann/pictures/7": "/p/ann/of/7", "/users/%61nn/pictures/7/large?x=1": "/p/%61nn/of/7/large?x=1"}},
		{"/users/*/**", "", "/people/*", map[string]string{"/users/7/x/y": "/people/7", "/users/7/": "/people/7/"}},
		{"/x/*", "", "/bücher/a b", map[string]string{"/x/1?q": "/b%C3%BCcher/a%20b?q"}},
		{"/x/**", "", "/", map[string]string{"/x/1?q": "/?q"}},
	} {
		rule, err := newRule(RouteConfig{Path: row.path, StripPrefix: row.strip, Rewrite: row.rewrite})
		if err != nil {
			t.Fatal(err)
		}
		for from, want := range row.results {
			if got := rule.rewrite.apply(from); got != want {
				t.Errorf("%s by strip_prefix %q, rewrite %q: %s becomes %s, want %s", row.path, row.strip, row.rewrite, from, got, want)
			}
		}
	}
}

func TestD14RewritingChangesNothingThatWasDecided(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{
		{Path: "/v1/**", Auth: "public", StripPrefix: "/v1"},
		{Path: "/shop/**", Auth: "public", Rewrite: "/store/**"},
		{Path: "/raw/**", Auth: "public", EncodedSlashes: true, StripPrefix: "/raw"},
		{Path: "/admin/**", Roles: []string{"admin"}},
		{Path: "/store/cellar/**"},
	}})
	for target, want := range map[string]int{
		"/v1/hello": 200, "/shop/window": 200, "/v1": 200,
		// Encoded and other dot segments never get as far as a rule.
		"/v1/../admin": 400, "/v1/%2e%2e/admin": 400, "/v1/..%2fadmin": 400, "/v1%2f..%2fadmin": 400, "/v1/%252e%252e/admin": 400, "/v1/..;/admin": 400,
		"/v1//admin": 400, "/v1/%2fadmin": 400, "/v1//evil.example/": 400, `/v1/\admin`: 400, "/v1%2fadmin": 400,
		"/raw/%2fadmin": 400, "/raw/%2f%2fevil.example": 400,
		// What a route protects is protected under each of its names.
		"/v1/admin": 401, "/v1/admin/": 401, "/v1/%61dmin/x": 401, "/v1/store/cellar": 401, "/shop/cellar/wine": 401, "/shop/%63ellar": 401,
	} {
		res, body := f.raw(t, "GET "+target+" HTTP/1.1\r\nHost: app.example\r\n\r\n")
		if res == nil || res.StatusCode != want {
			t.Errorf("%s: %v %s, want %d", target, res, body, want)
		}
	}
	var seen []string
	for _, got := range f.app.requests() {
		seen = append(seen, got.uri)
	}
	slices.Sort(seen)
	if want := []string{"/", "/hello", "/store/window"}; !slices.Equal(seen, want) {
		t.Errorf("the application saw %q, want %q", seen, want)
	}
	// Neither rule alone is enough, and the user that the application is told of is the first rule's.
	if res, _ := f.get(t, "GET", "/v1/admin", asAnn); res.StatusCode != 403 {
		t.Errorf("without the role: %d", res.StatusCode)
	}
	if res, _ := f.get(t, "GET", "/v1/admin", "Cookie: "+cookieName+"=root"); res.StatusCode != 200 {
		t.Errorf("with the role: %d", res.StatusCode)
	}
	if got := f.app.requests()[3]; got.uri != "/admin" || got.header.Get("X-Postern-User-Id") != "" {
		t.Errorf("the application saw %s by %q", got.uri, got.header.Get("X-Postern-User-Id"))
	}
}

func TestD14RulesOfAnotherApplicationHaveNoSay(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/v1/**", Auth: "public", StripPrefix: "/v1"}, {Path: "/admin/**", Upstream: "http://127.0.0.1:1"}}})
	if res, _ := f.get(t, "GET", "/v1/admin"); res.StatusCode != 200 {
		t.Errorf("answer %d", res.StatusCode)
	}
}

func TestStrippedPrefixIsTold(t *testing.T) { // D27, D35: by nobody else
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/b ü/**", Auth: "public", StripPrefix: "/b ü"}, {Path: "/**", Auth: "public"}}})
	f.get(t, "GET", "/b%20%c3%bc/a", "X-Forwarded-Prefix: /forged", "x_forwarded_prefix: /forged")
	f.get(t, "GET", "/a", "X-Forwarded-Prefix: /forged")
	all := f.app.requests()
	if got := all[0]; got.uri != "/a" || len(got.header["X-Forwarded-Prefix"]) != 1 || got.header.Get("X-Forwarded-Prefix") != "/b%20%C3%BC" || len(got.header["X_forwarded_prefix"]) != 0 {
		t.Errorf("the application saw %s with %v", got.uri, got.header)
	}
	if lines, ok := all[1].header["X-Forwarded-Prefix"]; ok {
		t.Errorf("without a prefix: %q", lines)
	}
}

func TestWebSocketsAreRewrittenAlike(t *testing.T) { // users-ask 36
	t.Parallel()
	f := start(t, setup{app: echo("websocket"), routes: []RouteConfig{{Path: "/live/**", Auth: "public", Rewrite: "/internal/**"}, {Path: "/**", Auth: "public"}}})
	conn := f.dial(t)
	if _, err := conn.Write([]byte("GET /live/socket?x=1 HTTP/1.1\r\nHost: app.example\r\n" + upgrade + "\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 12)
	if _, err := conn.Read(answer); err != nil || string(answer) != "HTTP/1.1 101" {
		t.Fatalf("answer %q, %v", answer, err)
	}
	if got := f.app.only(t); got.uri != "/internal/socket?x=1" {
		t.Errorf("the application saw %s", got.uri)
	}
}

func TestEncodedSlashIsACharacterOfItsSegment(t *testing.T) { // D10
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{
		{Path: "/projects/*/**", Auth: "public", EncodedSlashes: true, Methods: []string{"GET"}},
		{Path: "/projects/*", EncodedSlashes: true},
		{Path: "/moved/*", Auth: "public", EncodedSlashes: true, Rewrite: "/projects/*/x"},
		{Path: "/open/**", Auth: "public"},
	}})
	passed := []string{
		"/projects/group%2Fproject", "/projects/group%2fproject/issues?x=%2f", "/projects/a%2Fb%2fC%20d/", "/projects/%2Fetc%2fhosts", "/projects/https%3A%2F%2Fexample.com", "/projects/50%25%2F",
	}
	for _, target := range passed {
		if res, body := f.raw(t, "GET "+target+" HTTP/1.1\r\nHost: app.example\r\n\r\n"); res == nil || res.StatusCode != 200 {
			t.Errorf("%s: %v %s", target, res, body)
		}
	}
	if res, _ := f.raw(t, "GET /moved/group%2fproject HTTP/1.1\r\nHost: app.example\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("rewritten: %d", res.StatusCode)
	}
	for i, got := range f.app.requests() {
		if want := append(passed, "/projects/group%2fproject/x")[i]; got.uri != want {
			t.Errorf("the application saw %s, want %s", got.uri, want)
		}
	}
	for target, want := range map[string]int{
		"/projects/a%2f..%2f..%2fadmin": 400, "/projects/..%2Fadmin": 400, "/projects/a%2F.": 400, "/projects/a%2f%2e%2e": 400, "/projects/a%2F%20.%2fb": 400, "/%2Fprojects/a": 400,
		"/projects/a%252fb": 400, "/projects/a%2f%252f": 400, "/projects/a%5cb%2fc": 400, "/projects/a%2f;b": 400, "/projects/a%2f%00": 400,
		"/open/a%2Fb": 400, "/elsewhere/a%2fb": 400, "/projects%2fa": 400, // not where the rule does not allow it
	} {
		if res, body := f.raw(t, "GET "+target+" HTTP/1.1\r\nHost: app.example\r\n\r\n"); res == nil || res.StatusCode != want {
			t.Errorf("%s: %v %s, want %d", target, res, body, want)
		}
	}
	// Were the slash a separator, this would be more than one segment, and the first rule's method rules it out.
	if res, _ := f.raw(t, "POST /projects/group%2fproject HTTP/1.1\r\nHost: app.example\r\nContent-Length: 0\r\n\r\n"); res.StatusCode != 401 {
		t.Errorf("one segment: %d", res.StatusCode)
	}
}

func FuzzRewriting(f *testing.F) { // D14
	for _, seed := range []string{"/a/b", "/a/%2fb/c?d", "/a/x/", "/a/b%2f..", "/a/%61/%2e"} {
		f.Add(seed, "/a/*/**", "/x/*/y/**")
		f.Add(seed, "/a/**", "/**")
	}
	f.Fuzz(func(t *testing.T, raw, path, rewrite string) {
		rule, err := newRule(RouteConfig{Path: path, Rewrite: rewrite, EncodedSlashes: true})
		if err != nil || rule.rewrite == nil || raw == "" || raw[0] != '/' {
			return
		}
		decided, no := canonicalPath(raw)
		if no != nil || rules(t, RouteConfig{Path: path}).Match(http.MethodGet, "", decided).Position != 0 {
			return
		}
		got := rule.rewrite.apply(raw)
		again, no := canonicalPath(got)
		if no == refuseEmptySegment && strings.HasPrefix(strings.ToLower(got), "/%2f") {
			return // it has become the first segment, and is refused at the request
		}
		if no != nil {
			t.Fatalf("%q by %s to %s becomes %q, which is refused: %s", raw, path, rewrite, got, no.reason)
		}
		if rules(t, RouteConfig{Path: rewrite}).Match(http.MethodGet, "", again).Position != 0 {
			t.Errorf("%q by %s to %s becomes %q, which does not match", raw, path, rewrite, got)
		}
		_, query, _ := strings.Cut(raw, "?")
		if _, kept, _ := strings.Cut(got, "?"); kept != query {
			t.Errorf("query %q becomes %q", query, kept)
		}
	})
}
