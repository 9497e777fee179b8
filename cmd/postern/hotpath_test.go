package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
)

// BenchmarkProxiedRequest shows what a request allocates in Postern and in httputil.ReverseProxy alone, the connection to
// the application included. CPU time is better read from test/bench, where each part is a process of its own.
func BenchmarkProxiedRequest(b *testing.B) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	b.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	a := benchmarkedApp(b, upstream.URL)
	cookie := signedUp(b, a)

	b.Run("bare", func(b *testing.B) {
		benchmarkRequests(b, "/tasks/42", cookie, &httputil.ReverseProxy{
			Rewrite: func(pr *httputil.ProxyRequest) {
				pr.SetURL(target)
				pr.SetXForwarded()
			},
			Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		})
	})
	b.Run("public", func(b *testing.B) { benchmarkRequests(b, "/public/42", cookie, a) })
	b.Run("authenticated", func(b *testing.B) { benchmarkRequests(b, "/tasks/42", cookie, a) })
}

func benchmarkedApp(b *testing.B, upstream string) *app {
	loaded, err := config.Sources{Mode: config.Serve, Flags: map[string]string{
		"server.public_url": "http://postern.test",
		"upstream.url":      upstream,
		"database.path":     filepath.Join(b.TempDir(), "postern.db"),
		"auth.secret":       newRandomSecret(),
		"auth.email_password.require_email_verification": "false",
		"mail.notifications":                             "false",
	}}.Load()
	if err != nil {
		b.Fatal(err)
	}
	cfg := loaded.Config
	cfg.Proxy.Routes = []proxy.RouteConfig{{Path: "/public/**", Auth: "public", OnUnauthenticated: "auto"}}
	a, err := newApp(b.Context(), cfg, newLogs(cfg.Log, io.Discard), extras{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(a.close)
	b.Cleanup(a.start(b.Context()))
	return a
}

// signedUp makes a user and returns the session's cookie.
func signedUp(b testing.TB, h http.Handler) string {
	r := httptest.NewRequest(http.MethodPost, "http://postern.test/api/auth/sign-up/email",
		strings.NewReader(`{"name":"Bench","email":"bench@example.com","password":"correct horse battery staple"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "session_token") {
			return c.Name + "=" + c.Value
		}
	}
	b.Fatalf("sign-up answered %d: %s", w.Code, w.Body)
	return ""
}

func benchmarkRequests(b *testing.B, path, cookie string, h http.Handler) {
	r := httptest.NewRequest(http.MethodGet, "http://postern.test"+path, http.NoBody)
	r.RequestURI = path
	r.Header.Set("User-Agent", "benchmark")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Cookie", "theme=dark; "+cookie)
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("answered %d", w.status)
		}
	}
}

// discard is a ResponseWriter that keeps the status alone.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
