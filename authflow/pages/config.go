package pages

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Config says whether there are pages, and how they look. Its root key is `pages`.
type Config struct {
	Enabled bool   `key:"enabled" default:"false" doc:"Whether Postern has pages of its own for signing up and in, mailed links and the account, at /auth/ on the public listener. auth.sign_in_url is then /auth/sign-in unless set, and mailed links lead to pages unless the request that caused them names one."`
	Name    string `key:"name" doc:"What people know the application by, on the pages and in letters. Empty: the host of server.public_url." example:"Acme"`
	HomeURL string `key:"home_url" doc:"Where the name at the top of each page leads, and who has signed in without having been on the way to anywhere: a path or a URL. Empty: the account page." example:"/"`
	LogoURL string `key:"logo_url" doc:"Picture beside the name: a path or an https URL. Empty: the name's first letter." example:"/static/logo.svg"`

	AccentColor     string `key:"accent_color" default:"#2456c6" doc:"Colour of buttons and links on light pages, as #rrggbb. It must be readable on white."`
	DarkAccentColor string `key:"dark_accent_color" doc:"The same on dark pages. Empty: a lighter accent_color." example:"#8fb0ff"`

	Admin bool `key:"admin" default:"true" doc:"Whether users with the permission user: [list] get pages for administrators, at /auth/admin, where auth.admin.enabled is on."`

	Links LinksConfig `key:"links"`
}

// LinksConfig are the links at the foot of each page.
type LinksConfig struct {
	Terms   string `key:"terms" doc:"Terms of use: a path or a URL. The sign-up page names them, too." example:"/terms"`
	Privacy string `key:"privacy" doc:"Privacy policy, likewise." example:"/privacy"`
	Imprint string `key:"imprint" doc:"Who runs the service, where the law wants that said." example:"/imprint"`
	Help    string `key:"help" doc:"Where people find help: a path, a URL or mailto:." example:"mailto:help@example.com"`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if len(c.Name) > 100 || strings.ContainsAny(c.Name, "\r\n\t") {
		report("name: is not a short line of text")
	}
	for _, link := range []struct {
		key, address string
		mail         bool
	}{
		{"home_url", c.HomeURL, false}, {"logo_url", c.LogoURL, false}, {"links.terms", c.Links.Terms, false},
		{"links.privacy", c.Links.Privacy, false}, {"links.imprint", c.Links.Imprint, false}, {"links.help", c.Links.Help, true},
	} {
		if !isLink(link.address, link.mail) {
			report("%s: %q is neither a path like /welcome nor an http or https URL", link.key, link.address)
		}
	}
	if _, err := c.palette(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func isLink(address string, mail bool) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || strings.ContainsAny(address, " \t\r\n\\;,'\""): // some of them would end a directive of the policy
		return false
	case u.Scheme == "" && u.Host == "":
		return strings.HasPrefix(address, "/")
	case u.Scheme == "mailto":
		return mail && u.Opaque != ""
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
