package proxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Auth is what a rule asks of a request. The zero value is the strictest.
type Auth uint8

const (
	Required Auth = iota // a live session, or 401
	Optional             // passes the user on if there is one
	Public               // never looks
)

// ParseAuth reads the configuration's word.
func ParseAuth(word string) (Auth, error) {
	switch word {
	case "required":
		return Required, nil
	case "optional":
		return Optional, nil
	case "public":
		return Public, nil
	}
	return Required, fmt.Errorf("%q is unknown; use public, optional or required", word)
}

func (a Auth) String() string { return [...]string{"required", "optional", "public"}[a] }

// OnUnauthenticated is how a request without a session is turned away.
type OnUnauthenticated uint8

const (
	Auto           OnUnauthenticated = iota // a browser's navigation is redirected, the rest and everything below /api gets 401
	AlwaysStatus                            // 401
	AlwaysRedirect                          // whatever may be redirected is
)

func parseOnUnauthenticated(word string) (OnUnauthenticated, error) {
	switch word {
	case "", "auto":
		return Auto, nil
	case "401":
		return AlwaysStatus, nil
	case "redirect":
		return AlwaysRedirect, nil
	}
	return Auto, fmt.Errorf("%q is unknown; use auto, 401 or redirect", word)
}

// Rule is one compiled route. It does not change after it was made.
type Rule struct {
	Pattern           string // as configured, or DefaultPattern
	Position          int    // in the configuration's list; -1 for the rule that decides what no route matches
	Auth              Auth
	Roles             []string // of which the user must have one; empty asks for none
	VerifiedEmail     bool
	MaxSessionAge     time.Duration // since the sign-in; zero means any
	OnUnauthenticated OnUnauthenticated

	pattern
	methods        []string // empty means all
	host           string   // empty means all
	encodedSlashes bool
	csrfExempt     bool
	cors           whoseCORS
	rewrite        *rewriting // nil forwards the path as it came
	hostHeader     hostHeader
	timeout        time.Duration
	requestTimeout time.Duration
	maxBody        int64
	response       responseHeaders
	providerTokens []providerToken
	endpoints      []endpoint // empty means upstream.url
	tls            UpstreamTLSConfig
	pool           *pool
}

// DefaultPattern stands for the rule that decides what no route matches.
const DefaultPattern = "default"

func newRule(c RouteConfig) (*Rule, error) {
	rule := &Rule{
		Pattern: c.Path, Roles: c.Roles, VerifiedEmail: c.VerifiedEmail, MaxSessionAge: c.MaxSessionAge,
		encodedSlashes: c.EncodedSlashes, csrfExempt: c.CSRFExempt, timeout: c.Timeout, requestTimeout: c.RequestTimeout, maxBody: int64(c.MaxBody),
		tls: c.UpstreamTLS,
	}
	var problems []error
	note := func(key string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	var err error
	rule.pattern, err = parsePattern(c.Path)
	wrongPath := err != nil
	note("path", err)
	if c.CSRFExempt && (rule.deep || rule.wildcards() > 0) {
		note("csrf_exempt", fmt.Errorf("%s has a wildcard, and only single paths can be exempt; name sites in auth.trusted_origins", c.Path))
	}
	rule.methods, err = parseMethods(c.Methods)
	note("methods", err)
	rule.cors, err = parseCORS(c.CORS)
	note("cors", err)
	rule.host, err = parseRuleHost(c.Host)
	note("host", err)
	if c.Auth != "" {
		rule.Auth, err = ParseAuth(c.Auth)
		note("auth", err)
	}
	note("roles", checkRoles(c.Roles))
	problems = append(problems, rule.checkDemands(), checkDurations(c))
	rule.OnUnauthenticated, err = parseOnUnauthenticated(c.OnUnauthenticated)
	note("on_unauthenticated", err)
	rule.endpoints, err = parseEndpoints("upstream", c.Upstream, "upstreams", c.Upstreams)
	problems = append(problems, err, under("upstream_tls", c.UpstreamTLS.Validate()))
	if !wrongPath {
		rule.rewrite, err = newRewriting(rule.pattern, c)
		problems = append(problems, err)
	}
	rule.hostHeader, err = parseHostHeader(c.HostHeader)
	note("host_header", err)
	if c.MaxBody < 0 {
		note("max_body", fmt.Errorf("%d is negative; leave it out for no limit", c.MaxBody))
	}
	rule.response, err = newResponseHeaders(c.SetResponseHeaders, c.RemoveResponseHeaders)
	problems = append(problems, err)
	rule.providerTokens, err = newProviderTokens(c.ProviderTokens, rule.Auth)
	problems = append(problems, err)
	return rule, errors.Join(problems...)
}

func checkDurations(c RouteConfig) error {
	var problems []error
	for _, d := range []struct {
		key, remedy string
		value       time.Duration
	}{
		{"max_session_age", "any time", c.MaxSessionAge},
		{"timeout", "upstream.response_header_timeout", c.Timeout},
		{"request_timeout", "no limit", c.RequestTimeout},
	} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s: %s is negative; leave it out for %s", d.key, d.value, d.remedy))
		}
	}
	return errors.Join(problems...)
}

func checkRoles(roles []string) error {
	for _, role := range roles {
		if role == "" || role != strings.TrimSpace(role) || strings.Contains(role, ",") {
			return fmt.Errorf("%q is no role name", role)
		}
	}
	return nil
}

// checkDemands refuses what is asked of a user on a route that works without one.
func (r *Rule) checkDemands() error {
	if r.Auth == Required {
		return nil
	}
	var problems []error
	for _, demand := range []struct {
		key, why string
		made     bool
	}{
		{"roles", "nobody else has roles", len(r.Roles) > 0},
		{"verified_email", "nobody else has an address", r.VerifiedEmail},
		{"max_session_age", "nobody else has a session", r.MaxSessionAge > 0},
	} {
		if demand.made {
			problems = append(problems, fmt.Errorf("%s: needs auth: required, for %s", demand.key, demand.why))
		}
	}
	return errors.Join(problems...)
}

// accepts tells whether a request whose path matches is for this rule.
func (r *Rule) accepts(method, host string) bool {
	return (r.host == "" || r.host == host) && (len(r.methods) == 0 || slices.Contains(r.methods, method))
}
