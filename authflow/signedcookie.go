package authflow

import (
	"net/http"
	"strconv"
	"time"
)

// SignedCookie is a cookie of a room: its value is signed as the session's is, and it has the same attributes.
type SignedCookie struct {
	cookies *Cookies
	name    string
	maxAge  time.Duration
}

// SignedCookie returns the cookie <prefix>.<name>, which a browser keeps for maxAge.
func (c *Core) SignedCookie(name string, maxAge time.Duration) SignedCookie {
	cookies := c.Sessions.cookies
	return SignedCookie{cookies: cookies, name: cookies.prefix + name, maxAge: maxAge}
}

// Value returns what a request brings, or "" when nothing with a good signature is there.
func (s SignedCookie) Value(r *http.Request) string { return s.cookies.signed(r, s.name) }

// Set sends the cookie.
func (s SignedCookie) Set(w http.ResponseWriter, value string) {
	signed := value + "." + s.cookies.keys.Sign(value)
	w.Header().Add("Set-Cookie", s.name+"="+EscapeComponent(signed)+"; Max-Age="+strconv.Itoa(int(s.maxAge.Seconds()))+s.cookies.attributes)
}

// Expire takes the cookie from the browser.
func (s SignedCookie) Expire(w http.ResponseWriter) { s.cookies.expire(w.Header(), s.name) }
