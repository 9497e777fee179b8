package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/social/egress"
)

func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestD46RedirectsAreErrorsThatNameTheHost(t *testing.T) {
	t.Parallel()
	var followed atomic.Int64
	target := serve(t, func(http.ResponseWriter, *http.Request) { followed.Add(1) })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308}[r.URL.Path]
		w.Header().Set("Location", target+"/?secret=in-the-query")
		w.WriteHeader(status)
	})
	for _, path := range []string{"/301", "/302", "/303", "/307", "/308"} {
		// A client each, for redirects are failures, and five would open the breaker.
		err := get(t, inside().For("idp"), url+path)
		if !errors.Is(err, egress.ErrRedirect) || !strings.Contains(err.Error(), strings.TrimPrefix(target, "http://")) || strings.Contains(err.Error(), "in-the-query") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if followed.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// Not parallel: it looks at what the whole process has allocated.
func TestD76EndlessAnswersCostNoMemory(t *testing.T) {
	const gigabyte = 1 << 30
	var sent atomic.Int64
	block := bytes.Repeat([]byte(`"x",`), 16<<10)
	var packed bytes.Buffer // once: to pack while the client waits takes longer than it waits, on a machine that has much to do
	packer := gzip.NewWriter(&packed)
	_, _ = packer.Write(block) // into memory
	_ = packer.Close()
	write := func(w io.Writer, block []byte) {
		for sent.Load() < gigabyte {
			n, err := w.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/announced":
			w.Header().Set("Content-Length", "1073741824")
			write(w, block)
		case "/chunked":
			write(w, block)
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			write(w, packed.Bytes()) // one member after the other (RFC 1952 §2.2)
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}
	})
	for _, path := range []string{"/announced", "/chunked", "/gzip"} {
		sent.Store(0)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		var read int64
		resp, err := inside().For("idp").Do(r)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(resp.Body)
			read = int64(len(body))
			_ = resp.Body.Close()
		}
		runtime.ReadMemStats(&after)
		if !errors.Is(err, egress.ErrTooLarge) || read > egress.MaxBodyBytes {
			t.Errorf("%s: %d bytes, %v", path, read, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
			t.Errorf("%s: allocated %d MiB", path, grown>>20)
		}
		if sent.Load() >= gigabyte {
			t.Errorf("%s: the whole gigabyte was taken", path)
		}
	}
	if err := get(t, inside().For("idp"), url+"/header"); err == nil {
		t.Error("a header of a megabyte was taken")
	}
}

func TestTheLongestAnswerIsWholeAndOneByteMoreAnError(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		size := egress.MaxBodyBytes
		if r.URL.Path == "/more" {
			size++
		}
		w.(http.Flusher).Flush() // chunked: nothing is announced
		_, _ = w.Write(make([]byte, size))
	})
	if err := get(t, inside().For("idp"), url+"/exact"); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	if err := get(t, inside().For("idp"), url+"/more"); !errors.Is(err, egress.ErrTooLarge) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestSlowProvidersAreGivenUp(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte(`{"half":`))
			w.(http.Flusher).Flush()
		}
		select { // neither ever goes on by itself
		case <-over:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(over) })
	ask := func(path string, timeout time.Duration) error {
		return get(t, egress.New(egress.Config{AllowPrivateAddresses: true, Timeout: timeout}).For("idp"), url+path)
	}
	if err := ask("/headers", 50*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("no headers: %v", err)
	}
	for timeout := 50 * time.Millisecond; ; timeout *= 2 {
		err := ask("/body", timeout)
		if err != nil && strings.Contains(err.Error(), "no answer in time") {
			continue // this machine was slower than the provider
		}
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "not whole in time") {
			t.Errorf("half a body: %v", err)
		}
		break
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	if err := get(t, inside().For("idp"), server.URL); err == nil {
		t.Error("a certificate of nobody's was taken")
	}
	trusting := inside()
	trusting.RootCAs = x509.NewCertPool()
	trusting.RootCAs.AddCert(server.Certificate())
	if err := get(t, trusting.For("idp"), server.URL); err != nil {
		t.Errorf("a good certificate: %v", err)
	}

	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	trusting = inside()
	trusting.RootCAs = x509.NewCertPool()
	trusting.RootCAs.AddCert(old.Certificate())
	if err := get(t, trusting.For("idp"), old.URL); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
}

func TestCallsSayWhoTheyAreFrom(t *testing.T) {
	t.Parallel()
	var agent atomic.Value
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { agent.Store(r.Header.Get("User-Agent")) })
	if err := get(t, inside().For("idp"), url); err != nil || !strings.HasPrefix(agent.Load().(string), "Postern ") {
		t.Errorf("User-Agent %q, %v", agent.Load(), err)
	}
}

func TestConnectionsToOneHostAreBounded(t *testing.T) {
	t.Parallel()
	const callers, bound = 100, 32
	var now, most atomic.Int64
	arrived, release := make(chan struct{}, callers), make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			continue
		}
		arrived <- struct{}{}
		<-release
		now.Add(-1)
	})
	client := inside().For("idp")
	var asking, answered sync.WaitGroup
	asking.Add(callers)
	for range callers {
		answered.Go(func() {
			asked := sync.OnceFunc(asking.Done)
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GetConn: func(string) { asked() }})
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			resp, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	asking.Wait()
	for range bound {
		<-arrived
	}
	time.Sleep(50 * time.Millisecond) // for one too many to arrive, should there be one
	close(release)
	answered.Wait()
	if most.Load() > bound {
		t.Errorf("%d connections at a time, want %d at most", most.Load(), bound)
	}
}

// TestMain names a proxy, where nobody listens, in the environment of all tests: net/http looks there once in the life of a process.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		_ = os.Setenv(name, "http://127.0.0.1:1")
	}
	_, _ = os.Unsetenv("NO_PROXY"), os.Unsetenv("no_proxy")
	os.Exit(m.Run())
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	client := inside()
	client.Resolver = (&names{answers: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}).resolver(t)
	// A proxy would be asked for a name, and not for 127.0.0.1.
	if err := get(t, client.For("idp"), strings.Replace(url, "127.0.0.1", "idp.example", 1)); err != nil {
		t.Error(err)
	}
}

func TestTheConfiguredProxyIsUsedAndPrivateTargetsAreStillRefused(t *testing.T) {
	t.Parallel()
	var tunnels []string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tunnels = append(tunnels, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusBadGateway)
	})
	client := egress.New(egress.Config{ProxyURL: proxy}).For("idp")
	if err := get(t, client, "https://idp.example/"); err == nil || len(tunnels) != 1 || tunnels[0] != "CONNECT idp.example:443" {
		t.Errorf("%v, %v", tunnels, err)
	}
	if err := get(t, client, "https://169.254.169.254/"); !errors.Is(err, egress.ErrBlockedAddress) || len(tunnels) != 1 {
		t.Errorf("%v, %v", tunnels, err)
	}
}

func TestGarbageIsAnErrorNotAHang(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, buffer, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		switch r.URL.Path {
		case "/nothing":
		case "/noise":
			_, _ = buffer.WriteString(strings.Repeat("\x00\xff", 1000))
		case "/short":
			_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
		case "/gzip":
			_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
		}
		_ = buffer.Flush()
	})
	for _, path := range []string{"/nothing", "/noise", "/short", "/gzip"} {
		if err := get(t, inside().For("idp"), url+path); err == nil {
			t.Errorf("%s is an answer", path)
		}
	}
}
