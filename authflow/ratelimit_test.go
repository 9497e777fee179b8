package authflow

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// openCounter is a counter whose windows never end.
type openCounter struct {
	mu   sync.Mutex
	hits map[string]int
}

func (c *openCounter) Take(_ context.Context, key string, limit Limit) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hits == nil {
		c.hits = map[string]int{}
	}
	if c.hits[key] >= limit.Max {
		return limit.Window - 300*time.Millisecond
	}
	c.hits[key]++
	return 0
}

func (c *openCounter) Return(_ context.Context, key string, _ Limit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits[key]--
}

func (c *openCounter) Counted(_ context.Context, key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hits[key] > 0
}

var testLimits = RateLimitConfig{Enabled: true, Window: 10 * time.Second, Max: 5}

// limitedFlow serves routes that answer 204, and tells what was observed.
func limitedFlow(t *testing.T, cfg RateLimitConfig, routes ...Route) (ask func(method, path, address string) *httptest.ResponseRecorder, observed *[]Outcome) {
	t.Helper()
	observed = &[]Outcome{}
	core := newTestCore(t, &fakeStore{}, func(d *Deps) {
		d.RateLimit, d.Counter = cfg, &openCounter{}
		d.Client = func(r *http.Request) ClientInfo {
			addr, _ := netip.ParseAddr(r.Header.Get("X-Address"))
			return ClientInfo{Addr: addr}
		}
		d.Observe = func(_ *http.Request, o Outcome) { *observed = append(*observed, o) }
	})
	flow, err := New(core, mountFunc(func(router *Router) {
		for _, route := range routes {
			route.Handle = func(c *Call) error { c.W.WriteHeader(http.StatusNoContent); return nil }
			router.Handle(route)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path, address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/api/auth"+path, nil)
		r.Header.Set("X-Address", address)
		w := httptest.NewRecorder()
		flow.ServeHTTP(w, r)
		return w
	}, observed
}

func TestTooManyRequestsAreAnsweredAsBetterAuthDoes(t *testing.T) {
	t.Parallel()
	ask, observed := limitedFlow(t, testLimits, Route{Method: "GET", Path: "/x"})
	for range 5 {
		if w := ask("GET", "/x", "192.0.2.1"); w.Code != 204 {
			t.Fatalf("%d before the limit", w.Code)
		}
	}
	w := ask("GET", "/x", "192.0.2.1")
	if w.Code != 429 || w.Body.String() != `{"message":"Too many requests. Please try again later."}` ||
		w.Header().Get("X-Retry-After") != "10" || w.Header().Get("Retry-After") != "10" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if last := (*observed)[5]; last.Reason != "rate_limited" || last.Route != "/api/auth/x" || (*observed)[4].Reason != "" {
		t.Errorf("observed %+v", *observed)
	}
	if w := ask("GET", "/x", "192.0.2.2"); w.Code != 204 {
		t.Errorf("another address: %d", w.Code)
	}
}

func TestRulesInTheirOrder(t *testing.T) {
	t.Parallel()
	cfg := testLimits
	cfg.Rules = []RateRule{
		{Path: "/sign-in/*", Window: time.Minute, Max: 7},
		{Path: "/reset/:token", Window: time.Minute, Max: 8},
		{Path: "/alias", Window: time.Minute, Max: 9},
		{Path: "/free/**", Window: time.Minute},
		{Path: "/**", Window: time.Hour, Max: 6},
	}
	plain := RateLimitConfig{Window: 10 * time.Second, Max: 100}
	for _, tt := range []struct {
		name string
		cfg  RateLimitConfig
		path string
		want Limit
	}{
		{"better-auth's default", plain, "/get-session", Limit{100, 10 * time.Second}},
		{"better-auth's for sign-in", plain, "/sign-in/email", Limit{3, 10 * time.Second}},
		{"for sign-up", plain, "/sign-up/email", Limit{3, 10 * time.Second}},
		{"for a new password", plain, "/change-password", Limit{3, 10 * time.Second}},
		{"for a new address", plain, "/change-email", Limit{3, 10 * time.Second}},
		{"for reset letters", plain, "/request-password-reset", Limit{3, time.Minute}},
		{"for verification letters", plain, "/send-verification-email", Limit{3, time.Minute}},
		{"not for what only looks like it", plain, "/sign-innocent", Limit{100, 10 * time.Second}},
		{"a rule before better-auth's", cfg, "/sign-in/email", Limit{7, time.Minute}},
		{"one segment is not two", cfg, "/sign-in/a/b", Limit{6, time.Hour}},
		{"a rule by the name of a parameter", cfg, "/reset/:token", Limit{8, time.Minute}},
		{"no limit", cfg, "/free/lunch", Limit{0, time.Minute}},
		{"everything else", cfg, "/sign-up/email", Limit{6, time.Hour}},
		{"by an alias", cfg, "/named", Limit{9, time.Minute}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			router := newRouter()
			route := Route{Method: "GET", Path: tt.path}
			if tt.path == "/named" {
				route.Aliases = []string{"/alias"}
			}
			router.Handle(route)
			router.limitRoutes(tt.cfg, slog.New(slog.DiscardHandler))
			for found := range router.all() {
				if found.limit != tt.want {
					t.Errorf("limit %+v, want %+v", found.limit, tt.want)
				}
			}
		})
	}
}

func TestARuleForNothingIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	router := newRouter()
	router.Handle(Route{Method: "GET", Path: "/x"})
	router.limitRoutes(RateLimitConfig{Rules: []RateRule{{Path: "/x"}, {Path: "/y"}}}, slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), "rate_limit.rules[1].path") || strings.Contains(log.String(), "rules[0]") {
		t.Error(log.String())
	}
}

// D12: one endpoint has one count, however it is spelled, and by whatever method or alias it is reached.
func TestD12OneEndpointHasOneCount(t *testing.T) {
	t.Parallel()
	ask, _ := limitedFlow(t, testLimits,
		Route{Method: "GET", Path: "/x", Aliases: []string{"/old-x"}}, Route{Method: "DELETE", Path: "/x"},
		Route{Method: "GET", Path: "/y/:id", Aliases: []string{"/old-y/:id"}})
	for _, spelling := range []string{"//x", "/x/", "/x//", "/./x", "/%78", "/X", "/x;a", "/x%2f", "/x%00"} {
		for range 6 {
			if w := ask("GET", spelling, "192.0.2.1"); w.Code != 404 {
				t.Errorf("%s: %d, want 404", spelling, w.Code)
			}
		}
	}
	codes := func(asks ...string) (codes []int) {
		for _, a := range asks {
			method, path, _ := strings.Cut(a, " ")
			codes = append(codes, ask(method, path, "192.0.2.1").Code)
		}
		return codes
	}
	if got := codes("GET /x", "GET /old-x", "DELETE /x", "GET /x?a=1", "GET /x?", "GET /old-x", "GET /x"); !slices.Equal(got, []int{204, 204, 204, 204, 204, 429, 429}) {
		t.Errorf("an alias: %v", got)
	}
	if got := codes("GET /y/1", "GET /y/2", "GET /old-y/3", "GET /y/%31", "GET /y/4", "GET /y/5", "GET /old-y/6"); !slices.Equal(got, []int{204, 204, 204, 204, 204, 429, 429}) {
		t.Errorf("a parameter: %v", got)
	}
}

// D70: one client has one count, however its address is spelled, and IPv6 counts by /64.
func TestD70OneClientHasOneCount(t *testing.T) {
	t.Parallel()
	for name, spellings := range map[string][]string{
		"IPv4, plain and mapped": {"192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"},
		"one /64":                {"2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002:0000:0000:0000:0003", "2001:db8:1:2::1%eth0"},
		"link-local with a zone": {"fe80::1%eth0", "fe80::1%eth1", "fe80::2"},
		"no address":             {"", "not an address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ask, _ := limitedFlow(t, testLimits, Route{Method: "GET", Path: "/x"})
			for i := range 8 {
				want := 204
				if i >= 5 {
					want = 429
				}
				if w := ask("GET", "/x", spellings[i%len(spellings)]); w.Code != want {
					t.Errorf("request %d: %d, want %d", i, w.Code, want)
				}
			}
			for _, other := range []string{"192.0.2.2", "2001:db8:1:3::1", "fe80:0:0:1::1"} {
				if w := ask("GET", "/x", other); w.Code != 204 {
					t.Errorf("%s: %d", other, w.Code)
				}
			}
		})
	}
}

func TestNothingIsLimitedUnlessAsked(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]RateLimitConfig{
		"switched off": {Max: 1, Window: time.Minute},
		"no limit":     {Enabled: true, Window: time.Minute},
	} {
		ask, _ := limitedFlow(t, cfg, Route{Method: "GET", Path: "/x"})
		for range 300 {
			if w := ask("GET", "/x", "192.0.2.1"); w.Code != 204 {
				t.Fatalf("%s: %d", name, w.Code)
			}
		}
	}
}

func TestRateLimitMistakesAreNamed(t *testing.T) {
	t.Parallel()
	good := RateLimitConfig{Enabled: true, Window: 10 * time.Second, Max: 100, Rules: []RateRule{{"/a/**", time.Second, 0}, {"/a/*/b", time.Hour, 1}, {"/reset/:token", time.Hour, 1}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := RateLimitConfig{Max: -1, Rules: []RateRule{{"a", time.Minute, 1}, {"/[", time.Minute, 1}, {"/*/**", time.Minute, 1}, {"/**/a", time.Minute, 1}, {"/a", 48 * time.Hour, 1 << 31}}}
	err := bad.Validate()
	for _, want := range []string{"window: 0s", "max: -1", "rules[0].path:", "rules[1].path:", "rules[2].path:", "rules[3].path:", "rules[4].window: 48h", "rules[4].max:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
}

// FuzzRateAddress: what is one client by netip is one key, and the key says no more than the /64.
func FuzzRateAddress(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1%eth0", "", "::", "fe80::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return
		}
		key := rateAddress(addr)
		back, err := netip.ParseAddr(key)
		if err != nil {
			t.Fatalf("%q: key %q is no address", text, key)
		}
		bits := 64
		if plain := addr.Unmap(); plain.Is4() {
			bits = 32
		}
		want, err := addr.Unmap().WithZone("").Prefix(bits)
		if err != nil || back != want.Addr() || rateAddress(back) != key {
			t.Errorf("%q: key %q, want %v (%v)", text, key, want, err)
		}
	})
}

// FuzzRulePath: a rule that was accepted never fails, and none but those with a star match more than their own path.
func FuzzRulePath(f *testing.F) {
	for _, s := range []string{"/a/**", "/a/*", "/sign-in/email", "/[", "/**", `/\`, "/a/:id"} {
		f.Add(s, "/a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if !strings.HasPrefix(pattern, "/") || !validRulePath(pattern) {
			return
		}
		rule := RateRule{Path: pattern}
		if !strings.Contains(pattern, "*") && rule.matchesPath(path) != (pattern == path) {
			t.Errorf("%q and %q", pattern, path)
		}
		if !strings.Contains(pattern, "*") && !rule.matchesPath(pattern) {
			t.Errorf("%q does not match itself", pattern)
		}
	})
}
