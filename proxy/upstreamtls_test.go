package proxy

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// tlsApp is an application that asks for a certificate, and says who showed one.
func tlsApp(t *testing.T, shown *harness.Certificate, h2 bool, callers *harness.Certificate) *httptest.Server {
	t.Helper()
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if upgradeProtocol(r.Header) != "" {
			echo("websocket").ServeHTTP(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, "%s for %s at %s", r.Proto, r.TLS.PeerCertificates[0].Subject.CommonName, r.TLS.ServerName)
	}))
	app.EnableHTTP2 = h2
	app.TLS = &tls.Config{Certificates: []tls.Certificate{shown.TLS(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: callers.Pool()}
	app.Config.ErrorLog = log.New(io.Discard, "", 0)
	app.StartTLS()
	t.Cleanup(app.Close)
	return app
}

func TestHTTPSUpstreamsProveThemselvesAndSoDoWe(t *testing.T) {
	t.Parallel()
	never := time.Now().Add(time.Hour)
	app, us, other := harness.NewCertificate(t, "app.internal", never), harness.NewCertificate(t, "postern", never), harness.NewCertificate(t, "app.internal", never)
	ca, _ := app.In(t, t.TempDir())
	otherCA, _ := other.In(t, t.TempDir())
	certFile, keyFile := us.In(t, t.TempDir())
	good := UpstreamTLSConfig{CAFile: ca, CertFile: certFile, KeyFile: keyFile, ServerName: "app.internal"}
	with := func(change func(*UpstreamTLSConfig)) UpstreamTLSConfig {
		c := good
		change(&c)
		return c
	}
	for _, h2 := range []bool{false, true} {
		proto := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[h2]
		server := tlsApp(t, app, h2, us)
		for name, row := range map[string]struct {
			config UpstreamTLSConfig
			status int
			body   string
		}{
			"all is well":               {good, 200, proto + " for postern at app.internal"},
			"named by its address":      {with(func(c *UpstreamTLSConfig) { c.ServerName = "" }), 200, proto + " for postern at "},
			"another authority":         {with(func(c *UpstreamTLSConfig) { c.CAFile = otherCA }), 502, ""},
			"the system's authorities":  {with(func(c *UpstreamTLSConfig) { c.CAFile = "" }), 502, ""},
			"another name":              {with(func(c *UpstreamTLSConfig) { c.ServerName = "evil.internal" }), 502, ""},
			"no certificate to show":    {with(func(c *UpstreamTLSConfig) { c.CertFile, c.KeyFile = "", "" }), 502, ""},
			"a certificate they refuse": {with(func(c *UpstreamTLSConfig) { c.CertFile, c.KeyFile = other.In(t, t.TempDir()) }), 502, ""},
		} {
			t.Run(fmt.Sprintf("%s, h2 %v", name, h2), func(t *testing.T) {
				t.Parallel()
				f := start(t, setup{change: func(c *Config) { c.Upstream.URL, c.Upstream.TLS = server.URL, row.config }})
				if err := f.proxy.LoadCertificates(); err != nil {
					t.Fatal(err)
				}
				res, body := f.get(t, "GET", "/", asAnn)
				if res.StatusCode != row.status || row.body != "" && body != row.body || strings.Contains(body, "x509") || strings.Contains(body, "127.0.0.1") {
					t.Errorf("%d %q, want %d %q", res.StatusCode, body, row.status, row.body)
				}
			})
		}
	}
}

// A WebSocket needs HTTP/1.1, whatever else the application speaks.
func TestWebSocketsPassToAnHTTPSUpstreamThatSpeaksHTTP2(t *testing.T) {
	t.Parallel()
	app, us := harness.NewCertificate(t, "app.internal", time.Now().Add(time.Hour)), harness.NewCertificate(t, "postern", time.Now().Add(time.Hour))
	config := UpstreamTLSConfig{}
	config.CAFile, _ = app.In(t, t.TempDir())
	config.CertFile, config.KeyFile = us.In(t, t.TempDir())
	server := tlsApp(t, app, true, us)
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}, change: func(c *Config) { c.Upstream.URL, c.Upstream.TLS = server.URL, config }})
	if err := f.proxy.LoadCertificates(); err != nil {
		t.Fatal(err)
	}
	if res, body := f.get(t, "GET", "/"); res.StatusCode != 200 || !strings.HasPrefix(body, "HTTP/2.0 ") {
		t.Fatalf("an ordinary request: %d %s", res.StatusCode, body)
	}
	conn, reader, res := open(t, f, upgrade)
	if res.StatusCode != 101 {
		t.Fatalf("upgrade: %d", res.StatusCode)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := reader.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Errorf("echo %q, %v", line, err)
	}
}

func TestRenewedCertificatesAreUsedForNewConnections(t *testing.T) {
	t.Parallel()
	never := time.Now().Add(time.Hour)
	app, first, second := harness.NewCertificate(t, "app.internal", never), harness.NewCertificate(t, "first", never), harness.NewCertificate(t, "second", never)
	both := first.Pool()
	both.AddCert(second.X509)
	dir := t.TempDir()
	config := UpstreamTLSConfig{}
	config.CAFile, _ = app.In(t, t.TempDir())
	config.CertFile, config.KeyFile = first.In(t, dir)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{app.TLS(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: both}
	server.StartTLS()
	t.Cleanup(server.Close)
	f := start(t, setup{change: func(c *Config) { c.Upstream.URL, c.Upstream.TLS = server.URL, config }})
	if err := f.proxy.LoadCertificates(); err != nil {
		t.Fatal(err)
	}
	seen := func(want string) {
		t.Helper()
		if _, body := f.get(t, "GET", "/", asAnn); body != want {
			t.Errorf("the application saw %q, want %q", body, want)
		}
	}
	seen("first")
	second.In(t, dir)
	for _, file := range f.proxy.CertificateFiles() {
		if _, err := file.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	seen("second")
}

func TestRoutesHaveTheirOwnTLS(t *testing.T) {
	t.Parallel()
	own := UpstreamTLSConfig{CAFile: "/own.crt"}
	p, err := New(Config{
		DefaultAuth: "required",
		Upstream:    UpstreamConfig{URL: "https://app.internal", DialTimeout: time.Second, TLS: UpstreamTLSConfig{CAFile: "/ca.crt", ServerName: "app"}},
		Routes:      []RouteConfig{{Path: "/same"}, {Path: "/elsewhere", Upstream: "https://other.internal"}, {Path: "/own", Upstream: "https://other.internal", UpstreamTLS: own}},
	}, people(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []UpstreamTLSConfig{{CAFile: "/ca.crt", ServerName: "app"}, {CAFile: "/ca.crt"}, own} {
		if got := p.rules.list[i].tls; got != want {
			t.Errorf("%s: %+v, want %+v", p.rules.list[i].Pattern, got, want)
		}
	}
	if err := p.LoadCertificates(); err == nil || !strings.Contains(err.Error(), "ca_file: open /") {
		t.Errorf("files that are not there: %v", err)
	}
	for _, wrong := range []UpstreamTLSConfig{{CertFile: "a"}, {KeyFile: "a"}} {
		if wrong.Validate() == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

// An application that accepts connections and says nothing is cut by dial_timeout, not by the wait for an answer.
func TestAHandshakeWithoutAnswerIsCut(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	f := start(t, setup{change: func(c *Config) {
		c.Upstream.URL, c.Upstream.DialTimeout, c.Upstream.ResponseHeaderTimeout = "https://"+silent.Addr().String(), 100*time.Millisecond, time.Hour
	}})
	if err := f.proxy.LoadCertificates(); err != nil {
		t.Fatal(err)
	}
	if res, body := f.get(t, "GET", "/", asAnn); res.StatusCode != 504 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
