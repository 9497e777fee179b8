package frontends

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// traefik plays Traefik's part after its documentation, configured by the example: routers by PathPrefix, and the ForwardAuth
// middleware (https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/).
type traefik struct {
	routers []traefikRouter // the longest prefix first
	asker   http.Client
	auth    struct {
		Address                  string
		TrustForwardHeader       *bool    `yaml:"trustForwardHeader"`
		AuthResponseHeadersRegex string   `yaml:"authResponseHeadersRegex"`
		AddAuthCookies           []string `yaml:"addAuthCookiesToResponse"`
		MaxResponseBodySize      int64    `yaml:"maxResponseBodySize"`
	}
	copied *regexp.Regexp
}

type traefikRouter struct {
	prefix string
	asks   bool
	to     *httputil.ReverseProxy
}

var pathPrefix = regexp.MustCompile("^PathPrefix\\(`(/[^`]*)`\\)$")

func newTraefik(t *testing.T, dir string) *traefik {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "dynamic.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p := &traefik{asker: http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	var file struct {
		HTTP struct {
			Routers map[string]struct {
				Rule, Service string
				Middlewares   []string
			}
			Middlewares map[string]struct {
				ForwardAuth yaml.Node `yaml:"forwardAuth"`
			}
			Services map[string]struct {
				LoadBalancer struct{ Servers []struct{ URL string } } `yaml:"loadBalancer"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	node := file.HTTP.Middlewares["postern"].ForwardAuth
	if err := node.Decode(&p.auth); err != nil {
		t.Fatal(err)
	}
	p.copied = regexp.MustCompile(p.auth.AuthResponseHeadersRegex)
	for _, r := range file.HTTP.Routers {
		to, err := url.Parse(file.HTTP.Services[r.Service].LoadBalancer.Servers[0].URL)
		if err != nil {
			t.Fatal(err)
		}
		p.routers = append(p.routers, traefikRouter{pathPrefix.FindStringSubmatch(r.Rule)[1], slices.Contains(r.Middlewares, "postern"), &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(to)
			pr.Out.Host, pr.Out.URL.RawQuery = pr.In.Host, pr.In.URL.RawQuery
			pr.SetXForwarded()
		}}})
	}
	slices.SortFunc(p.routers, func(a, b traefikRouter) int { return len(b.prefix) - len(a.prefix) })
	return p
}

func (p *traefik) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	removeListed(r.Header)
	for _, router := range p.routers {
		if !strings.HasPrefix(r.URL.Path, router.prefix) {
			continue
		}
		if !router.asks {
			router.to.ServeHTTP(w, r)
		} else if cookies, passes := p.ask(w, r); passes {
			router.to.ServeHTTP(&withCookies{w, cookies}, r)
		}
		return
	}
	http.NotFound(w, r)
}

// removeListed removes at the entry point what a client names in Connection, but for an upgrade.
func removeListed(h http.Header) {
	upgrades := strings.Contains(strings.ToLower(h.Get("Connection")), "upgrade")
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); !strings.EqualFold(name, "upgrade") {
				h.Del(name)
			}
		}
	}
	h.Del("Connection")
	if upgrades {
		h.Set("Connection", "Upgrade")
	}
}

// ask puts the question, and does what the answer says.
func (p *traefik) ask(w http.ResponseWriter, r *http.Request) (cookies []string, passes bool) {
	question, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.auth.Address, http.NoBody)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return nil, false
	}
	question.Header = r.Header.Clone()
	for _, name := range []string{"Connection", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Keep-Alive", "Content-Length"} {
		question.Header.Del(name)
	}
	for name, value := range map[string]string{"Method": r.Method, "Uri": r.URL.RequestURI(), "Host": r.Host, "Proto": "http", "For": "192.0.2.7"} {
		if name = "X-Forwarded-" + name; question.Header.Get(name) == "" || p.auth.TrustForwardHeader == nil || !*p.auth.TrustForwardHeader {
			question.Header.Set(name, value)
		}
	}
	answer, err := p.asker.Do(question)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return nil, false
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode < 200 || answer.StatusCode >= 300 {
		for name, lines := range answer.Header {
			w.Header()[name] = lines
		}
		if location, err := answer.Location(); err == nil { // a path would be one at the server that was asked, see preserveLocationHeader
			w.Header().Set("Location", location.String())
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, io.LimitReader(answer.Body, p.auth.MaxResponseBodySize))
		return nil, false
	}
	for name := range r.Header {
		if p.copied.MatchString(name) {
			delete(r.Header, name)
		}
	}
	for name, lines := range answer.Header {
		if p.copied.MatchString(name) {
			r.Header[name] = lines
		}
	}
	for _, cookie := range answer.Cookies() {
		if slices.Contains(p.auth.AddAuthCookies, cookie.Name) {
			cookies = append(cookies, cookie.String())
		}
	}
	return cookies, true
}

// withCookies adds cookies to an answer.
type withCookies struct {
	http.ResponseWriter
	cookies []string
}

func (w *withCookies) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *withCookies) WriteHeader(status int) {
	w.Header()["Set-Cookie"] = append(w.Header()["Set-Cookie"], w.cookies...)
	w.ResponseWriter.WriteHeader(status)
}
