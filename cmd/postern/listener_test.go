package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	proxyproto "github.com/pires/go-proxyproto"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/test/harness"
)

// listening is Postern with its own listeners, in front of an application that answers with what it saw.
type listening struct {
	*app
	address string // of the public listener
}

// listenWith runs it until the test ends. Everything is public.
func listenWith(t *testing.T, settings map[string]string) *listening {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "for %s by %s", r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"))
	}))
	t.Cleanup(upstream.Close)
	flags := map[string]string{
		"server.listen": "127.0.0.1:0", "server.admin_listen": "127.0.0.1:0", "server.public_url": "http://postern.test",
		"server.drain_delay": "0s", "upstream.url": upstream.URL, "default_auth": "public",
		"database.path": filepath.Join(t.TempDir(), "postern.db"), "auth.secret": newRandomSecret(), "mail.from": "postern@example.com",
	}
	maps.Copy(flags, settings)
	loaded, err := config.Sources{Mode: config.Serve, Flags: flags}.Load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), loaded.Config, newLogs(loaded.Config.Log, io.Discard), extras{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- a.serve(ctx, func(public net.Addr) { ready <- public }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		a.close()
	})
	select {
	case public := <-ready:
		return &listening{a, public.String()}
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return nil
}

// say sends bytes on a connection of their own and returns the answer's status and body, or 0 when the connection is closed.
func (l *listening) say(t *testing.T, request string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return answerOn(conn)
}

func answerOn(conn net.Conn) (int, string) {
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

const plainRequest = "GET /x HTTP/1.1\r\nHost: postern.test\r\n\r\n"

// issue writes a new certificate for postern.test to a folder.
func issue(t *testing.T, dir string) *harness.Certificate {
	t.Helper()
	c := harness.NewCertificate(t, "postern.test", time.Now().Add(time.Hour))
	c.In(t, dir)
	return c
}

// clientFor believes that certificate alone.
func (l *listening) clientFor(certificate *harness.Certificate) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: certificate.Pool(), ServerName: "postern.test"},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", l.address)
		},
	}}
}

// reads is the number of certificates read again with that outcome.
func (l *listening) reads(outcome string) float64 {
	return testutil.ToFloat64(l.metrics.certificates.WithLabelValues(outcome))
}

func TestCertificatesAreReplacedWhileServing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	first := issue(t, dir)
	l := listenWith(t, map[string]string{"server.tls.cert_file": certFile, "server.tls.key_file": keyFile, "server.public_url": "https://postern.test"})
	served := func(what string, certificate *harness.Certificate) {
		t.Helper()
		res, err := l.clientFor(certificate).Get("https://postern.test/x")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); res.ProtoMajor != 2 || string(body) != "for 127.0.0.1 by https" {
			t.Errorf("%s: %s %d %s", what, res.Proto, res.StatusCode, body)
		}
	}
	served("at the start", first)

	if err := os.WriteFile(certFile, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 { // told once
		if err := l.certificates.reload(t.Context()); err == nil || !strings.Contains(err.Error(), certFile) {
			t.Errorf("a broken file: %v", err)
		}
	}
	if got := l.reads("failure"); got != 1 {
		t.Errorf("%v failures counted", got)
	}
	served("with a broken file", first)

	second := issue(t, dir)
	if err := l.certificates.reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	served("renewed", second)
	if res, err := l.clientFor(first).Get("https://postern.test/x"); err == nil {
		res.Body.Close()
		t.Error("the old certificate is still shown")
	}
	if got := l.reads("success"); got != 1 {
		t.Errorf("%v reloads counted", got)
	}
}

func TestOldVersionsOfTLSAreNotSpoken(t *testing.T) {
	t.Parallel()
	for setting, versions := range map[string]map[uint16]bool{
		"1.2": {tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true},
		"1.3": {tls.VersionTLS12: false, tls.VersionTLS13: true},
	} {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
		issue(t, dir)
		l := listenWith(t, map[string]string{"server.tls.cert_file": certFile, "server.tls.key_file": keyFile, "server.tls.min_version": setting})
		for version, spoken := range versions {
			conn, err := tls.Dial("tcp", l.address, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
			if (err == nil) != spoken {
				t.Errorf("min_version %s, %s: %v", setting, tls.VersionName(version), err)
			}
			if err == nil {
				conn.Close()
			}
		}
	}
}

func TestAMissingCertificateStartsNothing(t *testing.T) { // D74
	t.Parallel()
	loaded, err := config.Sources{Mode: config.Serve, Flags: map[string]string{
		"server.public_url": "https://postern.test", "upstream.url": "http://127.0.0.1:1", "auth.secret": newRandomSecret(),
		"database.path": filepath.Join(t.TempDir(), "postern.db"), "mail.from": "postern@example.com",
		"server.tls.cert_file": "/nonexistent/tls.crt", "server.tls.key_file": "/nonexistent/tls.key",
	}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), loaded.Config, newLogs(loaded.Config.Log, io.Discard), extras{})
	if err == nil {
		a.close()
		t.Fatal("started without its certificate")
	}
	if !strings.Contains(err.Error(), "server.tls: open /nonexistent/tls.crt") {
		t.Errorf("%v", err)
	}
}

func TestUnencryptedHTTP2IsASetting(t *testing.T) {
	t.Parallel()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols, DisableKeepAlives: true}}
	for _, setting := range []string{"true", "false"} {
		l := listenWith(t, map[string]string{"server.h2c": setting})
		res, err := client.Get("http://" + l.address + "/x")
		if (err == nil) != (setting == "true") {
			t.Errorf("h2c %s: %v", setting, err)
		}
		if err == nil {
			if res.ProtoMajor != 2 || res.StatusCode != http.StatusOK {
				t.Errorf("h2c: %s %d", res.Proto, res.StatusCode)
			}
			res.Body.Close()
		}
		if status, _ := l.say(t, plainRequest); status != http.StatusOK {
			t.Errorf("HTTP/1.1 with h2c %s: %d", setting, status)
		}
	}
}

func TestPROXYProtocolIsForTrustedPeersAlone(t *testing.T) {
	t.Parallel()
	v2 := func(h proxyproto.Header) string {
		h.Version = 2
		text, err := h.Format()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	client, here := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 443}
	named := v2(proxyproto.Header{Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv4, SourceAddr: client, DestinationAddr: here})
	socket := &net.UnixAddr{Name: "/run/x", Net: "unix"}
	const forwarded = "GET /x HTTP/1.1\r\nHost: postern.test\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"

	trusting := listenWith(t, map[string]string{"server.proxy_protocol": "true", "server.trusted_proxies": "127.0.0.1"})
	other := listenWith(t, map[string]string{"server.proxy_protocol": "true", "server.trusted_proxies": "10.0.0.0/8"})
	without := listenWith(t, map[string]string{"server.trusted_proxies": "127.0.0.1"})
	for name, row := range map[string]struct {
		to      *listening
		request string
		status  int
		body    string
	}{
		"version 1":                           {trusting, "PROXY TCP4 192.0.2.1 192.0.2.9 5000 443\r\n" + plainRequest, 200, "for 192.0.2.1 by http"},
		"version 1, IPv6":                     {trusting, "PROXY TCP6 2001:db8::1 2001:db8::9 5000 443\r\n" + plainRequest, 200, "for 2001:db8::1 by http"},
		"version 2":                           {trusting, named + plainRequest, 200, "for 192.0.2.1 by http"},
		"the client's own X-Forwarded-For":    {trusting, named + forwarded, 200, "for 192.0.2.1 by http"},
		"a health check of the load balancer": {trusting, v2(proxyproto.Header{Command: proxyproto.LOCAL}) + plainRequest, 200, "for 127.0.0.1 by http"},
		"no header, though it must":           {trusting, plainRequest, 0, ""},
		"a header cut short":                  {trusting, "PROXY TCP4 192.0.2.1\r\n" + plainRequest, 0, ""},
		"a peer named by a path":              {trusting, v2(proxyproto.Header{Command: proxyproto.PROXY, TransportProtocol: proxyproto.UnixStream, SourceAddr: socket, DestinationAddr: socket}) + forwarded, 0, ""},
		"an untrusted peer's header":          {other, "PROXY TCP4 192.0.2.1 192.0.2.9 5000 443\r\n" + plainRequest, 400, "400 Bad Request"},
		"an untrusted peer without":           {other, plainRequest, 200, "for 127.0.0.1 by http"},
		"not switched on":                     {without, named + plainRequest, 400, "400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status, body := row.to.say(t, row.request); status != row.status || body != row.body {
				t.Errorf("%d %q, want %d %q", status, body, row.status, row.body)
			}
		})
	}
}

func TestAPROXYHeaderThatDoesNotComeEndsTheConnection(t *testing.T) {
	t.Parallel()
	l := listenWith(t, map[string]string{"server.proxy_protocol": "true", "server.trusted_proxies": "127.0.0.1", "server.read_header_timeout": "100ms"})
	if status, _ := l.say(t, "PROXY TCP4 192.0.2.1"); status != 0 {
		t.Errorf("half a header got %d", status)
	}
}

func TestUnixSocketsHaveTheConfiguredPermissions(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "p.sock")
	l := listenWith(t, map[string]string{"server.listen": "unix:" + socket, "server.socket_mode": "0622", "server.trusted_proxies": "unix", "server.proxy_protocol": "true"})
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o622 {
		t.Errorf("permissions %v, %v", info.Mode(), err)
	}
	conn, err := net.Dial("unix", l.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "PROXY TCP4 192.0.2.1 192.0.2.9 5000 443\r\n"+plainRequest)
	if status, body := answerOn(conn); status != 200 || body != "for 192.0.2.1 by http" {
		t.Errorf("%d %q", status, body)
	}
}

// A connection beyond the limit is served once another has closed.
func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	t.Parallel()
	l := listenWith(t, map[string]string{"server.max_connections": "1"})
	first, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(first, plainRequest)
	if status, _ := answerOn(first); status != 200 {
		t.Fatalf("the first: %d", status)
	}
	second, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	_, _ = io.WriteString(second, plainRequest)
	answered := make(chan int, 1)
	go func() {
		status, _ := answerOn(second)
		answered <- status
	}()
	select {
	case status := <-answered:
		t.Errorf("the second got %d while the first was open", status)
	case <-time.After(200 * time.Millisecond): // a sign of nothing if the machine is slow, but never of a fault that is none
	}
	if open := testutil.ToFloat64(l.metrics.conns); open != 1 {
		t.Errorf("open: %v", open)
	}
	_ = first.Close()
	if status := <-answered; status != 200 {
		t.Errorf("the second: %d", status)
	}
}

// A refusal must be read although its request is not: the connection is half closed first, and no reset overtakes the answer.
func TestLargeHeadersGet431(t *testing.T) {
	t.Parallel()
	l := listenWith(t, map[string]string{"server.max_header_bytes": "8192"})
	for size, want := range map[int]int{4 << 10: 200, 64 << 10: 431} {
		if status, _ := l.say(t, "GET /x HTTP/1.1\r\nHost: postern.test\r\nX: "+strings.Repeat("a", size)+"\r\n\r\n"); status != want {
			t.Errorf("%d bytes: %d", size, status)
		}
	}
}

// A client that asks and does not read holds its connection, and one to the application, for no longer than is allowed.
func TestClientsThatTakeNothingAreCutOff(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("no other system has the option that this needs: https://man7.org/linux/man-pages/man7/tcp.7.html, TCP_USER_TIMEOUT")
	}
	left := make(chan struct{})
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(left)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	l := listenWith(t, map[string]string{"server.stall_timeout": "1s", "upstream.url": endless.URL})
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, plainRequest)
	<-left
}
