package proxy

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// UpstreamConfig says where the application is and how long to wait for it.
type UpstreamConfig struct {
	URL                   string            `key:"url" doc:"The application behind Postern: http://host:port, https://host:port, h2c://host:port (HTTP/2 without TLS) or unix:/path. Required in serve, unless urls is given. A path is not allowed; routes[].rewrite changes paths." example:"http://127.0.0.1:8000"`
	URLs                  []string          `key:"urls" doc:"Several addresses of the same application, instead of url: they take turns. One that refuses connections, or fails three times in a row, gets no requests for unhealthy_for while another is well. A request without side effects (GET, HEAD, OPTIONS, PUT, DELETE) whose connection was refused goes to the next one; nothing else is ever sent twice." example:"http://10.0.0.5:8000,http://10.0.0.6:8000"`
	UnhealthyFor          time.Duration     `key:"unhealthy_for" default:"10s" doc:"How long an address that failed is left out, where there are several."`
	HostHeader            string            `key:"host_header" default:"client" doc:"The Host that the application sees: client, as the client sent it; upstream, the host of its address; or a name. X-Forwarded-Host is what the client used in any case."`
	TLS                   UpstreamTLSConfig `key:"tls" doc:"How https upstreams and Postern prove to each other who they are."`
	DialTimeout           time.Duration     `key:"dial_timeout" default:"5s" doc:"How long a connection to the application may take to open, and how long its TLS handshake."`
	ResponseHeaderTimeout time.Duration     `key:"response_header_timeout" default:"60s" doc:"How long the application may take from the end of a request to the headers of its answer. It does not bound the answer itself, so streams and WebSockets are not cut. Zero waits without limit."`
	IdleTimeout           time.Duration     `key:"idle_timeout" default:"4s" doc:"How long an unused connection to the application is kept. Stay below the application's own keep-alive (five seconds in uvicorn and Node), or a request may meet a connection that is just being closed."`
	MaxIdleConnections    int               `key:"max_idle_connections" default:"256" doc:"How many unused connections to the application are kept. Zero keeps as many as were opened."`
	MaxRequests           int               `key:"max_requests" default:"0" doc:"Most requests that one address of an application, routes' own included, may have at a time; another one is used, or 503 with Retry-After answered at once. A request counts from its beginning until its answer has been passed on, a WebSocket or event stream until it has opened. Zero means no limit."`
	BodyGrace             time.Duration     `key:"body_grace" default:"30s" doc:"How long Postern waits for a request body that arrives at less than 1 KiB a second, in total, before it answers 408. Time in which the application does not read does not count, nor does that of gRPC and, over HTTP/2, that after the application has begun to answer. Zero waits without limit."`
}

// Validate accepts that no address is given: whether one is needed depends on the command that runs.
func (c UpstreamConfig) Validate() error {
	var problems []error
	if _, err := parseEndpoints("url", c.URL, "urls", c.URLs); err != nil {
		problems = append(problems, err)
	}
	if _, err := parseHostHeader(c.HostHeader); err != nil {
		problems = append(problems, fmt.Errorf("host_header: %w", err))
	}
	if c.DialTimeout <= 0 {
		problems = append(problems, fmt.Errorf("dial_timeout: %s is not positive; use one such as 5s", c.DialTimeout))
	}
	for _, d := range []struct {
		key, zero string
		value     time.Duration
	}{
		{"response_header_timeout", "no limit", c.ResponseHeaderTimeout}, {"idle_timeout", "no limit", c.IdleTimeout},
		{"body_grace", "no limit", c.BodyGrace}, {"unhealthy_for", "leaving none out", c.UnhealthyFor},
	} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s: %s is negative; use 0 for %s", d.key, d.value, d.zero))
		}
	}
	if c.MaxRequests < 0 {
		problems = append(problems, fmt.Errorf("max_requests: %d is negative; use 0 for no limit", c.MaxRequests))
	}
	if c.MaxIdleConnections < 0 {
		problems = append(problems, fmt.Errorf("max_idle_connections: %d is negative; use 0 for no limit", c.MaxIdleConnections))
	}
	return errors.Join(append(problems, under("tls", c.TLS.Validate()))...)
}

// Addresses are all that are given, in either form.
func (c UpstreamConfig) Addresses() []string { return addresses(c.URL, c.URLs) }

func addresses(one string, several []string) []string {
	if one == "" {
		return several
	}
	return []string{one}
}

// parseEndpoints reads an address that is given by itself or as a list. None is no mistake here.
func parseEndpoints(oneKey, one, severalKey string, several []string) ([]endpoint, error) {
	if one != "" && len(several) > 0 {
		return nil, fmt.Errorf("%s: is given beside %s; keep one of them", oneKey, severalKey)
	}
	var endpoints []endpoint
	var problems []error
	for i, address := range addresses(one, several) {
		key := oneKey
		if one == "" {
			key = fmt.Sprintf("%s[%d]", severalKey, i)
		}
		parsed, err := parseEndpoint(address)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		case slices.Contains(endpoints, *parsed):
			problems = append(problems, fmt.Errorf("%s: %s is in the list already", key, address))
		default:
			endpoints = append(endpoints, *parsed)
		}
	}
	return endpoints, errors.Join(problems...)
}
