package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// Mode is the command a configuration is for.
type Mode string

const (
	// Any asks for nothing in particular, as commands do that only need the database.
	Any Mode = ""
	// Serve is the production server.
	Serve Mode = "serve"
	// Dev brings everything itself.
	Dev Mode = "dev"
)

// DevProvider is the name, in routes and rows, of the identity provider that comes with Dev.
const DevProvider = "dev"

// required lists what a mode cannot do without, with the remedy.
func required(m Mode) map[string]string {
	if m != Serve {
		return nil
	}
	return map[string]string{
		"server.public_url": "set the origin that users see, as in https://app.example.com",
		"upstream.url":      "set the address of the application behind Postern, as in http://127.0.0.1:8000",
		"auth.secret":       "set at least 32 random characters; 'postern secret' makes one",
	}
}

// Validate reports all problems at once, as an *Error; nil when there are none.
func (c Config) Validate(m Mode) error {
	ps := problems(c.problems(m))
	return ps.err()
}

// problems are those of each package about its own settings, then those that only the whole shows.
func (c Config) problems(m Mode) []Problem {
	root := reflect.ValueOf(c)
	var ps problems
	ps.missing(root, c.required(m))
	ps.own(root, "")
	ps.placeholders(root, describe(root.Type()), "")
	ps.additionalFields(c)
	ps.cookies(c)
	ps.origins(c)
	ps.circles(c)
	ps.probes(c)
	ps.templates(c)
	ps.audiences(c)
	ps.providerTokens(c, m)
	ps.frontEnds(c)
	ps.riddles(c)
	return ps
}

// required is what this configuration in particular cannot do without.
func (c Config) required(m Mode) map[string]string {
	needed := required(m)
	if len(c.Proxy.Upstream.URLs) > 0 || c.ForwardAuth.Enabled {
		delete(needed, "upstream.url")
	}
	return needed
}

func (ps *problems) missing(root reflect.Value, required map[string]string) {
	all := leaves(describe(root.Type()))
	for _, key := range slices.Sorted(maps.Keys(required)) {
		for _, f := range all {
			if f.key == key && root.FieldByIndex(f.index).IsZero() {
				ps.add(key, Origin{}, "required by 'postern serve'; %s (or %s)", required[key], variable(key))
			}
		}
	}
}

// own asks every struct that can to validate itself. It does not look inside one that could: such a struct answers
// for what it holds.
func (ps *problems) own(v reflect.Value, key string) {
	if checked, ok := v.Interface().(interface{ Validate() error }); ok {
		if err := checked.Validate(); err != nil {
			ps.addPackage(err, key)
		}
		return
	}
	for i := range v.NumField() {
		tag, ok := v.Type().Field(i).Tag.Lookup("key")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		below := strings.TrimSuffix(join(key, name), ".")
		switch kindOf(v.Field(i).Type()) {
		case kindSection:
			ps.own(v.Field(i), below)
		case kindSections:
			for j := range v.Field(i).Len() {
				ps.own(v.Field(i).Index(j), fmt.Sprintf("%s[%d]", below, j))
			}
		case kindNamed:
			if _, ok := v.Field(i).Interface().(interface{ Validate() error }); ok {
				ps.own(v.Field(i), below)
				continue
			}
			for _, name := range v.Field(i).MapKeys() {
				ps.own(v.Field(i).MapIndex(name), join(below, name.String()))
			}
		}
	}
}

// keyAtStart is how a package begins a problem: the key relative to its own struct.
var keyAtStart = regexp.MustCompile(`^([a-z][a-z0-9_-]*(?:\[[0-9]+\])?(?:\.[A-Za-z0-9_-]+(?:\[[0-9]+\])?)*): `)

func (ps *problems) addPackage(err error, section string) {
	for _, e := range flatten(err) {
		message, key := e.Error(), section
		if m := keyAtStart.FindStringSubmatch(message); m != nil {
			key, message = join(section, m[1]), message[len(m[0]):]
		}
		ps.add(key, Origin{}, "%s", message)
	}
}

// placeholders refuses secrets that were copied from an example. Everybody has those.
func (ps *problems) placeholders(root reflect.Value, fields []*field, prefix string) {
	for _, f := range leaves(fields) {
		v := root.FieldByIndex(f.index)
		if f.kind == kindNamed {
			for _, name := range v.MapKeys() {
				ps.placeholders(v.MapIndex(name), f.children, join(prefix+f.key, name.String())+".")
			}
			continue
		}
		if f.secret && f.kind == kindText && v.Kind() == reflect.String && !isURLKey(f.key) && isPlaceholder(v.String()) {
			ps.add(prefix+f.key, Origin{}, "looks like a placeholder from an example, which anybody can guess; use a random value of your own")
		}
	}
}

var placeholder = regexp.MustCompile(`change(me|this|it)|replace(me|this|with)|(your|my|super|example|betterauth)secret|placeholder|insecure|password|xxxxx|12345678`)

// isPlaceholder recognises words that stand in examples, and values with too few different characters to be random.
func isPlaceholder(secret string) bool {
	if secret == "" {
		return false
	}
	different := map[rune]bool{}
	for _, r := range secret {
		different[r] = true
	}
	plain := strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(strings.ToLower(secret))
	return placeholder.MatchString(plain) || (len(secret) >= 16 && len(different) < 6)
}

// additionalFields compares the fields that the auth API adds with the names the database has.
func (ps *problems) additionalFields(c Config) {
	c.share()
	for section, model := range map[string]string{"auth.user.additional_fields": "user", "auth.session.additional_fields": "session"} {
		for _, e := range flatten(c.Database.ValidateFields(model)) {
			field, message, _ := strings.Cut(e.Error(), ": ")
			ps.add(join(section, field), Origin{}, "%s", message)
		}
	}
	ofUser, ofSession := c.Auth.Admin.Clashes(c.Auth.User.AdditionalFields, c.Auth.Core.Session.AdditionalFields)
	for _, name := range ofUser {
		ps.add(join("auth.user.additional_fields", name), Origin{}, "comes with auth.admin.enabled; remove it here")
	}
	for _, name := range ofSession {
		ps.add(join("auth.session.additional_fields", name), Origin{}, "comes with auth.admin.enabled; remove it here")
	}
}

// cookies compares the cookie settings with the origin they are for: browsers drop cookies silently.
func (ps *problems) cookies(c Config) {
	origin, err := url.Parse(c.Server.PublicURL)
	if err != nil || origin.Hostname() == "" {
		return
	}
	cookie := c.Auth.Core.Cookie
	host := origin.Hostname()
	if cookie.SameSite == "none" && origin.Scheme != "https" {
		ps.add("auth.cookie.same_site", Origin{}, "none needs https, since browsers drop such cookies otherwise, and server.public_url is %s; use https there, or lax", c.Server.PublicURL)
	}
	if cookie.Partitioned && origin.Scheme != "https" {
		ps.add("auth.cookie.partitioned", Origin{}, "needs https, since browsers drop such cookies otherwise, and server.public_url is %s; use https there, or false", c.Server.PublicURL)
	}
	if cookie.Secure == "true" && origin.Scheme != "https" && !isLoopback(host) {
		ps.add("auth.cookie.secure", Origin{}, "browsers do not send secure cookies to %s; use https in server.public_url, or auto", c.Server.PublicURL)
	}
	domain := strings.ToLower(strings.TrimPrefix(cookie.Domain, "."))
	if domain == "" {
		return
	}
	_, notIP := netip.ParseAddr(host)
	switch {
	case notIP == nil:
		ps.add("auth.cookie.domain", Origin{}, "server.public_url names the address %s, and addresses share no cookies; leave it empty", host)
	case host != domain && !strings.HasSuffix(strings.ToLower(host), "."+domain):
		ps.add("auth.cookie.domain", Origin{}, "%s is not the host of server.public_url (%s) or a parent of it, so browsers would drop every cookie; use a parent domain, or leave it empty", domain, host)
	case !strings.Contains(domain, ".") && domain != host:
		ps.add("auth.cookie.domain", Origin{}, "%s is a top-level domain, for which browsers accept no cookies; use a parent domain of your own, or leave it empty", domain)
	}
}

// origins guards the fall-back from CORS to the trusted origins.
func (ps *problems) origins(c Config) {
	for i, origin := range c.Auth.Core.TrustedOrigins {
		if matchesEverySite(origin) {
			ps.add(fmt.Sprintf("auth.trusted_origins[%d]", i), Origin{}, "%q trusts every site, so any page could act as its visitor; name the origins", origin)
		}
	}
}

// audiences keeps apart what the application is told of a request and what services are told of a user: neither must do for
// the other (RFC 8725 §3.9).
func (ps *problems) audiences(c Config) {
	said := c.Proxy.Identity.Assertion
	if !said.Enabled || !c.Auth.JWT.Enabled {
		return
	}
	audiences := c.Auth.JWT.Audience
	if len(audiences) == 0 {
		audiences = []string{c.Server.PublicURL}
	}
	if said.Audience != "" && slices.Contains(audiences, said.Audience) {
		ps.add("identity.assertion.audience", Origin{}, "%s is the audience of auth.jwt, too, and one must not pass for the other; use another name", said.Audience)
	}
}

// providerTokens finds routes that want the tokens of a provider which is not there.
func (ps *problems) providerTokens(c Config, m Mode) {
	for i, route := range c.Proxy.Routes {
		for _, provider := range slices.Sorted(maps.Keys(route.ProviderTokens)) {
			if _, ok := c.Auth.Social[provider]; !ok && (m != Dev || provider != DevProvider) {
				ps.add(fmt.Sprintf("routes[%d].provider_tokens.%s", i, provider), Origin{}, "%s is no provider below auth.social; add it there, or take it away here", provider)
			}
		}
	}
}

// templates finds fields that nobody has described, in headers for the application.
func (ps *problems) templates(c Config) {
	c.share()
	user, session := c.Proxy.Identity.AdditionalFields()
	for _, of := range []struct {
		named      map[string]string
		described  sessionstore.FieldConfigs
		key, where string
	}{
		{user, c.Database.UserFields, "user", "auth.user.additional_fields"},
		{session, c.Database.SessionFields, "session", "auth.session.additional_fields"},
	} {
		for _, field := range slices.Sorted(maps.Keys(of.named)) {
			if _, known := of.described[field]; !known {
				ps.add("identity."+of.named[field], Origin{}, "{%s.fields.%s} is no field of a %s; describe it under %s", of.key, field, of.key, of.where)
			}
		}
	}
}

// circles refuses an upstream that is Postern itself.
func (ps *problems) circles(c Config) {
	upstream := func(key, address string) {
		u, err := url.Parse(address)
		if err != nil || !isLoopback(u.Hostname()) {
			return
		}
		_, port, err := net.SplitHostPort(c.Server.Listen)
		if err == nil && port != "0" && port == portOf(u) {
			ps.add(key, Origin{}, "%s is Postern's own listener (server.listen is %s), and requests would go round in a circle; use the application's address", address, c.Server.Listen)
		}
	}
	several := func(key string, addresses []string) {
		for i, address := range addresses {
			upstream(fmt.Sprintf("%s[%d]", key, i), address)
		}
	}
	upstream("upstream.url", c.Proxy.Upstream.URL)
	several("upstream.urls", c.Proxy.Upstream.URLs)
	for i, r := range c.Proxy.Routes {
		upstream(fmt.Sprintf("routes[%d].upstream", i), r.Upstream)
		several(fmt.Sprintf("routes[%d].upstreams", i), r.Upstreams)
	}
}

// probes refuses what the admin listener could not pass on.
func (ps *problems) probes(c Config) {
	addresses := c.Proxy.Upstream.Addresses()
	if len(c.Server.ProbePaths) == 0 || len(addresses) == 0 {
		return
	}
	if scheme, _, _ := strings.Cut(addresses[0], ":"); scheme != "http" && scheme != "unix" {
		ps.add("server.probe_paths", Origin{}, "are passed on to applications at http:// or unix: alone, and upstream is %s; leave them out, and let probes ask the application itself", addresses[0])
	}
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && ip.IsLoopback())
}

// riddles: the pages that come with Postern show no widget of somebody else's, so their forms could not be sent.
func (ps *problems) riddles(c Config) {
	if c.Auth.Captcha.Enabled() && c.Pages.Enabled && len(c.Auth.Captcha.Endpoints) > 0 {
		ps.add("auth.captcha.provider", Origin{}, "the pages that come with Postern show no captcha, so nobody could send their forms; use pages of your own (pages.enabled: false), or leave auth.captcha.provider empty")
	}
}
