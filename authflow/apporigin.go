package authflow

import (
	"net/url"
	"regexp"
	"strings"
)

// appURL is a URL of an application's own scheme, such as myapp://callback/done, taken apart for comparison. Scheme and
// authority are in lower case.
type appURL struct{ scheme, authority, path string }

// parseAppURL refuses what programs read differently: user info, backslashes, controls, dot segments and encoded octets in the
// path, a missing "//". Schemes of the web are not an application's own, nor are those that run code or show data in a browser.
//
// Differs from better-auth: it decodes and resolves such paths, and takes myapp:x and myapp:/x.
func parseAppURL(raw string) (appURL, bool) {
	if !printable(raw) || strings.Contains(raw, `\`) {
		return appURL{}, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" || strings.Contains(u.Path, "..") || strings.Contains(u.EscapedPath(), "%") {
		return appURL{}, false
	}
	if !isAppScheme(u.Scheme) || !strings.HasPrefix(raw[len(u.Scheme):], "://") {
		return appURL{}, false
	}
	return appURL{scheme: u.Scheme, authority: strings.ToLower(u.Host), path: strings.TrimSuffix(u.Path, "/")}, true
}

func isAppScheme(scheme string) bool {
	switch scheme {
	case "", "http", "https", "javascript", "data", "vbscript", "file", "blob", "about":
		return false
	}
	return true
}

// appPattern says which URLs of a scheme are trusted: those of any authority where it names none, and of any path likewise.
// The path of a pattern without wildcards takes what is below it.
type appPattern struct {
	appURL
	wildAuthority, wildPath *regexp.Regexp // both nil in a pattern without wildcards
}

// newAppPattern reads myapp://, myapp:, myapp://callback/done or, as development servers need it, exp://192.168.*.*:*/**.
func newAppPattern(text string) (appPattern, bool) {
	scheme, rest, ok := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	if !ok || !isAppScheme(scheme) || strings.ContainsAny(scheme, "*?./") {
		return appPattern{}, false
	}
	rest = strings.TrimPrefix(rest, "//")
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	p := appPattern{appURL: appURL{scheme: scheme, authority: strings.ToLower(authority), path: strings.TrimSuffix(path, "/")}}
	if strings.ContainsAny(rest, "*?") {
		p.wildAuthority = compileWildcards(p.authority)
		p.wildPath = compilePathWildcards(p.path)
	}
	return p, true
}

// compilePathWildcards takes "**", as a whole segment, for any number of segments.
func compilePathWildcards(path string) *regexp.Regexp {
	var expr strings.Builder
	for _, segment := range strings.Split(path, "/")[1:] {
		if segment == "**" {
			expr.WriteString(`(?:/.*)?`)
			continue
		}
		quoted := regexp.QuoteMeta("/" + segment)
		expr.WriteString(strings.NewReplacer(`\*`, `[^/]*`, `\?`, `[^/]`).Replace(quoted))
	}
	return regexp.MustCompile("^" + expr.String() + "$") // cannot fail: everything else is quoted
}

func (p appPattern) matches(u appURL) bool {
	if u.scheme != p.scheme {
		return false
	}
	if p.wildAuthority != nil {
		return (p.authority == "" || p.wildAuthority.MatchString(u.authority) && admitsHost(p.authority, u.authority)) &&
			(p.path == "" || p.wildPath.MatchString(u.path))
	}
	if p.authority != "" && p.authority != u.authority {
		return false
	}
	return p.path == "" || u.path == p.path || strings.HasPrefix(u.path, p.path+"/")
}
