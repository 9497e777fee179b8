package authflow

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Origins decides which origins may call the API with cookies and where a browser may be sent.
type Origins struct {
	base     string // the public origin
	patterns []originPattern
}

type originPattern struct {
	text     string
	wildcard *regexp.Regexp // nil for an exact pattern
	hostOnly bool           // a wildcard pattern without scheme is compared with host[:port]
	app      *appPattern    // for an application's own scheme; nothing else counts then
}

// NewOrigins trusts the public origin and the patterns of auth.trusted_origins.
func NewOrigins(baseURL string, patterns []string) (*Origins, error) {
	base, ok := webOrigin(baseURL)
	if !ok {
		return nil, fmt.Errorf("public url %q is not an http or https origin", baseURL)
	}
	o := &Origins{base: base, patterns: []originPattern{{text: base}}}
	for _, p := range patterns {
		if err := checkOriginPattern(p); err != nil {
			return nil, err
		}
		o.patterns = append(o.patterns, newOriginPattern(p))
	}
	return o, nil
}

// newOriginPattern reads a pattern as better-auth does: '*' is any run and '?' any one of characters other than slashes.
func newOriginPattern(text string) originPattern {
	if app, ok := newAppPattern(text); ok {
		return originPattern{text: text, app: &app}
	}
	if !strings.ContainsAny(text, "*?") {
		if origin, ok := webOrigin(text); ok {
			text = origin // so that letter case and a default port in the settings do not matter
		}
		return originPattern{text: text}
	}
	return originPattern{text: text, wildcard: compileWildcards(strings.ToLower(text)), hostOnly: !strings.Contains(text, "://")}
}

func compileWildcards(text string) *regexp.Regexp {
	expr := regexp.QuoteMeta(text)
	expr = strings.ReplaceAll(expr, `\*`, `[^/\\]*`)
	expr = strings.ReplaceAll(expr, `\?`, `[^/\\]`)
	return regexp.MustCompile("^" + expr + "$") // cannot fail: everything else is quoted
}

// Base is the public origin.
func (o *Origins) Base() string { return o.base }

// Trusted tells whether an Origin header, or the URL of a Referer, is of a trusted origin.
func (o *Origins) Trusted(origin string) bool {
	if web, ok := webOrigin(origin); ok {
		return slices.ContainsFunc(o.patterns, func(p originPattern) bool { return p.app == nil && p.matches(web) })
	}
	app, ok := parseAppURL(origin)
	return ok && slices.ContainsFunc(o.patterns, func(p originPattern) bool { return p.app != nil && p.app.matches(app) })
}

func (p originPattern) matches(origin string) bool {
	if p.wildcard == nil {
		return p.text == origin
	}
	subject, pattern := origin, p.text
	_, host, _ := strings.Cut(origin, "://")
	if p.hostOnly {
		subject = host
	} else {
		_, pattern, _ = strings.Cut(pattern, "://")
	}
	return p.wildcard.MatchString(subject) && admitsHost(pattern, host)
}

// admitsHost keeps a pattern of digits and wildcards (192.168.*.*) to addresses: '*' crosses dots, and 192.168.attacker.com
// is a name anyone can register.
func admitsHost(pattern, host string) bool {
	pattern, _, _ = strings.Cut(pattern, ":")
	if strings.Trim(pattern, "0123456789.*?") != "" || !strings.ContainsAny(pattern, "0123456789") {
		return true
	}
	host, _, _ = strings.Cut(host, ":")
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is4()
}

// AllowsRedirect tells whether a browser may be sent to target: a path on this origin or a URL of a trusted one.
func (o *Origins) AllowsRedirect(target string) bool {
	if strings.HasPrefix(target, "/") {
		return isSafePath(target)
	}
	return o.Trusted(target)
}

// isSafePath refuses what a browser may take for another origin: //host, /\host, and tabs and newlines, which the WHATWG URL
// parser drops before it looks. Encoded slashes in the path are refused because a router behind may decode them.
func isSafePath(target string) bool {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.Contains(target, `\`) || !printable(target) {
		return false
	}
	path, _, _ := strings.Cut(target, "#")
	path, _, _ = strings.Cut(path, "?")
	lower := strings.ToLower(path)
	return !strings.Contains(lower, "%2f") && !strings.Contains(lower, "%5c")
}

// printable tells whether s is free of C0 and C1 controls.
func printable(s string) bool {
	for _, r := range s {
		if r < 0x20 || (0x7f <= r && r < 0xa0) {
			return false
		}
	}
	return true
}

// webOrigin returns scheme://host[:port] of an http or https URL, in lower case and without a default port. It refuses what
// Go and a browser read differently: user info, backslashes, controls, letters beyond ASCII in the host, a missing "//".
//
// Differs from better-auth: https://anything@trusted.example is refused, not trusted.
func webOrigin(raw string) (string, bool) {
	if !printable(raw) || strings.ContainsAny(raw, "\\ ") {
		return "", false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", false
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if !isHost(host) || strings.HasSuffix(u.Host, ":") {
		return "", false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		return u.Scheme + "://" + host, true
	}
	return u.Scheme + "://" + host + ":" + port, true
}

func isHost(host string) bool {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	for i := range len(host) {
		if b := host[i]; !isAlphanumeric(b) && b != '.' && b != '-' && b != '_' {
			return false
		}
	}
	return host != "" && host[0] != '.' && !strings.Contains(host, "..")
}

// checkOrigin is better-auth's CSRF rule: a request that carries cookies and may change something must come from a trusted
// page. Without cookies nothing is asked, so that bearer clients need no Origin; force asks all the same.
func (o *Origins) checkOrigin(r *http.Request, force bool) error {
	if !force && len(r.Header["Cookie"]) == 0 {
		return nil
	}
	origin := r.Header.Get("Origin")
	if origin == "null" && r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return nil // a page without referrer, yet by the browser's own word on this origin
	}
	if origin == "" {
		origin = r.Header.Get("Referer")
	}
	if origin == "" || origin == "null" {
		return errMissingOrNullOrigin
	}
	if !o.Trusted(origin) {
		return errInvalidOrigin.Because(fmt.Errorf("origin %q is neither server.public_url (%s) nor in auth.trusted_origins", loggable(origin), o.base))
	}
	return nil
}

// checkLogin guards the two routes that begin a session by e-mail even before there is a cookie, so that no foreign page can
// sign its visitor in to an account of its own.
func (o *Origins) checkLogin(r *http.Request) error {
	site, mode := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Mode")
	switch {
	case len(r.Header["Cookie"]) > 0:
		return o.checkOrigin(r, false)
	case site == "cross-site" && mode == "navigate":
		return errCrossSiteNavigation
	case site != "" || mode != "" || r.Header.Get("Sec-Fetch-Dest") != "" || r.Header.Get("Origin") != "" || r.Header.Get("Referer") != "":
		return o.checkOrigin(r, true)
	}
	return nil
}

// checkRedirects looks at every redirect target a POST may name, whatever its route makes of it.
func (o *Origins) checkRedirects(body any, query url.Values) error {
	object, _ := body.(map[string]any)
	callback := object["callbackURL"]
	if isFalsy(callback) {
		callback = queryObject(query)["callbackURL"] // repeated, it is an array, and that is no target
	}
	for _, target := range []struct {
		label string
		value any
	}{
		{"callbackURL", callback},
		{"redirectURL", object["redirectTo"]},
		{"errorCallbackURL", object["errorCallbackURL"]},
		{"newUserCallbackURL", object["newUserCallbackURL"]},
	} {
		if err := o.checkRedirect(target.label, target.value); err != nil {
			return err
		}
	}
	return nil
}

func (o *Origins) checkRedirect(label string, value any) error {
	if isFalsy(value) {
		return nil
	}
	target, ok := value.(string)
	if !ok {
		return notText(label)
	}
	if !o.AllowsRedirect(target) {
		return redirectErrors[label].Because(fmt.Errorf("%q is neither a path nor of a trusted origin", loggable(target)))
	}
	return nil
}

// maxLoggedURL is more than any origin has, and as much as one request may add to the log.
const maxLoggedURL = 256

// loggable is as much of an address as tells an operator which setting to change. Its query is left out: it may hold a token.
func loggable(address string) string {
	address, _, _ = strings.Cut(address, "?")
	address, _, _ = strings.Cut(address, "#")
	return address[:min(len(address), maxLoggedURL)]
}

// isFalsy is JavaScript's idea of a value that is as good as absent.
func isFalsy(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case float64:
		return v == 0
	}
	return false
}
