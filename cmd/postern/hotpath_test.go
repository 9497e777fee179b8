package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
)

// BenchmarkProxiedRequest shows what a request allocates in Postern and in httputil.ReverseProxy alone, the connection to
// the application included, and the CPU time of this process, the application's few system calls included: on a machine with others on it, compare
// the least of several runs. What a client costs is in test/bench, where each part is a process of its own.
func BenchmarkProxiedRequest(b *testing.B) {
	upstream := terseUpstream(b)
	target, err := url.Parse(upstream)
	if err != nil {
		b.Fatal(err)
	}
	a, plain := benchmarkedApp(b, upstream, "true"), benchmarkedApp(b, upstream, "false")
	cookie, plainCookie := signedUp(b, a), signedUp(b, plain)

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
	b.Run("without assertions", func(b *testing.B) { benchmarkRequests(b, "/tasks/42", plainCookie, plain) })
}

// terseUpstream is an application that costs next to nothing: it reads to the end of a header and does not look at it.
func terseUpstream(b *testing.B) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerTersely(conn)
		}
	}()
	return "http://" + listener.Addr().String()
}

func answerTersely(conn net.Conn) {
	defer conn.Close()
	buffer, filled := make([]byte, 16<<10), 0
	for {
		n, err := conn.Read(buffer[filled:])
		if err != nil {
			return
		}
		if filled += n; !bytes.HasSuffix(buffer[:filled], []byte("\r\n\r\n")) {
			continue
		}
		filled = 0
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"); err != nil {
			return
		}
	}
}

func benchmarkedApp(b *testing.B, upstream, assertions string) *app {
	loaded, err := config.Sources{Mode: config.Serve, Flags: map[string]string{
		"server.public_url": "http://postern.test",
		"upstream.url":      upstream,
		"database.path":     filepath.Join(b.TempDir(), "postern.db"),
		"auth.secret":       newRandomSecret(),
		"auth.email_password.require_email_verification": "false",
		"mail.notifications":                             "false",
		"identity.assertion.enabled":                     assertions,
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
	before := cpuTime(b)
	defer func() { b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op") }()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("answered %d", w.status)
		}
	}
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// discard is a ResponseWriter that keeps the status alone.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
