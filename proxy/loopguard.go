package proxy

import (
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"net/http"
	"strconv"
	"strings"
)

// A browser that is sent to sign in and comes back without a session is sent again, and so on. After a few times it gets a
// page instead, which says what can be seen from here (users-ask 10). How often it was sent is in a cookie of its own: it is a
// hint and proves nothing, so it is not signed.
const (
	redirectsCookie  = "postern.redirects"
	maxRedirects     = 5
	redirectsSeconds = 60
)

//go:embed loop.html
var loopPage string

// loop is what the page shows.
type loop struct {
	Times                      int
	Seconds                    int
	Asked, Public              string // scheme and host: of the request, and as configured
	CookieArrived, OtherOrigin bool
	SignIn, RequestID          string
}

// redirectsSoFar reads the cookie.
func redirectsSoFar(h http.Header) int {
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			if value, ok := strings.CutPrefix(strings.Trim(pair, " \t"), redirectsCookie+"="); ok {
				n, err := strconv.Atoi(value)
				if err == nil && n >= 0 {
					return n
				}
			}
		}
	}
	return 0
}

// countRedirect sets the cookie; 0 takes it away.
func (p *Proxy) countRedirect(w http.ResponseWriter, x *exchange, n int) {
	seconds := redirectsSeconds
	if n == 0 {
		seconds = 0
	}
	cookie := fmt.Sprintf("%s=%d; Max-Age=%d; Path=/; HttpOnly; SameSite=Lax", redirectsCookie, n, seconds)
	if x.client.Proto == "https" {
		cookie += "; Secure"
	}
	w.Header().Add("Set-Cookie", cookie)
}

// concealRedirects takes the cookie out of what the application gets.
func concealRedirects(h http.Header) {
	for i, line := range h["Cookie"] {
		if !strings.Contains(line, redirectsCookie+"=") {
			continue
		}
		var kept []string
		for pair := range strings.SplitSeq(line, ";") {
			if pair = strings.Trim(pair, " \t"); pair != "" && !strings.HasPrefix(pair, redirectsCookie+"=") {
				kept = append(kept, pair)
			}
		}
		h["Cookie"] = append([]string(nil), h["Cookie"]...) // shared with the request that came in
		h["Cookie"][i] = strings.Join(kept, "; ")
	}
	if lines := h["Cookie"]; len(lines) == 1 && lines[0] == "" {
		delete(h, "Cookie")
	}
}

// breakLoop answers in place of one redirect too many.
func (p *Proxy) breakLoop(w http.ResponseWriter, r *http.Request, x *exchange) {
	x.outcome.Reason = refuseLoop.reason
	if kindOf(r) != Navigation {
		p.refuse(w, r, refuseLoop)
		return
	}
	seen := loop{
		Times: maxRedirects, Seconds: redirectsSeconds, Asked: x.client.Proto + "://" + x.client.Host, CookieArrived: p.carriesOwnCookie(r.Header),
		SignIn: p.signInLocation(x), RequestID: x.requestID,
	}
	if p.public != nil {
		seen.Public = p.public.Scheme + "://" + p.public.Host
		seen.OtherOrigin = !strings.EqualFold(seen.Asked, seen.Public)
	}
	h := w.Header()
	h.Set("WWW-Authenticate", "Bearer")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	own(h)
	p.boundDrain(w, r)
	w.WriteHeader(refuseLoop.status)
	_ = p.loopPage.Execute(w, seen) // a browser that left needs no answer
}

func parseLoopPage() *htmltemplate.Template {
	return htmltemplate.Must(htmltemplate.New("loop").Parse(loopPage))
}
