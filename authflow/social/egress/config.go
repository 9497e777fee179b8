package egress

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says how providers are called. Its root key is `egress`.
type Config struct {
	AllowPrivateAddresses bool          `key:"allow_private_addresses" default:"false" doc:"Whether calls to identity providers (discovery, keys, tokens, profiles) may go to loopback, private and link-local addresses, and over http. For a provider inside your own network."`
	Timeout               time.Duration `key:"timeout" default:"10s" doc:"How long one call to an identity provider may take, connecting and reading included, from 1s to 1m."`
	ProxyURL              string        `key:"proxy_url" secret:"true" example:"http://proxy.internal:3128" doc:"HTTP proxy that calls to identity providers go through. It then decides which addresses may be reached. Empty: none; HTTPS_PROXY is not read."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	if c.Timeout < time.Second || c.Timeout > time.Minute {
		problems = append(problems, fmt.Errorf("timeout: %v is not between 1s and 1m", c.Timeout))
	}
	if c.ProxyURL != "" {
		if u, err := url.Parse(c.ProxyURL); err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
			problems = append(problems, errors.New("proxy_url: is not an http or https URL; write it as http://proxy.internal:3128"))
		}
	}
	return errors.Join(problems...)
}
