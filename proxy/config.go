package proxy

import (
	"errors"
	"fmt"
)

// Config is all that the configuration says about proxied traffic. Its fields are root keys of the file.
type Config struct {
	Upstream    UpstreamConfig `key:"upstream"`
	Routes      []RouteConfig  `key:"routes" doc:"Rules for proxied requests, in order: the first that matches path, method and host decides. What no rule matches is decided by default_auth. 'postern explain' tells which rule decides a request and why, 'postern config test' checks a file of examples."`
	DefaultAuth string         `key:"default_auth" default:"required" doc:"What is asked of requests that no route matches: public, optional or required."`
	CSRF        CSRFConfig     `key:"csrf" doc:"Protection of the application against requests that other sites make in their visitors' names. The auth API has its own."`
	Identity    IdentityConfig `key:"identity"`
}

// IdentityConfig names the headers that tell the application who the user is.
type IdentityConfig struct {
	Headers map[string]string `key:"headers" doc:"Header name for each field: user_id, user_email, user_email_verified, user_name, user_roles, session_id, request_id. A field that is left out keeps its X-Postern-… name; an empty name sends no such header. The default names are removed from every request all the same."`
}

// Validate checks everything that can be known offline.
func (c Config) Validate() error {
	problems := []error{under("upstream", c.Upstream.Validate())}
	for i, route := range c.Routes {
		problems = append(problems, under(routeKey(i), route.Validate()))
	}
	if _, err := ParseAuth(c.DefaultAuth); err != nil {
		problems = append(problems, fmt.Errorf("default_auth: %w", err))
	}
	problems = append(problems, ValidateOrder(c.Routes), under("identity", c.Identity.Validate()))
	return errors.Join(problems...)
}

// Validate checks field and header names.
func (c IdentityConfig) Validate() error {
	_, err := newIdentityHeaders(c.Headers)
	return err
}

// under puts a key in front of each problem.
func under(key string, err error) error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s.%w", key, err)
	}
	var problems []error
	for _, problem := range joined.Unwrap() {
		problems = append(problems, under(key, problem))
	}
	return errors.Join(problems...)
}

func routeKey(i int) string { return fmt.Sprintf("routes[%d]", i) }
