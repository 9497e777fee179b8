package doctor

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// nobody is an address that has no account anywhere (RFC 2606).
func nobody() string { return strings.ToLower(rand.Text()) + "@doctor.invalid" }

// origin tries to sign in as nobody, as a browser's page does.
func (x *examination) origin() {
	said, err := x.ask(http.MethodPost, x.api("/sign-in/email"), `{"email":"`+nobody()+`","password":"not anybody's password"}`, "Origin", x.URL.String(), "Cookie", "postern_doctor=1")
	switch {
	case err != nil:
		x.fail("", "signing in cannot be tried: %v", err)
	case said.StatusCode == http.StatusForbidden && strings.Contains(said.body, "ORIGIN"):
		x.fail("compare server.public_url with the address bar to the letter; the proxy in front must not change the header Origin", "a page at %s may not sign in: %s", x.URL, said.body)
	case said.StatusCode == http.StatusUnauthorized && strings.Contains(said.body, "INVALID_EMAIL_OR_PASSWORD"):
		x.ok("a page at %s can try to sign in", x.URL)
	case said.StatusCode == http.StatusTooManyRequests:
		x.warn("wait a little; if it stays so, all clients may have the proxy's address: see server.trusted_proxies", "signing in is limited for this address at the moment")
	case said.StatusCode == http.StatusBadRequest && strings.Contains(said.body, "MISSING_RESPONSE"):
		x.ok("signing in asks for a captcha")
	case said.StatusCode == http.StatusBadRequest && strings.Contains(said.body, "EMAIL_PASSWORD_DISABLED"):
		x.ok("passwords are switched off")
	case said.StatusCode >= 500:
		x.fail("see /readyz on the admin listener", "signing in answers %d: %s", said.StatusCode, said.body)
	default:
		x.fail("the proxy in front must pass bodies and Content-Type on as they are", "signing in answers %d, which it should not: %.200s", said.StatusCode, said.body)
	}
}

// foreignOrigin makes sure that another site's page may not act with the browser's cookies.
func (x *examination) foreignOrigin() {
	said, err := x.ask(http.MethodPost, x.api("/sign-out"), "{}", "Origin", "https://doctor.invalid", "Cookie", "postern_doctor=1")
	switch {
	case err != nil:
		x.fail("", "a foreign page cannot be tried: %v", err)
	case said.StatusCode != http.StatusForbidden:
		x.fail("take * and the like out of auth.trusted_origins; the proxy in front must not remove the headers Origin and Cookie", "a page of any other site may act in its visitor's name (answered %d)", said.StatusCode)
	default:
		x.ok("pages of other sites may not")
	}
}

// cookies reads those that sign-out takes away: they have the names and attributes of those that sign-in sets.
func (x *examination) cookies() {
	said, err := x.ask(http.MethodPost, x.api("/sign-out"), "{}", "Origin", x.URL.String())
	if err != nil {
		x.fail("", "cookies cannot be looked at: %v", err)
		return
	}
	var session *http.Cookie
	for _, c := range said.Cookies() {
		if strings.HasSuffix(c.Name, "session_token") {
			session = c
		}
	}
	if session == nil {
		if len(said.Cookies()) == 0 {
			x.fail("let the proxy in front pass Set-Cookie on", "answers come without cookies")
		}
		return
	}
	x.cookie(session)
}

func (x *examination) cookie(c *http.Cookie) {
	host := x.URL.Hostname()
	domain := strings.TrimPrefix(c.Domain, ".")
	switch {
	case x.URL.Scheme == "https" && (!c.Secure || !strings.HasPrefix(c.Name, "__Secure-")):
		x.fail("set server.public_url to https://…, and leave auth.cookie.secure at auto", "the session's cookie %s is not for https alone", c.Name)
	case x.URL.Scheme == "http" && c.Secure:
		x.fail("browsers keep such a cookie by https alone: set server.public_url to https://…", "the session's cookie %s is Secure, and the public URL is http", c.Name)
	case domain != "" && host != domain && !strings.HasSuffix(host, "."+domain):
		x.fail("set auth.cookie.domain to a domain that covers "+host+", or leave it empty; the proxy in front must not rewrite cookies", "the session's cookie is for %s, so browsers at %s refuse it", domain, host)
	case c.Path != "/":
		x.fail("the proxy in front must not rewrite the path of cookies", "the session's cookie is for the path %s alone", c.Path)
	case !c.HttpOnly:
		x.fail("the proxy in front must not rewrite cookies", "scripts may read the session's cookie")
	case c.SameSite == http.SameSiteNoneMode:
		x.warn("that is right where a frontend is on another site; otherwise set auth.cookie.same_site to lax", "the session's cookie goes along with requests of all sites (SameSite=None)")
	default:
		x.ok("the session's cookie is as it should be (%s)", c.Name)
	}
}
