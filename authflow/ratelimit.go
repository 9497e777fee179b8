package authflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RateLimitConfig says how often one client may ask the API. Its root key is `rate_limit`. As better-auth's rateLimit.
type RateLimitConfig struct {
	Enabled bool          `key:"enabled" default:"true" doc:"Whether the auth API answers 429 to a client that asks too often. Clients are told apart by address, IPv6 ones by their /64; see server.trusted_proxies. Requests to the application are not limited."`
	Window  time.Duration `key:"window" default:"10s" doc:"Time in which max requests are allowed. It begins with the first request."`
	Max     int           `key:"max" default:"100" doc:"How many requests one client may send to one endpoint within window. Zero: any number."`
	Lockout LockoutConfig `key:"lockout" doc:"How long whoever guesses at passwords has to wait. Counts are shared by all replicas and survive restarts."`
	Rules   []RateRule    `key:"rules" doc:"Other limits for certain endpoints; the first rule that matches decides. After these come better-auth's: 3 in 10s for /sign-in/**, /sign-up/**, /change-password and /change-email, 3 in 60s for /request-password-reset and /send-verification-email."`
}

// RateRule is the limit of the endpoints that match a path.
type RateRule struct {
	Path   string        `key:"path" doc:"The endpoint below auth.base_path: /a is that path, /a/* is one more segment, /a/** is /a and all below it. An endpoint is also found by its aliases, and shares one limit with them."`
	Window time.Duration `key:"window" default:"10s" doc:"Time in which max requests are allowed."`
	Max    int           `key:"max" default:"100" doc:"How many requests one client may send within window. Zero: any number."`
}

// Limit is a number of hits in a window of time.
type Limit struct {
	Max    int
	Window time.Duration
}

// Counter counts hits by key. Package ratelimit has the one that replicas share. No method fails: a counter that cannot ask
// what the others have counted goes by what it knows itself.
type Counter interface {
	// Take counts a hit and returns zero; or, when limit.Max have been counted in the window, how long that still lasts. A window
	// begins with its first hit. Of hits that come at once no more than limit.Max are counted.
	Take(ctx context.Context, key string, limit Limit) time.Duration
	// Return takes a hit of the present window back.
	Return(ctx context.Context, key string, limit Limit)
	// Counted tells whether there is a hit in the present window.
	Counted(ctx context.Context, key string) bool
}

// Validate reports every mistake, each beginning with the key it is about.
func (c RateLimitConfig) Validate() error {
	problems := []error{validateLimit("", Limit{c.Max, c.Window})}
	for i, rule := range c.Rules {
		at := fmt.Sprintf("rules[%d].", i)
		if !strings.HasPrefix(rule.Path, "/") || !validRulePath(rule.Path) {
			problems = append(problems, fmt.Errorf("%spath: %q is not a path like /sign-in/** or /change-password", at, rule.Path))
		}
		problems = append(problems, validateLimit(at, Limit{rule.Max, rule.Window}))
	}
	return errors.Join(append(problems, c.Lockout.validate())...)
}

func validateLimit(at string, l Limit) error {
	var problems []error
	if l.Window < time.Second || l.Window > 24*time.Hour {
		problems = append(problems, fmt.Errorf("%swindow: %s is not between 1s and 24h", at, l.Window))
	}
	if l.Max < 0 || l.Max > math.MaxInt32/2 {
		problems = append(problems, fmt.Errorf("%smax: %d is not a number of requests; use 0 for no limit", at, l.Max))
	}
	return errors.Join(problems...)
}

func validRulePath(pattern string) bool {
	prefix, below := strings.CutSuffix(pattern, "/**")
	if below {
		return !strings.ContainsAny(prefix, `*?[\`)
	}
	return !strings.ContainsAny(pattern, `?[\`) && !strings.Contains(pattern, "**")
}

// specialRules are better-auth's, for what is worth guessing at and for what sends mail.
func specialRules() []RateRule {
	return []RateRule{
		{Path: "/sign-in/**", Window: 10 * time.Second, Max: 3},
		{Path: "/sign-up/**", Window: 10 * time.Second, Max: 3},
		{Path: "/change-password", Window: 10 * time.Second, Max: 3},
		{Path: "/change-email", Window: 10 * time.Second, Max: 3},
		{Path: "/request-password-reset", Window: time.Minute, Max: 3},
		{Path: "/send-verification-email", Window: time.Minute, Max: 3},
	}
}

func (rule RateRule) matches(route *Route) bool {
	return slices.ContainsFunc(append([]string{route.name}, route.Aliases...), rule.matchesPath)
}

func (rule RateRule) matchesPath(p string) bool {
	if prefix, below := strings.CutSuffix(rule.Path, "/**"); below {
		return p == prefix || strings.HasPrefix(p, prefix+"/")
	}
	ok, err := path.Match(rule.Path, p)
	return err == nil && ok
}

// limitRoutes gives every route its limit. A rule for nothing is most likely misspelt, or for a feature that is switched off.
func (r *Router) limitRoutes(c RateLimitConfig, logger *slog.Logger) {
	rules := slices.Concat(c.Rules, specialRules())
	used := make([]bool, len(rules))
	for route := range r.all() {
		route.limit = Limit{Max: c.Max, Window: c.Window}
		for i, rule := range rules {
			if rule.matches(route) {
				route.limit, used[i] = Limit{Max: rule.Max, Window: rule.Window}, true
				break
			}
		}
	}
	for i, rule := range c.Rules {
		if !used[i] {
			logger.Warn("rate limit applies to no endpoint", slog.String("key", fmt.Sprintf("rate_limit.rules[%d].path", i)), slog.String("path", rule.Path))
		}
	}
}

// checkRate refuses a client that asks too often. The key holds the route's name, never the path as it was sent: another
// spelling of it must not be another count (GHSA-x732-6j76-qmhm).
func (f *Flow) checkRate(c *Call) error {
	if f.counter == nil || c.route.limit.Max == 0 {
		return nil
	}
	key := rateAddress(c.Client().Addr) + " " + c.route.name
	return c.tooMany(f.counter.Take(c.R.Context(), key, c.route.limit))
}

// rateAddress is one spelling for each client: IPv4 the same when mapped into IPv6, no zone, and IPv6 by the /64 that a provider
// hands to one customer (CVE-2026-45364). Clients without an address share one count, as in better-auth.
func rateAddress(addr netip.Addr) string {
	if stored := storedAddress(addr); stored != "" {
		return stored
	}
	return "unknown"
}

// tooMany turns what is left of a window into better-auth's answer; nil when nothing is.
func (c *Call) tooMany(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	c.reason = ReasonRateLimited
	limited := *errTooManyRequests
	limited.RetryAfter = int(math.Ceil(wait.Seconds()))
	return &limited
}

// setRetryAfter tells when to come again (RFC 9110 §10.2.3), to better-auth's clients under the name they know.
func setRetryAfter(h http.Header, e *Error) {
	if e.RetryAfter <= 0 {
		return
	}
	seconds := strconv.Itoa(e.RetryAfter)
	h.Set("Retry-After", seconds)
	if e.Status == http.StatusTooManyRequests {
		h.Set("X-Retry-After", seconds)
	}
}
