package proxy

import (
	"net/http"
	"slices"
	"strings"
)

// dropOwnCookies removes every Set-Cookie by which an application would write one of the session cookies: it could
// sign its users in as somebody else (D29, D94). Its other cookies stay.
func (p *Proxy) dropOwnCookies(h http.Header) {
	lines, found := h["Set-Cookie"]
	if !found || !slices.ContainsFunc(lines, p.setsOwnCookie) {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(lines), p.setsOwnCookie)
	if len(kept) == 0 {
		delete(h, "Set-Cookie")
		return
	}
	h["Set-Cookie"] = kept
}

// setsOwnCookie reads the name as the most generous browser would. A cookie without a name is sent back as its value
// alone, so that `=name=value` sets name for whoever parses the Cookie header:
// https://github.com/httpwg/http-extensions/issues/2229
func (p *Proxy) setsOwnCookie(line string) bool {
	pair, _, _ := strings.Cut(line, ";")
	name, _, _ := strings.Cut(strings.TrimLeft(pair, " \t="), "=")
	return p.sessions.OwnsCookie(strings.TrimRight(name, " \t"))
}
