package proxy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestRoutesThatAreNeverReachedAreMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		first, second RouteConfig
		dead          bool
	}{
		{RouteConfig{Path: "/**"}, RouteConfig{Path: "/a"}, true},
		{RouteConfig{Path: "/a/*"}, RouteConfig{Path: "/a/b"}, true},
		{RouteConfig{Path: "/a"}, RouteConfig{Path: "/a", Host: "b.example"}, true},
		{RouteConfig{Path: "/a", Methods: []string{"GET", "POST"}}, RouteConfig{Path: "/a", Methods: []string{"POST"}}, true},
		{RouteConfig{Path: "/a", Methods: []string{"GET"}}, RouteConfig{Path: "/a"}, false},
		{RouteConfig{Path: "/a", Host: "b.example"}, RouteConfig{Path: "/a"}, false},
		{RouteConfig{Path: "/a/b"}, RouteConfig{Path: "/a/*"}, false},
		{RouteConfig{Path: "/a/*"}, RouteConfig{Path: "/a/**"}, false},
		{RouteConfig{Path: "/a/**"}, RouteConfig{Path: "/*/a"}, false},
	}
	for _, tt := range tests {
		if err := ValidateOrder([]RouteConfig{tt.first, tt.second}); (err != nil) != tt.dead {
			t.Errorf("%+v before %+v: %v", tt.first, tt.second, err)
		}
	}
}

func TestWarningsAboutRoutes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		routes []RouteConfig
		want   string // empty for none
	}{
		"methods one by one": {
			[]RouteConfig{{Path: "/a", Methods: []string{"GET"}}, {Path: "/a/**", Methods: []string{"POST"}}, {Path: "/a", Methods: []string{"GET", "POST"}}},
			"routes[2].path: /a is never reached, since the routes before it take all its requests between them; move it up or remove it",
		},
		"methods one by one, but not all": {
			[]RouteConfig{{Path: "/a", Methods: []string{"GET"}}, {Path: "/a", Methods: []string{"POST"}}, {Path: "/a"}}, "",
		},
		"a path and what is below": {
			[]RouteConfig{{Path: "/a"}, {Path: "/a/*/**"}, {Path: "/a/**"}},
			"routes[2].path: /a/** is never reached, since the routes before it take all its requests between them; move it up or remove it",
		},
		"a path and what is far below": {[]RouteConfig{{Path: "/a"}, {Path: "/a/*/*/**"}, {Path: "/a/**"}}, ""},
		"a host between":               {[]RouteConfig{{Path: "/a", Host: "a.example"}, {Path: "/a/*/**"}, {Path: "/a/**"}}, ""},
		"one host by two": {
			[]RouteConfig{{Path: "/a", Host: "a.example"}, {Path: "/a/*/**"}, {Path: "/a/**", Host: "a.example"}},
			"routes[2].path: /a/** is never reached, since the routes before it take all its requests between them; move it up or remove it",
		},
		"what is special is open": {[]RouteConfig{{Path: "/admin/login", Auth: "public"}, {Path: "/admin/**"}}, ""},
		"two halves that cross": {
			[]RouteConfig{{Path: "/*/public/**", Auth: "public"}, {Path: "/admin/**"}},
			"routes[0].path: /*/public/** takes some requests that routes[1] (/admin/**) would ask more of, such as /admin/public; if that is not meant, move routes[1] up",
		},
		"the other way round": {[]RouteConfig{{Path: "/admin/**"}, {Path: "/*/public/**", Auth: "public"}}, ""},
		"of other hosts":      {[]RouteConfig{{Path: "/*/b", Auth: "public", Host: "a.example"}, {Path: "/a/*", Host: "b.example"}}, ""},
		"of other methods":    {[]RouteConfig{{Path: "/*/b", Auth: "public", Methods: []string{"GET"}}, {Path: "/a/*", Methods: []string{"POST"}}}, ""},
		"that do not meet":    {[]RouteConfig{{Path: "/*/b", Auth: "public"}, {Path: "/a/*/c"}}, ""},
		"that ask the same":   {[]RouteConfig{{Path: "/*/b", Roles: []string{"a"}}, {Path: "/a/*", Roles: []string{"a", "b"}}}, ""},
		"one of which wants other roles": {
			[]RouteConfig{{Path: "/*/b", Roles: []string{"a", "b"}}, {Path: "/a/*", Roles: []string{"a"}}},
			"routes[0].path: /*/b takes some requests that routes[1] (/a/*) would ask more of, such as /a/b; if that is not meant, move routes[1] up",
		},
		"one of which wants an address": {
			[]RouteConfig{{Path: "/*/b"}, {Path: "/a/*", VerifiedEmail: true}},
			"routes[0].path: /*/b takes some requests that routes[1] (/a/*) would ask more of, such as /a/b; if that is not meant, move routes[1] up",
		},
		"one of which wants a new session": {
			[]RouteConfig{{Path: "/*/b", MaxSessionAge: 2}, {Path: "/a/*", MaxSessionAge: 1}},
			"routes[0].path: /*/b takes some requests that routes[1] (/a/*) would ask more of, such as /a/b; if that is not meant, move routes[1] up",
		},
		"public by another path": {
			[]RouteConfig{{Path: "/static/**", Auth: "public", Rewrite: "/files/**"}},
			"routes[0].rewrite: makes /files/** of the application public under /static/**, for which default_auth asks required; if that is meant, say so by a route for /files/**",
		},
		"public without a prefix": {
			[]RouteConfig{{Path: "/v1/**", Auth: "optional", StripPrefix: "/v1"}},
			"routes[0].strip_prefix: makes /** of the application optional under /v1/**, for which default_auth asks required; if that is meant, say so by a route for /**",
		},
		"public by another path, which a route protects": {
			[]RouteConfig{{Path: "/open/**", Auth: "public", Rewrite: "/admin/**"}, {Path: "/admin/**", Roles: []string{"admin"}}},
			"routes[0].rewrite: makes /admin/** out of /open/**, for which routes[1] (/admin/**) asks more; requests have to pass both",
		},
		"public by another path, as said": {[]RouteConfig{{Path: "/static/**", Auth: "public", Rewrite: "/files/**"}, {Path: "/files/**", Auth: "public"}}, ""},
		"another application":             {[]RouteConfig{{Path: "/v1/**", Auth: "public", StripPrefix: "/v1", Upstream: "http://b"}}, ""},
		"as strict as the default":        {[]RouteConfig{{Path: "/v1/**", StripPrefix: "/v1"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := testConfig("http://a", row.routes...)
			if err := config.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(strings.Trim(fmt.Sprint(config.Warnings()), "[]"), " "); got != strings.Trim(row.want, "[]") {
				t.Errorf("warned of\n%s\nwant\n%s", got, row.want)
			}
		})
	}
}

// A rule is said to be never reached if and only if no request reaches it, of all that a small world has.
func TestNeverReachedIsWhatNoRequestReaches(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	var paths []string // of up to four segments, z standing for all that no pattern names
	for level := []string{""}; len(level[0]) < 8; {
		var next []string
		for _, path := range level {
			for _, segment := range []string{"a", "b", "z"} {
				next = append(next, path+"/"+segment)
			}
		}
		paths, level = append(paths, level...), next
	}
	dead := 0
	for range 2000 {
		r := rules(t)
		for range 2 + random.IntN(6) {
			c := RouteConfig{Path: strings.Repeat("/"+pick("a", "b", "*"), random.IntN(2)) + pick("/a", "/*", "/**"), Host: pick("", "", "h.example")}
			if random.IntN(3) == 0 {
				c.Methods = []string{pick("PUT", "POST")}
			}
			rule, err := newRule(c)
			if err != nil {
				t.Fatal(err)
			}
			r.add(rule)
		}
		reached := map[*Rule]bool{}
		for _, method := range []string{"PUT", "POST", "PATCH"} {
			for _, host := range []string{"h.example", "x.example"} {
				for _, path := range paths {
					reached[r.Match(method, host, "/"+strings.TrimPrefix(path, "/"))] = true
				}
			}
		}
		for i, rule := range r.list {
			if said := shadowedTogether(r.list[:i], rule); said == reached[rule] {
				t.Fatalf("%s is said to be dead: %v, and reached: %v; before it are %v", rule.pattern, said, reached[rule], r.list[:i])
			} else if said {
				dead++
			}
		}
	}
	if dead < 100 {
		t.Errorf("only %d rules were dead: the test says little", dead)
	}
}
