package proxy

import (
	"errors"
	"fmt"

	"github.com/posternhq/postern/proxy/assertion"
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
	Headers   map[string]string `key:"headers" doc:"Header name for each field: user_id, user_email, user_email_verified, user_name, user_roles, session_id, request_id. A field that is left out keeps its X-Postern-… name; an empty name sends no such header. The default names are removed from every request all the same."`
	Presets   []string          `key:"presets" example:"authelia" doc:"Names of other proxies whose headers are sent besides: oauth2-proxy (X-Forwarded-User, -Email, -Preferred-Username, -Groups) and authelia (Remote-User, -Name, -Email, -Groups). The name of the user is the id there; a template of the same header says otherwise."`
	Templates map[string]string `key:"templates" example:"{X-Mail-From: \"{user.name} <{user.email}>\"}" doc:"More headers by name, with text and placeholders: {user.id}, {user.email}, {user.email_verified}, {user.name}, {user.roles}, {user.image}, {user.created_at}, {user.fields.NAME}, {session.id}, {session.created_at}, {session.expires_at}, {session.fields.NAME}, {request.id}; {{ and }} stand for braces. Where one of them has no value, the header is not sent. A name, and a field with input: true, is what the user says it is."`
	Assertion assertion.Config  `key:"assertion" doc:"A signed statement of who is asking for what, for applications that check it; see docs/proxy.md."`
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
	problems = append(problems, ValidateOrder(c.Routes), under("identity", c.Identity.Validate()), checkProviderTokens(c.Routes, c.Identity))
	return errors.Join(problems...)
}

// Validate checks names of fields and headers, and templates.
func (c IdentityConfig) Validate() error {
	_, err := newIdentityHeaders(c)
	return errors.Join(err, under("assertion", c.Assertion.Validate()))
}

// AdditionalFields are the fields of users and sessions that templates name, each with the key that does.
func (c IdentityConfig) AdditionalFields() (user, session map[string]string) {
	user, session = map[string]string{}, map[string]string{}
	for header, text := range c.Templates {
		t, err := parseTemplate(text)
		if err != nil {
			continue
		}
		for _, field := range t.userFields {
			user[field] = "templates." + header
		}
		for _, field := range t.sessionFields {
			session[field] = "templates." + header
		}
	}
	return user, session
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
