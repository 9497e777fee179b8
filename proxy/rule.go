package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/proxy/clientaddr"
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
	Auto           OnUnauthenticated = iota // a browser's navigation is redirected, the rest gets 401
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
	Auth              Auth
	Roles             []string // of which the user must have one; empty asks for none
	OnUnauthenticated OnUnauthenticated

	segments []string // "*" is any one segment
	deep     bool     // the pattern ended with /**
	methods  []string // empty means all
	host     string   // empty means all
	timeout  time.Duration
	maxBody  int64
	endpoint *endpoint // nil means upstream.url
	upstream *upstream
}

// DefaultPattern stands for the rule that decides what no route matches.
const DefaultPattern = "default"

func newRule(c RouteConfig) (*Rule, error) {
	rule := &Rule{Pattern: c.Path, Roles: c.Roles, timeout: c.Timeout, maxBody: int64(c.MaxBody)}
	var problems []error
	note := func(key string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	var err error
	rule.segments, rule.deep, err = parsePattern(c.Path)
	note("path", err)
	rule.methods, err = parseMethods(c.Methods)
	note("methods", err)
	rule.host, err = parseRuleHost(c.Host)
	note("host", err)
	if c.Auth != "" {
		rule.Auth, err = ParseAuth(c.Auth)
		note("auth", err)
	}
	note("roles", checkRoles(rule))
	rule.OnUnauthenticated, err = parseOnUnauthenticated(c.OnUnauthenticated)
	note("on_unauthenticated", err)
	if c.Upstream != "" {
		rule.endpoint, err = parseEndpoint(c.Upstream)
		note("upstream", err)
	}
	if c.Timeout < 0 {
		note("timeout", fmt.Errorf("%s is negative; leave it out for upstream.response_header_timeout", c.Timeout))
	}
	if c.MaxBody < 0 {
		note("max_body", fmt.Errorf("%d is negative; leave it out for no limit", c.MaxBody))
	}
	return rule, errors.Join(problems...)
}

// parsePattern splits a pattern into segments. Patterns are written decoded: they are compared with decoded paths.
func parsePattern(pattern string) (segments []string, deep bool, err error) {
	switch {
	case pattern == "":
		return nil, false, errors.New("is empty; use /** for everything")
	case pattern[0] != '/':
		return nil, false, fmt.Errorf("%q does not begin with a slash", pattern)
	case pattern == "/":
		return nil, false, nil
	case pattern[len(pattern)-1] == '/':
		return nil, false, fmt.Errorf("%q ends with a slash; write %q, which matches both", pattern, strings.TrimRight(pattern, "/"))
	case strings.ContainsAny(pattern, "?#"):
		return nil, false, fmt.Errorf("%q has a query or fragment; rules see the path alone", pattern)
	case strings.ContainsRune(pattern, '%'):
		return nil, false, fmt.Errorf("%q has an escape; write the character itself", pattern)
	}
	if _, no := canonicalPath(strings.ReplaceAll(pattern, " ", "+")); no != nil {
		return nil, false, fmt.Errorf("%q can match nothing: %s", pattern, no.message)
	}
	segments = strings.Split(pattern[1:], "/")
	if segments[len(segments)-1] == "**" {
		segments, deep = segments[:len(segments)-1], true
	}
	for _, segment := range segments {
		if err := checkSegment(segment); err != nil {
			return nil, false, fmt.Errorf("%q: %w", pattern, err)
		}
	}
	return segments, deep, nil
}

func checkSegment(segment string) error {
	switch {
	case segment == "*":
		return nil
	case segment == "**":
		return errors.New("** stands at the end only; use * for one segment in between")
	case strings.Contains(segment, "*"):
		return fmt.Errorf("%q mixes * with other characters; a wildcard is a whole segment", segment)
	case strings.ContainsAny(segment, "{}") || segment[0] == ':':
		return fmt.Errorf("%q looks like a path parameter; use * for one segment", segment)
	}
	return nil
}

func parseMethods(list []string) ([]string, error) {
	var methods []string
	for _, method := range list {
		method = strings.ToUpper(method)
		if method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" || checkMethod(method) != nil {
			return nil, fmt.Errorf("%q is no method that can be routed", method)
		}
		methods = append(methods, method)
	}
	if slices.Contains(methods, http.MethodGet) && !slices.Contains(methods, http.MethodHead) {
		methods = append(methods, http.MethodHead) // as in http.ServeMux: HEAD is GET without the body
	}
	return methods, nil
}

func parseRuleHost(host string) (string, error) {
	if host == "" {
		return "", nil
	}
	name, ok := clientaddr.ParseHost(host)
	if !ok {
		return "", fmt.Errorf("%q is no host name; write international names in their xn-- form", host)
	}
	if !strings.EqualFold(strings.TrimSuffix(host, "."), name) && host[0] != '[' || strings.Contains(host, "]:") {
		return "", fmt.Errorf("%q has a port; leave it out, rules compare the name alone", host)
	}
	return name, nil
}

func checkRoles(rule *Rule) error {
	if len(rule.Roles) > 0 && rule.Auth != Required {
		return errors.New("need auth: required, for nobody else has roles")
	}
	for _, role := range rule.Roles {
		if role == "" || role != strings.TrimSpace(role) || strings.Contains(role, ",") {
			return fmt.Errorf("%q is no role name", role)
		}
	}
	return nil
}

// accepts tells whether a request whose path matches is for this rule.
func (r *Rule) accepts(method, host string) bool {
	return (r.host == "" || r.host == host) && (len(r.methods) == 0 || slices.Contains(r.methods, method))
}

// ValidateOrder finds routes that can never decide anything because an earlier one takes all their requests. Such a
// route is a mistake, and if it was meant to protect something, a dangerous one. Routes with problems of their own
// are passed over.
func ValidateOrder(routes []RouteConfig) error {
	var problems []error
	var earlier []*Rule
	for i, route := range routes {
		rule, err := newRule(route)
		if err != nil {
			rule = nil
		}
		for j, before := range earlier {
			if rule != nil && before != nil && before.covers(rule) {
				problems = append(problems, fmt.Errorf("routes[%d].path: %s is never reached, since routes[%d] (%s) takes all its requests; move it up", i, rule.Pattern, j, before.Pattern))
				break
			}
		}
		earlier = append(earlier, rule)
	}
	return errors.Join(problems...)
}

// covers tells whether every request that matches other matches r, too.
func (r *Rule) covers(other *Rule) bool {
	if r.host != "" && r.host != other.host {
		return false
	}
	if len(r.methods) > 0 {
		if len(other.methods) == 0 {
			return false
		}
		for _, method := range other.methods {
			if !slices.Contains(r.methods, method) {
				return false
			}
		}
	}
	if len(r.segments) > len(other.segments) || !r.deep && (other.deep || len(r.segments) != len(other.segments)) {
		return false
	}
	for i, segment := range r.segments {
		if segment != "*" && segment != other.segments[i] {
			return false
		}
	}
	return true
}
