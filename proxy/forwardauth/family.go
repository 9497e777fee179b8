package forwardauth

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// original is what the client asked the front end for.
type original struct {
	method, target, proto, host string
}

// FrontEnd is a kind of front end, for people.
type FrontEnd struct {
	Name  string
	Path  string // below Path; ":target" stands for what was asked for
	Tells string // where it tells of that
}

// FrontEnds lists all kinds.
func FrontEnds() []FrontEnd {
	var all []FrontEnd
	for _, f := range families() {
		path := "/" + f.name
		switch {
		case f.name == "":
			path = ""
		case f.tells == inPath:
			path += "/:target"
		}
		all = append(all, FrontEnd{Name: f.title, Path: path, Tells: f.tells})
	}
	return all
}

// Where front ends tell of a request.
const (
	inForwarded = "X-Forwarded-Method, X-Forwarded-Uri, X-Forwarded-Host and X-Forwarded-Proto"
	inOriginal  = "X-Original-Method, X-Original-URI, X-Forwarded-Host and X-Forwarded-Proto"
	inPath      = "its own method, the path from here on, Host and X-Forwarded-Proto"
)

// family is a kind of front end.
type family struct {
	name  string // of its path
	title string
	tells string
	read  func(r *http.Request, rest string) (original, *Problem)
	// carries translates the status of an answer for the client into one that the front end can take.
	carries func(status int) int
	// tellsRemovals says that names of headers to remove can be told, in the header that is named.
	tellsRemovals string
}

// word is the family's name in log lines.
func (f *family) word() string {
	if f.name == "" {
		return "generic"
	}
	return f.name
}

// families lists the front ends by their path below /forward; the first one is for those that speak the protocol of most.
func families() []*family {
	return []*family{
		{name: "", title: "front ends that speak the protocol of most", tells: inForwarded, read: fromHeaders("X-Forwarded-Method", "X-Forwarded-Uri"), carries: asIs},
		{name: "traefik", title: "Traefik", tells: inForwarded, read: fromHeaders("X-Forwarded-Method", "X-Forwarded-Uri"), carries: asIs},
		{name: "caddy", title: "Caddy", tells: inForwarded, read: fromHeaders("X-Forwarded-Method", "X-Forwarded-Uri"), carries: asIs},
		{name: "haproxy", title: "HAProxy", tells: inForwarded, read: fromHeaders("X-Forwarded-Method", "X-Forwarded-Uri"), carries: asIs},
		{name: "nginx", title: "nginx (auth_request)", tells: inOriginal, read: fromHeaders("X-Original-Method", "X-Original-Uri"), carries: forNginx},
		{name: "envoy", title: "Envoy (ext_authz over HTTP)", tells: inPath, read: fromPath, carries: asIs, tellsRemovals: "X-Envoy-Auth-Headers-To-Remove"},
	}
}

// asIs is for front ends that hand on any answer.
func asIs(status int) int { return status }

// forNginx: auth_request takes 2xx, 401 and 403, and makes 500 of the rest. A redirect becomes 401 with a Location that the
// configuration may use, a refusal of the request itself 403. What is wrong at our side may well end as 500.
// https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
func forNginx(status int) int {
	switch {
	case status >= 300 && status < 400:
		return http.StatusUnauthorized
	case status >= 400 && status < 500 && status != http.StatusUnauthorized:
		return http.StatusForbidden
	}
	return status
}

// fromHeaders reads what front ends say in headers of the question. They replace what the client sent under these names; a
// second line means that one of them is the client's, so that neither counts.
func fromHeaders(method, uri string) func(*http.Request, string) (original, *Problem) {
	return func(r *http.Request, rest string) (o original, no *Problem) {
		if rest != "" {
			return o, noFrontEnd
		}
		for _, from := range []struct {
			name  string
			value *string
		}{{method, &o.method}, {uri, &o.target}, {"X-Forwarded-Proto", &o.proto}, {"X-Forwarded-Host", &o.host}} {
			lines := r.Header[from.name]
			if len(lines) != 1 || lines[0] == "" {
				return o, headerProblem(from.name, len(lines))
			}
			*from.value = lines[0]
		}
		return o, o.check()
	}
}

// fromPath reads what Envoy's ext_authz asks over HTTP: the request itself, without its body, below a path prefix.
func fromPath(r *http.Request, rest string) (original, *Problem) {
	o := original{method: r.Method, target: rest, host: r.Host}
	lines := r.Header["X-Forwarded-Proto"]
	if len(lines) != 1 {
		return o, headerProblem("X-Forwarded-Proto", len(lines))
	}
	o.proto = lines[0]
	if !strings.HasPrefix(rest, "/") {
		return o, noFrontEnd
	}
	return o, o.check()
}

// check accepts a scheme and a host. Method and target are checked where those of all requests are.
func (o *original) check() *Problem {
	switch o.proto {
	case "http", "https":
	case "ws": // Traefik's words for upgrades
		o.proto = "http"
	case "wss":
		o.proto = "https"
	default:
		return headerProblem("X-Forwarded-Proto", 1)
	}
	if _, ok := clientaddr.ParseHost(o.host); !ok {
		return headerProblem("X-Forwarded-Host", 1)
	}
	return nil
}

// request is what the client sent, as far as the question tells: its headers came with the question.
func (o *original) request(r *http.Request) *http.Request {
	asked := *r.WithContext(r.Context())
	path, _, _ := strings.Cut(o.target, "?")
	asked.Method, asked.RequestURI, asked.URL, asked.Host = o.method, o.target, &url.URL{Path: path}, o.host
	asked.Body, asked.ContentLength, asked.TransferEncoding = http.NoBody, 0, nil // what the question has of a body is nobody's
	return &asked
}
