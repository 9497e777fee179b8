package authflow

import (
	"errors"
	"fmt"
	"strings"
)

// CookieConfig shapes the session's cookies, as better-auth's advanced options do.
//
// Of those options two are not here: whether scripts may read the cookies, and the path they are sent to. No script gets a session,
// and the application needs it on every path.
type CookieConfig struct {
	Prefix      string            `key:"prefix" default:"better-auth" doc:"First part of every cookie name: <prefix>.session_token."`
	Domain      string            `key:"domain" doc:"Parent domain that shares the cookies. Empty: only the host of server.public_url gets them, which is safer." example:"example.com"`
	SameSite    string            `key:"same_site" default:"lax" doc:"lax, strict, or none. none is for a frontend on another site and needs https."`
	Secure      string            `key:"secure" default:"auto" doc:"auto, true or false. auto: true when server.public_url is https. Secure cookies are named __Secure-…, as better-auth does."`
	Partitioned bool              `key:"partitioned" default:"false" doc:"Keep the cookies apart for each site that embeds this one in a frame (CHIPS). Goes with same_site: none, and needs https."`
	Names       CookieNamesConfig `key:"names"`
}

// CookieNamesConfig is for servers that have renamed better-auth's cookies (advanced.cookies).
type CookieNamesConfig struct {
	SessionToken string `key:"session_token" doc:"Name of the session's cookie. Empty: <prefix>.session_token. On https __Secure- still goes before it." example:"sid"`
	SessionData  string `key:"session_data" doc:"Name of the cookie cache. Empty: <prefix>.session_data."`
	DontRemember string `key:"dont_remember" doc:"Name of the cookie that says that a session ends with the browser. Empty: <prefix>.dont_remember."`
}

func (c CookieConfig) validate() []error {
	var problems []error
	if !isCookieName(c.Prefix) {
		problems = append(problems, fmt.Errorf("cookie.prefix: %q cannot be part of a cookie name; use letters, digits, '-' and '.'", c.Prefix))
	}
	problems = append(problems, c.checkNames()...)
	switch c.SameSite {
	case "lax", "strict", "none":
	default:
		problems = append(problems, fmt.Errorf("cookie.same_site: %q is not lax, strict or none", c.SameSite))
	}
	switch c.Secure {
	case "auto", "true", "false":
	default:
		problems = append(problems, fmt.Errorf("cookie.secure: %q is not auto, true or false", c.Secure))
	}
	if c.SameSite == "none" && c.Secure == "false" {
		problems = append(problems, errors.New("cookie.same_site: none needs secure cookies; browsers drop it otherwise"))
	}
	if c.Partitioned && c.Secure == "false" {
		problems = append(problems, errors.New("cookie.partitioned: needs secure cookies; browsers drop it otherwise"))
	}
	if d := strings.TrimPrefix(c.Domain, "."); c.Domain != "" && (!isHost(d) || strings.Contains(d, ":")) {
		problems = append(problems, fmt.Errorf("cookie.domain: %q is not a domain name", c.Domain))
	}
	return problems
}

func (c CookieConfig) checkNames() []error {
	var problems []error
	taken := map[string]bool{}
	for _, cookie := range []struct{ key, name string }{
		{"session_token", c.Names.SessionToken}, {"session_data", c.Names.SessionData}, {"dont_remember", c.Names.DontRemember},
	} {
		name := cookie.name
		if name == "" {
			name = c.Prefix + "." + cookie.key
		} else if !isCookieName(name) {
			problems = append(problems, fmt.Errorf("cookie.names.%s: %q cannot be a cookie name; use letters, digits, '-', '_' and '.'", cookie.key, name))
		}
		if taken[name] {
			problems = append(problems, fmt.Errorf("cookie.names: two cookies are named %q", name))
		}
		taken[name] = true
	}
	return problems
}
