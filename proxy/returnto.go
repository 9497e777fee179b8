package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// maxReturnTo bounds what is carried through the sign-in. A page that redirects to itself with its own address as the
// parameter doubles it each time; a longer target is left out, and the user lands on the sign-in page's own default.
const maxReturnTo = 2048

// signInPage is where a browser is sent to sign in.
type signInPage struct {
	url   *url.URL
	local string // its path, when it is served under our own origin
}

// newSignInPage reads Options.SignInURL: a path under our own origin, or an absolute URL.
func newSignInPage(raw string, public *url.URL) (*signInPage, error) {
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	page := &signInPage{url: u}
	if u.Host == "" || public != nil && u.Scheme == public.Scheme && strings.EqualFold(u.Host, public.Host) {
		page.local = u.Path
	}
	return page, nil
}

// location is the sign-in page with return_to set to the target, if that may be returned to. origin goes before it, where it
// is not the page's own business to know.
func (p *signInPage) location(origin, target string) string {
	u := *p.url
	if back, ok := returnTo(target); ok {
		back = origin + back
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += "return_to=" + url.QueryEscape(back)
	}
	return u.String()
}

// returnTo accepts a target that every browser resolves to a path of the origin it is on. `//host` and `/\host` name
// another authority (WHATWG URL, "relative slash state"); tabs and line ends are removed before parsing, so that
// `/<tab>/host` does, too. https://url.spec.whatwg.org/#concept-basic-url-parser
func returnTo(target string) (string, bool) {
	if target == "" || target[0] != '/' || len(target) > maxReturnTo {
		return "", false
	}
	if len(target) > 1 && (target[1] == '/' || target[1] == '\\') {
		return "", false
	}
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c == 0x7f || c == '\\' || c == '#' {
			return "", false
		}
	}
	return target, true
}

// signInLocation is where a browser is sent to sign in, and to come back from.
func (p *Proxy) signInLocation(x *exchange) string {
	if !x.checked || p.public == nil {
		return p.signIn.location("", x.target.raw)
	}
	return p.signInElsewhere(x)
}

// signInFrom is where a person may sign in who was refused for not having done so. It leads back if there is somewhere to come back to: to what was
// asked for at our own host, and is not what was sent.
func (p *Proxy) signInFrom(r *http.Request, no *refusal) string {
	if p.signIn == nil || no.status != http.StatusUnauthorized {
		return ""
	}
	target := ""
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && (p.public == nil || strings.EqualFold(r.Host, p.public.Host)) {
		target = r.URL.RequestURI()
	}
	return p.wholeAddress(p.signIn.location("", target))
}

// signInElsewhere is that for a front end: always a whole address, since the browser is at the front end's host and some front
// ends take a path for one at the server that they asked. It may ask for hosts other than our own; of those only an origin that
// is trusted may be named to come back to, since a Host header can be anything.
func (p *Proxy) signInElsewhere(x *exchange) string {
	own, asked := p.public.Scheme+"://"+p.public.Host, x.client.Proto+"://"+x.client.Host
	origin, target := "", ""
	switch {
	case strings.EqualFold(asked, own):
		target = x.target.raw
	case p.options.AllowedOrigins != nil && p.options.AllowedOrigins(asked):
		origin, target = asked, x.target.raw
	}
	return p.wholeAddress(p.signIn.location(origin, target))
}

// wholeAddress is an address of the sign-in page for who may not be at our host, such as a page of another origin that may read
// answers.
func (p *Proxy) wholeAddress(location string) string {
	if p.public == nil || p.signIn.url.Host != "" {
		return location
	}
	return p.public.Scheme + "://" + p.public.Host + location
}
