package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/posternhq/postern/proxy"
)

// CORS says which other sites' scripts may read answers. Credentials are always allowed to them: that is what
// an auth proxy is called with.
type CORS struct {
	AllowedOrigins []string `key:"allowed_origins" example:"https://www.example.com" doc:"Origins whose scripts may call with cookies and read the answers. '*' inside a host name stands for any run of characters. Empty: auth.trusted_origins."`
	HandledBy      string   `key:"handled_by" default:"postern" doc:"Who speaks CORS for the application: postern answers preflights of allowed origins and marks its answers, unless it marks them itself; application gets preflights, though nobody is signed in with them, and its answers are left as they are. Answers of Postern's own are marked in any case. A route may say otherwise (routes[].cors)."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c CORS) Validate() error {
	var found []error
	for i, origin := range c.AllowedOrigins {
		if err := checkOriginPattern(origin); err != nil {
			found = append(found, fmt.Errorf("allowed_origins[%d]: %w", i, err))
		}
	}
	if _, err := proxy.ParseHandledBy(c.HandledBy); err != nil {
		found = append(found, fmt.Errorf("handled_by: %w", err))
	}
	return errors.Join(found...)
}

// checkOriginPattern accepts an origin whose host may hold wildcards.
func checkOriginPattern(pattern string) error {
	if matchesEverySite(pattern) {
		return fmt.Errorf("%q allows every site, and credentials are allowed too, so any page could act as its visitor; name the origins", pattern)
	}
	if strings.EqualFold(pattern, "null") {
		return errors.New("null is sent by sandboxed and local pages of anybody; name the origins")
	}
	// A digit is fit to stand for a wildcard in a name as well as in a port.
	if err := checkBareOrigin(strings.NewReplacer("*", "1", "?", "1").Replace(pattern)); err != nil {
		return fmt.Errorf("%q is not an origin; write scheme and host without a path, as in https://app.example.com", pattern)
	}
	return nil
}

// matchesEverySite recognises patterns without a fixed domain: *, https://*, *://*, https://*.*, https://*.com. A range of
// addresses that only a network of one's own has, such as 192.168.*.*, and a scheme that no site has, such as exp://*, are fixed
// enough.
func matchesEverySite(pattern string) bool {
	scheme, host, ok := strings.Cut(pattern, "://")
	if !ok {
		scheme, host = "", pattern
	}
	host, _, _ = strings.Cut(host, ":")
	labels := strings.Split(host, ".")
	if !strings.ContainsAny(host, "*?") || labels[len(labels)-1] == "localhost" || isPrivateRange(host) {
		return false
	}
	if scheme != "" && !strings.ContainsAny(scheme, "*?") && scheme != "http" && scheme != "https" {
		return false
	}
	// Two whole labels at the end are the least that belongs to somebody.
	return len(labels) < 2 || strings.ContainsAny(strings.Join(labels[len(labels)-2:], "."), "*?")
}

// isPrivateRange recognises patterns that only addresses of RFC 1918 and of the loopback network match.
func isPrivateRange(host string) bool {
	if strings.Trim(host, "0123456789.*?") != "" {
		return false
	}
	// Wildcards cross dots, so that what is before the first one has to be a network already.
	fixed := host[:strings.IndexAny(host, "*?")]
	for _, network := range []string{"10.", "127.", "192.168."} {
		if strings.HasPrefix(fixed, network) {
			return true
		}
	}
	for second := 16; second < 32; second++ {
		if strings.HasPrefix(fixed, fmt.Sprintf("172.%d.", second)) {
			return true
		}
	}
	return false
}
