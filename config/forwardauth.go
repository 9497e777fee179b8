package config

import (
	"errors"
	"fmt"
)

// ForwardAuth lets front ends ask before they forward.
type ForwardAuth struct {
	Enabled    bool   `key:"enabled" default:"false" doc:"Whether front ends may ask, below /forward of auth.base_path, if a request may pass: nginx, Traefik, Caddy, HAProxy, Envoy. Needs server.trusted_proxies, and makes upstream.url optional. See docs/forward-auth.md."`
	Listen     string `key:"listen" example:"127.0.0.1:9091" doc:"Address of a listener for their questions alone, written as server.listen. They are not answered on the public one then, which is safer: nobody can ask through a front end that passes all of auth.base_path on. Empty: the public one."`
	GRPCListen string `key:"grpc_listen" example:"127.0.0.1:9092" doc:"Address of a listener for Envoy's ext_authz over gRPC, written as server.listen. Empty: none."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (f ForwardAuth) Validate() error {
	var found []error
	for _, at := range []struct{ key, address string }{{"listen", f.Listen}, {"grpc_listen", f.GRPCListen}} {
		if at.address == "" {
			continue
		}
		if err := checkListen(at.address); err != nil {
			found = append(found, fmt.Errorf("%s: %w", at.key, err))
		}
		if !f.Enabled {
			found = append(found, fmt.Errorf("%s: has no effect, since forward_auth.enabled is false; set that to true, or leave this empty", at.key))
		}
	}
	return errors.Join(found...)
}

// frontEnds checks what forward-auth needs besides, and that no two listeners meet.
func (ps *problems) frontEnds(c Config) {
	if c.ForwardAuth.Enabled && len(c.Server.TrustedProxies) == 0 {
		ps.add("forward_auth.enabled", Origin{}, "needs server.trusted_proxies, since whoever asks says what was asked for; name the addresses of the front ends there, as in 127.0.0.1 or 10.0.0.0/8")
	}
	listeners := []struct{ key, address string }{
		{"server.listen", c.Server.Listen}, {"server.admin_listen", c.Server.AdminListen},
		{"forward_auth.listen", c.ForwardAuth.Listen}, {"forward_auth.grpc_listen", c.ForwardAuth.GRPCListen},
	}
	for i, this := range listeners[2:] {
		for _, other := range listeners[:i+2] {
			if this.address != "" && other.address != "" && sameListener(this.address, other.address) {
				ps.add(this.key, Origin{}, "%s is the address of %s (%s), too; choose another port", this.address, other.key, other.address)
			}
		}
	}
}
