package authflow

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// maxCookieAge is what browsers keep at most (RFC 6265bis §5.5).
const maxCookieAge = 400 * 24 * time.Hour

// maxCookieCandidates bounds how many cookies of one name are verified: enough for cookies set on several paths and
// domains, too few to make the server hash for an attacker.
const maxCookieCandidates = 8

// Cookies reads and writes better-auth's cookies.
type Cookies struct {
	keys *Keys

	sessionToken string   // the session's signed token
	sessionData  string   // what the cookie cache says; see cookiecache.go
	dontRemember string   // says that the session ends with the browser
	withSession  []string // further ones that end with the session, which rooms keep
	renamed      bool     // whether some have names without the prefix
	prefix       string
	attributes   string // what every cookie has, ready to append
	maxAge       time.Duration
}

// NewCookies derives names and attributes from the settings and the public origin.
func NewCookies(c CookieConfig, keys *Keys, baseURL string, maxAge time.Duration) *Cookies {
	secure := c.Secure == "true" || (c.Secure != "false" && strings.HasPrefix(baseURL, "https://"))
	marker := ""
	if secure {
		marker = securePrefix
	}
	prefix := marker + c.Prefix + "."
	sameSite := cmp.Or(c.SameSite, "lax")
	// The order is better-auth's: Max-Age, Domain, Path, HttpOnly, Secure, SameSite, Partitioned.
	var a strings.Builder
	if c.Domain != "" {
		a.WriteString("; Domain=" + c.Domain)
	}
	a.WriteString("; Path=/; HttpOnly")
	if secure {
		a.WriteString("; Secure")
	}
	a.WriteString("; SameSite=" + strings.ToUpper(sameSite[:1]) + sameSite[1:])
	if c.Partitioned {
		a.WriteString("; Partitioned")
	}
	return &Cookies{
		keys:         keys,
		sessionToken: marker + cmp.Or(c.Names.SessionToken, c.Prefix+".session_token"),
		sessionData:  marker + cmp.Or(c.Names.SessionData, c.Prefix+".session_data"),
		dontRemember: marker + cmp.Or(c.Names.DontRemember, c.Prefix+".dont_remember"),
		renamed:      c.Names != CookieNamesConfig{},
		prefix:       prefix,
		attributes:   a.String(),
		maxAge:       maxAge,
	}
}

// securePrefix makes a browser refuse the cookie unless it comes by https (RFC 6265bis §4.1.3.1).
const securePrefix = "__Secure-"

// Owns tells whether a cookie is one of ours, which no application may set and none needs to see.
// The names of both schemes count: a cookie from before a move to https is no more the application's than one from after.
func (c *Cookies) Owns(name string) bool {
	bare := strings.TrimPrefix(c.prefix, securePrefix)
	for _, p := range [...]string{securePrefix, "__Host-"} {
		if len(name) > len(p) && strings.EqualFold(name[:len(p)], p) {
			name = name[len(p):]
			break
		}
	}
	if len(name) > len(bare) && strings.EqualFold(name[:len(bare)], bare) {
		return true
	}
	return c.renamed && c.ownsRenamed(name)
}

// ownsRenamed is for names without our prefix. Those of the cookie cache go on with a number.
func (c *Cookies) ownsRenamed(name string) bool {
	for _, own := range [...]string{c.sessionToken, c.sessionData, c.dontRemember} {
		own = strings.TrimPrefix(own, securePrefix)
		if strings.EqualFold(name, own) {
			return true
		}
	}
	data := strings.TrimPrefix(c.sessionData, securePrefix) + "."
	return len(name) > len(data) && strings.EqualFold(name[:len(data)], data)
}

// Token returns the session token of a well-signed cookie, or "" when there is none. Of several cookies with the name, as a
// sibling domain can plant them, the first that is genuinely signed counts.
func (c *Cookies) Token(r *http.Request) sessionstore.Token {
	return sessionstore.Token(c.signed(r, c.sessionToken))
}

// DontRemember tells whether the session is to end with the browser.
func (c *Cookies) DontRemember(r *http.Request) bool { return c.signed(r, c.dontRemember) == "true" }

// SetSession sends the session's cookie and, as the bearer plugin does, its token as a header. remember false makes it end
// with the browser and says so in a second cookie, so that later renewals keep to it.
func (c *Cookies) SetSession(w http.ResponseWriter, r *http.Request, token sessionstore.Token, remember bool) {
	h := w.Header()
	c.drop(h, c.sessionToken, c.dontRemember)
	signed := string(token) + "." + c.keys.Sign(string(token))
	if remember {
		h.Add("Set-Cookie", c.sessionToken+"="+EscapeComponent(signed)+"; Max-Age="+strconv.Itoa(int(c.maxAge.Seconds()))+c.attributes)
		if c.DontRemember(r) {
			c.expire(h, c.dontRemember)
		}
	} else {
		h.Add("Set-Cookie", c.sessionToken+"="+EscapeComponent(signed)+c.attributes)
		h.Add("Set-Cookie", c.dontRemember+"="+EscapeComponent("true."+c.keys.Sign("true"))+c.attributes)
	}
	h.Set("Set-Auth-Token", signed)
	h.Set("Access-Control-Expose-Headers", "set-auth-token")
}

// ExpireSession takes the session's cookies from the browser.
func (c *Cookies) ExpireSession(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	c.drop(h, c.sessionToken, c.dontRemember)
	h.Del("Set-Auth-Token")
	h.Del("Access-Control-Expose-Headers")
	c.expire(h, c.sessionToken)
	for _, name := range append([]string{c.sessionData}, c.withSession...) {
		c.expire(h, name)
		c.setChunked(h, r, name, nil, "")
	}
	c.expire(h, c.dontRemember)
}

// setChunked sends a cookie whole or in several, and takes away what the browser has of it under other numbers. No parts at all: it
// takes away what there is.
func (c *Cookies) setChunked(h http.Header, r *http.Request, name string, parts []string, attributes string) {
	var names []string
	for i := range parts {
		names = append(names, chunkName(name, i))
	}
	if len(parts) == 1 {
		names[0] = name
	}
	for _, old := range slices.Concat(c.dropChunked(h, name), readChunked(r, name).names(name)) {
		if !slices.Contains(names, old) {
			c.drop(h, old)
			c.expire(h, old)
		}
	}
	for i, part := range parts {
		h.Add("Set-Cookie", names[i]+"="+part+attributes)
	}
}

// removeSessionData takes away a cookie cache that nobody here keeps.
func (c *Cookies) removeSessionData(w http.ResponseWriter, r *http.Request) {
	if sent := readChunked(r, c.sessionData); len(sent.values()) > 0 {
		c.setChunked(w.Header(), r, c.sessionData, nil, "")
	}
}

// dropChunked forgets what this answer was going to say in a cookie, and returns the names it was going to expire.
func (c *Cookies) dropChunked(h http.Header, name string) (expired []string) {
	for _, line := range h["Set-Cookie"] {
		sent, rest, _ := strings.Cut(line, "=")
		if suffix, ok := strings.CutPrefix(sent, name); ok && (suffix == "" || suffix[0] == '.') {
			c.drop(h, sent)
			if strings.HasPrefix(rest, ";") {
				expired = append(expired, sent)
			}
		}
	}
	return expired
}

func (c *Cookies) expire(h http.Header, name string) {
	h.Add("Set-Cookie", name+"=; Max-Age=0"+c.attributes)
}

// drop forgets what this answer was going to say about a cookie: it says one thing, the last one.
func (c *Cookies) drop(h http.Header, names ...string) {
	lines := h["Set-Cookie"]
	delete(h, "Set-Cookie")
	for _, line := range lines {
		if name, _, _ := strings.Cut(line, "="); !slices.Contains(names, name) {
			h.Add("Set-Cookie", line)
		}
	}
}

// trimOWS takes off what HTTP calls optional whitespace (RFC 9110 §5.6.3) and nothing else. Other blanks, such as U+00A0, are
// part of a cookie's name for the browser: were they dropped, a page without https could set a cookie that reads as __Secure-.
func trimOWS(s string) string { return strings.Trim(s, " \t") }

// signed returns the value of the first cookie of that name whose signature holds.
func (c *Cookies) signed(r *http.Request, name string) string {
	candidates := 0
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			key, raw, ok := strings.Cut(pair, "=")
			if !ok || trimOWS(key) != name {
				continue
			}
			if value := c.keys.open(unquote(trimOWS(raw))); value != "" {
				return value
			}
			if candidates++; candidates == maxCookieCandidates {
				return ""
			}
		}
	}
	return ""
}

// unquote takes off the quotes that RFC 6265 §4.1.1 allows around a value, as better-auth does, but only as a pair.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// open splits a signed value at its last dot and returns what was signed, or "" when no key made the signature.
// The value may be percent-encoded, as better-auth writes it, or bare.
func (k *Keys) open(signed string) string {
	if strings.Contains(signed, "%") {
		decoded, err := url.PathUnescape(signed)
		if err != nil {
			return ""
		}
		signed = decoded
	}
	dot := strings.LastIndexByte(signed, '.')
	if dot < 1 || !k.Verify(signed[:dot], signed[dot+1:]) {
		return ""
	}
	return signed[:dot]
}

// EscapeComponent is JavaScript's encodeURIComponent.
func EscapeComponent(s string) string {
	var out strings.Builder
	out.Grow(len(s) + 8)
	for i := range len(s) {
		b := s[i]
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', strings.IndexByte("-_.!~*'()", b) >= 0:
			out.WriteByte(b)
		default:
			writeEncoded(&out, b)
		}
	}
	return out.String()
}

// isCookieName tells whether s is made of the characters a cookie's name may have and that need no quoting anywhere.
func isCookieName(s string) bool {
	for i := range len(s) {
		b := s[i]
		if !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '.' || b == '_') {
			return false
		}
	}
	return s != ""
}
