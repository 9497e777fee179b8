package proxy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func rules(t testing.TB, routes ...RouteConfig) *Rules {
	t.Helper()
	r, err := NewRules(routes, Required)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		matches []string
		ignores []string
	}{
		{"/", []string{"/"}, []string{"/a", "/a/b"}},
		{"/a", []string{"/a", "/a/"}, []string{"/", "/A", "/ab", "/a/b"}},
		{"/a/*", []string{"/a/b", "/a/b/", "/a/*"}, []string{"/a", "/a/", "/a/b/c", "/b/b"}},
		{"/a/**", []string{"/a", "/a/", "/a/b", "/a/b/c/d/"}, []string{"/", "/ab", "/b/a"}},
		{"/*/b", []string{"/a/b", "/b/b/"}, []string{"/b", "/a/c", "/a/b/c"}},
		{"/*/**", []string{"/a", "/a/b/c"}, []string{"/"}},
		{"/**", []string{"/", "/a", "/a/b"}, nil},
		{"/bücher/a b", []string{"/bücher/a b"}, []string{"/bucher/a b"}},
	}
	for _, tt := range tests {
		r := rules(t, RouteConfig{Path: tt.pattern})
		for _, path := range tt.matches {
			if got := r.Match("GET", "", path); got.Pattern != tt.pattern {
				t.Errorf("%s does not match %s", tt.pattern, path)
			}
		}
		for _, path := range tt.ignores {
			if got := r.Match("GET", "", path); got.Pattern != DefaultPattern {
				t.Errorf("%s matches %s", tt.pattern, path)
			}
		}
	}
}

func TestFirstMatchWins(t *testing.T) {
	t.Parallel()
	r := rules(t,
		RouteConfig{Path: "/a/public/**", Auth: "public"},
		RouteConfig{Path: "/a/*", Methods: []string{"post"}},
		RouteConfig{Path: "/a/b", Host: "B.Example."},
		RouteConfig{Path: "/*/b", Methods: []string{"GET"}},
		RouteConfig{Path: "/a/**", Auth: "optional"},
		RouteConfig{Path: "/[x]", Host: "[2001:DB8::0:1]"},
	)
	for request, want := range map[string]string{
		"GET  /a/public": "/a/public/**", "GET  /a/public/x/y": "/a/public/**", "POST  /a/b": "/a/*", "PUT  /a/b": "/a/**", "GET  /a/b": "/*/b",
		"HEAD  /a/b": "/*/b", "GET b.example /a/b": "/a/b", "POST b.example /a/b": "/a/*", "GET  /c/b": "/*/b", "PUT  /c/b": DefaultPattern, "GET  /a": "/a/**",
		"GET [2001:db8::1] /[x]": "/[x]",
	} {
		part := strings.SplitN(request, " ", 3)
		if got := r.Match(part[0], part[1], part[2]).Pattern; got != want {
			t.Errorf("%s is decided by %s, want %s", request, got, want)
		}
	}
}

func TestHostsAreComparedAsNames(t *testing.T) { // D16
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Host: "admin.example"}, {Path: "/**", Host: "xn--bcher-kva.example"}, {Path: "/**", Auth: "public"}}})
	for _, host := range []string{"admin.example", "ADMIN.example", "admin.example.", "Admin.Example.:8443", "admin.example:80", "XN--BCHER-KVA.example"} {
		if res, _ := f.raw(t, "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); res.StatusCode != 401 {
			t.Errorf("%s: %d", host, res.StatusCode)
		}
	}
	if res, _ := f.raw(t, "GET / HTTP/1.1\r\nHost: www.admin.example\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("another host: %d", res.StatusCode)
	}
}

func TestMistakesInRoutesAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		route RouteConfig
		want  string
	}{
		{RouteConfig{}, "path: is empty; use /** for everything"},
		{RouteConfig{Path: "a"}, `path: "a" does not begin with a slash`},
		{RouteConfig{Path: "/a/"}, `path: "/a/" ends with a slash; write "/a", which matches both`},
		{RouteConfig{Path: "/a?b"}, `path: "/a?b" has a query or fragment; rules see the path alone`},
		{RouteConfig{Path: "/a%20b"}, `path: "/a%20b" has an escape; write the character itself`},
		{RouteConfig{Path: "/a/../b"}, `path: "/a/../b" can match nothing: The path contains a dot segment`},
		{RouteConfig{Path: "//a"}, `path: "//a" can match nothing: The path contains an empty segment`},
		{RouteConfig{Path: "/a;b"}, `path: "/a;b" can match nothing: The path contains a semicolon`},
		{RouteConfig{Path: "/**/a"}, `path: "/**/a": ** stands at the end only; use * for one segment in between`},
		{RouteConfig{Path: "/a*"}, `path: "/a*": "a*" mixes * with other characters; a wildcard is a whole segment`},
		{RouteConfig{Path: "/tasks/{id}"}, `path: "/tasks/{id}": "{id}" looks like a path parameter; use * for one segment`},
		{RouteConfig{Path: "/tasks/:id"}, `path: "/tasks/:id": ":id" looks like a path parameter; use * for one segment`},
		{RouteConfig{Path: "/a", Methods: []string{"CONNECT"}}, `methods: "CONNECT" is no method that can be routed`},
		{RouteConfig{Path: "/a", Methods: []string{"GE T"}}, `methods: "GE T" is no method that can be routed`},
		{RouteConfig{Path: "/a", Host: "a.example:80"}, `host: "a.example:80" has a port; leave it out, rules compare the name alone`},
		{RouteConfig{Path: "/a", Host: "bücher.example"}, `host: "bücher.example" is no host name; write international names in their xn-- form`},
		{RouteConfig{Path: "/a", Auth: "none"}, `auth: "none" is unknown; use public, optional or required`},
		{RouteConfig{Path: "/a", Auth: "public", Roles: []string{"admin"}}, `roles: needs auth: required, for nobody else has roles`},
		{RouteConfig{Path: "/a", Auth: "optional", VerifiedEmail: true}, `verified_email: needs auth: required, for nobody else has an address`},
		{RouteConfig{Path: "/a", Auth: "optional", MaxSessionAge: 1}, `max_session_age: needs auth: required, for nobody else has a session`},
		{RouteConfig{Path: "/a", MaxSessionAge: -1}, `max_session_age: -1ns is negative; leave it out for any time`},
		{RouteConfig{Path: "/a", Roles: []string{"a,b"}}, `roles: "a,b" is no role name`},
		{RouteConfig{Path: "/a", OnUnauthenticated: "302"}, `on_unauthenticated: "302" is unknown; use auto, 401 or redirect`},
		{RouteConfig{Path: "/a", Upstream: "http://a/b"}, `upstream: "http://a/b" has more than scheme, host and port; requests keep the path they were decided on`},
		{RouteConfig{Path: "/a", Upstream: "http://a", Upstreams: []string{"http://b"}}, `upstream: is given beside upstreams; keep one of them`},
		{RouteConfig{Path: "/a", Upstreams: []string{"http://a", "b"}}, `upstreams[1]: "b" is not a URL; write one such as http://127.0.0.1:8000`},
		{RouteConfig{Path: "/a", Upstreams: []string{"http://a", "http://a/"}}, `upstreams[1]: http://a/ is in the list already`},
		{RouteConfig{Path: "/a", HostHeader: "a/b"}, `host_header: "a/b" is neither client nor upstream nor a host name`},
		{RouteConfig{Path: "/a", StripPrefix: "/a", Rewrite: "/b"}, `rewrite: is given beside strip_prefix; keep one of them`},
		{RouteConfig{Path: "/a/**", StripPrefix: "/b"}, `strip_prefix: path (/a/**) does not begin with /b`},
		{RouteConfig{Path: "/*/b", StripPrefix: "/a"}, `strip_prefix: path (/*/b) does not begin with /a`},
		{RouteConfig{Path: "/a/**", StripPrefix: "/a/b"}, `strip_prefix: path (/a/**) does not begin with /a/b`},
		{RouteConfig{Path: "/a/**", StripPrefix: "/**"}, `strip_prefix: "/**" is no path to strip; write one such as /v1, without wildcards`},
		{RouteConfig{Path: "/a/**", StripPrefix: "/"}, `strip_prefix: "/" is no path to strip; write one such as /v1, without wildcards`},
		{RouteConfig{Path: "/a/**", Rewrite: "b"}, `rewrite: "b" does not begin with a slash`},
		{RouteConfig{Path: "/a/**", Rewrite: "/../b"}, `rewrite: "/../b" can match nothing: The path contains a dot segment`},
		{RouteConfig{Path: "/a/*", Rewrite: "/b/**"}, `rewrite: "/b/**" has a wildcard that path (/a/*) has not`},
		{RouteConfig{Path: "/a/**", Rewrite: "/*/b"}, `rewrite: "/*/b" has a wildcard that path (/a/**) has not`},
		{RouteConfig{Path: "/a", RequestTimeout: -1}, `request_timeout: -1ns is negative; leave it out for no limit`},
		{RouteConfig{Path: "/a", SetResponseHeaders: map[string]string{"X Y": "a"}}, `set_response_headers.X Y: is no name of a header`},
		{RouteConfig{Path: "/a", SetResponseHeaders: map[string]string{"X-Y": "a\nb"}}, `set_response_headers.X-Y: "a\nb" is no value of a header`},
		{RouteConfig{Path: "/a", SetResponseHeaders: map[string]string{"set-cookie": "a=b"}}, `set_response_headers.set-cookie: would be sent to every browser alike; let the application set its cookies`},
		{RouteConfig{Path: "/a", SetResponseHeaders: map[string]string{"X-Y": "a", "x-y": "b"}}, `set_response_headers.x-y: is in the list already, in another letter case`},
		{RouteConfig{Path: "/a", RemoveResponseHeaders: []string{"Server", "content-length"}}, `remove_response_headers[1]: "content-length" belongs to the connection and cannot be changed`},
		{RouteConfig{Path: "/a/*", CSRFExempt: true}, `csrf_exempt: /a/* has a wildcard, and only single paths can be exempt; name sites in auth.trusted_origins`},
		{RouteConfig{Path: "/a/**", CSRFExempt: true}, `csrf_exempt: /a/** has a wildcard, and only single paths can be exempt; name sites in auth.trusted_origins`},
		{RouteConfig{Path: "/a", Timeout: -1}, `timeout: -1ns is negative; leave it out for upstream.response_header_timeout`},
		{RouteConfig{Path: "/a", MaxBody: -1}, `max_body: -1 is negative; leave it out for no limit`},
	}
	for _, tt := range tests {
		if err := tt.route.Validate(); err == nil || err.Error() != tt.want {
			t.Errorf("%+v:\n got %v\nwant %s", tt.route, err, tt.want)
		}
	}
}

// walk is what Rules.Match means, without the tree.
func (r *Rules) walk(method, host, path string) *Rule {
	path = strings.Trim(path, "/")
	var have []string
	if path != "" {
		have = strings.Split(path, "/")
	}
	for _, rule := range r.list {
		if rule.accepts(method, host) && rule.covers(pattern{segments: have}) {
			return rule
		}
	}
	return r.fallback
}

func TestTreeAgreesWithWalkingTheList(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	for range 300 {
		r := rules(t)
		for range 1 + random.IntN(12) {
			c := RouteConfig{Path: strings.Repeat("/"+pick("a", "b", "*"), random.IntN(3)) + pick("/a", "/b", "/*", "/**")}
			if random.IntN(3) == 0 {
				c.Methods = []string{pick("GET", "POST")}
			}
			c.Host = pick("", "", "h.example", "i.example")
			rule, err := newRule(c)
			if err != nil {
				t.Fatal(err)
			}
			r.add(rule)
		}
		for range 50 {
			method, host, path := pick("GET", "POST", "PUT"), pick("h.example", "i.example", "x.example"), "/"
			for range random.IntN(5) {
				path += pick("a", "b", "c") + "/"
			}
			if got, want := r.Match(method, host, path), r.walk(method, host, path); got != want {
				t.Fatalf("%s %s %s: tree says %s, list says %s", method, host, path, got.Pattern, want.Pattern)
			}
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"/", "/a", "/a/*", "/a/**", "/**", "/*/b", "/a b", "/ü", "/{x}", "/..", "/%2e"} {
		f.Add(seed, "a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		rule, err := newRule(RouteConfig{Path: pattern})
		if err != nil {
			return
		}
		if again := rule.pattern.String(); again != pattern {
			t.Errorf("%q reads as %q", pattern, again)
		}
		r := rules(t, RouteConfig{Path: pattern})
		if !strings.Contains(pattern, "*") && r.Match("GET", "", pattern).Pattern != pattern {
			t.Errorf("%q does not match itself", pattern)
		}
		if p, no := canonicalPath("/" + path); no == nil && r.Match("GET", "", p) != r.walk("GET", "", p) {
			t.Errorf("%q and %q: tree and list disagree", pattern, p)
		}
	})
}

// BenchmarkMatch shows that a look-up costs the same whatever the number of routes, and whatever they differ in.
func BenchmarkMatch(b *testing.B) {
	last := RouteConfig{Path: "/api/v1/thing/*/comments"}
	for name, route := range map[string]func(i int) RouteConfig{
		"paths": func(i int) RouteConfig { return RouteConfig{Path: fmt.Sprintf("/api/v1/thing%d/**", i)} },
		"hosts": func(i int) RouteConfig { return RouteConfig{Path: "/**", Host: fmt.Sprintf("app%d.example", i)} },
		"depth": func(i int) RouteConfig { return RouteConfig{Path: fmt.Sprintf("/api/v1/thing/%d/*", i)} },
	} {
		for _, count := range []int{1, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, count), func(b *testing.B) {
				var routes []RouteConfig
				for i := range count - 1 {
					routes = append(routes, route(i))
				}
				r := rules(b, append(routes, last)...)
				b.ReportAllocs()
				for b.Loop() {
					if r.Match("GET", "app.example", "/api/v1/thing/seven/comments").Position != count-1 {
						b.Fatal("another route")
					}
				}
			})
		}
	}
}
