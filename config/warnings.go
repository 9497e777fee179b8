package config

import (
	"fmt"
	"net/url"
	"strings"
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

// unreached names routes for what the auth API answers itself.
func (ps *problems) unreached(c Config) {
	base := c.Auth.Core.BasePath
	if base == "" {
		return
	}
	for i, r := range c.Proxy.Routes {
		if r.Path == base || strings.HasPrefix(r.Path, base+"/") {
			ps.add(fmt.Sprintf("routes[%d].path", i), Origin{}, "%s is never reached: what is below auth.base_path (%s) is the auth API's; remove it", r.Path, base)
		}
	}
}
