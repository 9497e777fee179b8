package proxy

import (
	"errors"
	"fmt"
	"time"
)

// Config is all that the configuration says about proxied traffic. Its fields are root keys of the file.
type Config struct {
	Upstream    UpstreamConfig `key:"upstream"`
	Routes      []RouteConfig  `key:"routes" doc:"Rules for proxied requests, in order: the first that matches path, method and host decides. What no rule matches is decided by default_auth."`
	DefaultAuth string         `key:"default_auth" default:"required" doc:"What is asked of requests that no route matches: public, optional or required."`
	Identity    IdentityConfig `key:"identity"`
}

// UpstreamConfig says where the application is and how long to wait for it.
type UpstreamConfig struct {
	URL                   string        `key:"url" doc:"The application behind Postern: http://host:port, https://host:port, h2c://host:port (HTTP/2 without TLS) or unix:/path. Required in serve. A path is not allowed, since a request reaches the application under the path it was decided on." example:"http://127.0.0.1:8000"`
	DialTimeout           time.Duration `key:"dial_timeout" default:"5s" doc:"How long a connection to the application may take to open."`
	ResponseHeaderTimeout time.Duration `key:"response_header_timeout" default:"60s" doc:"How long the application may take from the end of a request to the headers of its answer. It does not bound the answer itself, so streams and WebSockets are not cut. Zero waits without limit."`
	IdleTimeout           time.Duration `key:"idle_timeout" default:"4s" doc:"How long an unused connection to the application is kept. Stay below the application's own keep-alive (five seconds in uvicorn and Node), or a request may meet a connection that is just being closed."`
	MaxIdleConnections    int           `key:"max_idle_connections" default:"256" doc:"How many unused connections to the application are kept. Zero keeps as many as were opened."`
	BodyGrace             time.Duration `key:"body_grace" default:"30s" doc:"How long Postern waits for a request body that arrives at less than 1 KiB a second over HTTP/1.1, in total, before it answers 408. Time in which the application does not read does not count. Zero waits without limit."`
}

// RouteConfig is one rule.
type RouteConfig struct {
	Path              string        `key:"path" doc:"/a is that path, /a/* is one more segment, /a/** is /a and all below it. A trailing slash in the request makes no difference."`
	Methods           []string      `key:"methods" doc:"Methods the route is for; GET includes HEAD. Empty means all."`
	Host              string        `key:"host" doc:"Host name the route is for, without port; case and a trailing dot make no difference. Empty means all."`
	Auth              string        `key:"auth" default:"required" doc:"public never looks for a session; optional passes the user on if there is one; required answers 401 or redirects when there is none."`
	Roles             []string      `key:"roles" doc:"Roles of which the user must have at least one; others get 403. Needs auth: required."`
	OnUnauthenticated string        `key:"on_unauthenticated" default:"auto" doc:"auto redirects a browser's navigation to the sign-in page and answers 401 to everything else; 401 never redirects; redirect redirects every GET and HEAD but those a script sends from another origin."`
	Upstream          string        `key:"upstream" doc:"Where requests of this route go, written as upstream.url. Empty means upstream.url."`
	Timeout           time.Duration `key:"timeout" doc:"Replaces upstream.response_header_timeout for this route. Zero means that one."`
	MaxBody           Size          `key:"max_body" doc:"Largest request body in bytes, or with a unit such as 10MiB; a larger one gets 413. Zero means no limit."`
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

// Validate accepts an empty URL: whether one is needed depends on the command that runs.
func (c UpstreamConfig) Validate() error {
	var problems []error
	if c.URL != "" {
		if _, err := parseEndpoint(c.URL); err != nil {
			problems = append(problems, fmt.Errorf("url: %w", err))
		}
	}
	if c.DialTimeout <= 0 {
		problems = append(problems, fmt.Errorf("dial_timeout: %s is not positive; use one such as 5s", c.DialTimeout))
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{
		{"response_header_timeout", c.ResponseHeaderTimeout}, {"idle_timeout", c.IdleTimeout}, {"body_grace", c.BodyGrace},
	} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s: %s is negative; use 0 for no limit", d.key, d.value))
		}
	}
	if c.MaxIdleConnections < 0 {
		problems = append(problems, fmt.Errorf("max_idle_connections: %d is negative; use 0 for no limit", c.MaxIdleConnections))
	}
	return errors.Join(problems...)
}

// Validate checks one route by itself; ValidateOrder checks it against its predecessors.
func (c RouteConfig) Validate() error {
	_, err := newRule(c)
	return err
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
