package config

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/posternhq/postern/authflow/pages"
)

// Warnings lists settings that are valid and may be meant, yet weaken a production server. Start-up logs each.
func (c Config) Warnings(m Mode) []Problem {
	if m != Serve {
		return nil
	}
	var ps problems
	if c.Mail.Transport == "log" {
		ps.add("mail.transport", Origin{}, "log writes every letter, with its link, to the log and sends none; use resend or smtp")
	}
	if u, err := url.Parse(c.Server.PublicURL); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		ps.add("server.public_url", Origin{}, "is http, so passwords and cookies cross the network in clear; use https")
	}
	if c.Egress.AllowPrivateAddresses {
		ps.add("egress.allow_private_addresses", Origin{}, "lets identity providers lead calls to addresses of your own network, and over http; use it only for a provider that is there")
	}
	if c.Proxy.DefaultAuth == "public" {
		ps.add("default_auth", Origin{}, "public lets every request through that no route matches; use required, and public routes")
	}
	for _, err := range c.Proxy.Warnings() {
		ps.addPackage(err, "")
	}
	ps.unreached(c)
	return ps
}

// unreached names routes for what the auth API or the pages answer.
func (ps *problems) unreached(c Config) {
	base := c.Auth.Core.BasePath
	for i, r := range c.Proxy.Routes {
		switch key := fmt.Sprintf("routes[%d].path", i); {
		case base != "" && (r.Path == base || strings.HasPrefix(r.Path, base+"/")):
			ps.add(key, Origin{}, "%s is never reached: what is below auth.base_path (%s) is the auth API's; remove it", r.Path, base)
		case c.Pages.Enabled && (r.Path == pages.Path || strings.HasPrefix(r.Path, pages.Path+"/")):
			ps.add(key, Origin{}, "%s is never reached: what is below %s is Postern's own pages; remove it, or set pages.enabled to false", r.Path, pages.Path)
		}
	}
}
