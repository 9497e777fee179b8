package http1_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/proxy/http1"
)

// upstream is an application of which a test says every byte.
type upstream struct {
	address     string
	connections atomic.Int32 // accepted so far
}

// listen serves each connection by its number, from 1.
func listen(t *testing.T, serve func(n int, c *peer)) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	u := &upstream{address: l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n := int(u.connections.Add(1))
			go func() {
				defer conn.Close()
				serve(n, &peer{Conn: conn, reader: bufio.NewReader(conn)})
			}()
		}
	}()
	return u
}

// peer is the application's end of a connection.
type peer struct {
	net.Conn
	reader *bufio.Reader
}

// head reads a request's line and header; empty when the other end has closed.
func (p *peer) head() string {
	var text strings.Builder
	for {
		line, err := p.reader.ReadString('\n')
		text.WriteString(line)
		if err != nil {
			return ""
		}
		if line == "\r\n" {
			return text.String()
		}
	}
}

func (p *peer) say(text string) { _, _ = io.WriteString(p, text) }

// untilClosed waits for the other end.
func (p *peer) untilClosed() { _, _ = io.Copy(io.Discard, p.reader) }

// always gives every request the same answer.
func always(answer string) func(int, *peer) {
	return func(_ int, p *peer) {
		for p.head() != "" {
			p.say(answer)
		}
	}
}

const (
	hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	empty = "HTTP/1.1 204 No Content\r\n\r\n"
)

// newTransport has a standard transport that fails the test when it is used.
func newTransport(t *testing.T, u *upstream, set ...func(*http1.Transport)) *http1.Transport {
	t.Helper()
	transport := &http1.Transport{
		Dial:                   func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", u.address) },
		Standard:               unexpected{t},
		MaxIdle:                16,
		IdleTimeout:            time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
	}
	for _, s := range set {
		s(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

type unexpected struct{ t *testing.T }

func (u unexpected) RoundTrip(r *http.Request) (*http.Response, error) {
	u.t.Errorf("%s %s went to the standard transport", r.Method, r.URL)
	return nil, io.ErrClosedPipe
}
func (unexpected) CloseIdleConnections() {}

func newRequest(t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://app.test"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func get(t *testing.T, path string) *http.Request { return newRequest(t, http.MethodGet, path, nil) }

// fetch returns the answer with its body, which must be whole.
func fetch(t *testing.T, transport http.RoundTripper, r *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: body: %v", r.Method, r.URL, err)
	}
	return res, string(text)
}

func mustFail(t *testing.T, transport http.RoundTripper, r *http.Request) {
	t.Helper()
	_ = errorOf(t, transport, r) // which one does not matter
}

func errorOf(t *testing.T, transport http.RoundTripper, r *http.Request) error {
	t.Helper()
	res, err := transport.RoundTrip(r)
	if err == nil {
		text, readErr := io.ReadAll(res.Body)
		t.Fatalf("%s %s: answered %s %q (%v), want an error", r.Method, r.URL, res.Status, text, readErr)
	}
	return err
}
