package http1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/proxy/http1"
)

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, answer, body string }{
		{"with length", http.MethodGet, hello, "hello"},
		{"in chunks", http.MethodGet, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello"},
		{"no content", http.MethodGet, empty, ""},
		{"not modified, with the length of what it would be", http.MethodGet, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""},
		{"to HEAD, with the length of what it would be", http.MethodHead, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ""},
		{"to HEAD, in chunks that do not come", http.MethodHead, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
		{"HTTP/1.0 that is kept alive", http.MethodGet, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		{"of length zero", http.MethodGet, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, always(c.answer))
			transport := newTransport(t, u)
			for range 3 {
				if _, body := fetch(t, transport, newRequest(t, c.method, "/", nil)); body != c.body {
					t.Fatalf("body is %q, want %q", body, c.body)
				}
			}
			if n := u.connections.Load(); n != 1 {
				t.Errorf("%d connections, want one", n)
			}
		})
	}
}

// What follows on such a connection could be anything.
func TestConnectionsAreNotUsedAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, answer, body string }{
		{"when the answer says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		{"after HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		{"when more came than was announced", hello + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "hello"},
		{"when bytes follow an answer without a body", empty + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", ""},
		{"when bytes follow the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "hello"},
		{"when it switched protocols unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, always(c.answer))
			transport := newTransport(t, u)
			for range 3 {
				if _, body := fetch(t, transport, get(t, "/")); body != c.body {
					t.Fatalf("body is %q, want %q", body, c.body)
				}
			}
			if n := u.connections.Load(); n != 3 {
				t.Errorf("%d connections, want three", n)
			}
		})
	}
}

// An answer that nobody asked for must not become that to the next request.
func TestBytesThatComeWhileIdleAreNoAnswer(t *testing.T) {
	t.Parallel()
	spoken := make(chan struct{})
	u := listen(t, func(n int, p *peer) {
		p.head()
		p.say(hello)
		if n == 1 {
			<-spoken
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
			spoken <- struct{}{}
		}
		p.untilClosed()
	})
	transport := newTransport(t, u)
	fetch(t, transport, get(t, "/"))
	spoken <- struct{}{}
	<-spoken
	if _, body := fetch(t, transport, get(t, "/")); body != "hello" {
		t.Errorf("body is %q", body)
	}
	if n := u.connections.Load(); n != 2 {
		t.Errorf("%d connections, want two", n)
	}
}

// Whatever the method: nothing was sent yet when the end is seen.
func TestConnectionClosedWhileIdleIsSeenBeforeUse(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	u := listen(t, func(n int, p *peer) {
		p.head()
		p.say(hello)
		if n == 1 {
			p.Close()
			close(closed)
			return
		}
		p.untilClosed()
	})
	transport := newTransport(t, u)
	fetch(t, transport, newRequest(t, http.MethodPost, "/", nil))
	<-closed
	if _, body := fetch(t, transport, newRequest(t, http.MethodPost, "/", strings.NewReader("x"))); body != "hello" {
		t.Errorf("body is %q", body)
	}
}

// The other end closes in the very moment when a request comes: only what is safe is sent again (RFC 9112 §9.3.1).
func TestRequestIsSentAgainOnlyWhenSafe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, body string
		again              bool
	}{
		{"GET", http.MethodGet, "", true},
		{"HEAD", http.MethodHead, "", true},
		{"OPTIONS", http.MethodOptions, "", true},
		{"GET with a body", http.MethodGet, "x", false},
		{"POST", http.MethodPost, "", false},
		{"PUT", http.MethodPut, "x", false},
		{"DELETE", http.MethodDelete, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			u := listen(t, func(n int, p *peer) {
				p.head()
				p.say(empty)
				for p.head() != "" {
					asked.Add(1)
					if n == 1 {
						return // without a word
					}
					p.say(empty)
				}
			})
			transport := newTransport(t, u)
			// Two connections; the one that closes is used next.
			fetch(t, transport, get(t, "/"))
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			res, err := transport.RoundTrip(newRequest(t, c.method, "/", body))
			switch {
			case c.again && err != nil:
				t.Errorf("failed: %v", err)
			case c.again:
				res.Body.Close()
			case err == nil:
				t.Errorf("was sent again, and answered %s", res.Status)
			}
			if n := asked.Load(); !c.again && n != 1 {
				t.Errorf("was sent %d times", n)
			}
		})
	}
}

// A new connection that ends without an answer is no matter of idleness, and trying again could go on forever.
func TestRequestOnNewConnectionIsNotSentAgain(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) { p.head() })
	mustFail(t, newTransport(t, u), get(t, "/"))
	if n := u.connections.Load(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// A part of an answer is an answer: the request had its effect.
func TestRequestIsNotSentAgainAfterPartOfAnAnswer(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say(empty)
		if p.head() != "" {
			asked.Add(1)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n")
		}
	})
	transport := newTransport(t, u)
	fetch(t, transport, get(t, "/"))
	mustFail(t, transport, get(t, "/"))
	if n := asked.Load(); n != 1 {
		t.Errorf("was sent %d times", n)
	}
}

func TestIdleConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	var open atomic.Int32
	release := make(chan struct{})
	u := listen(t, func(_ int, p *peer) {
		open.Add(1)
		defer open.Add(-1)
		for p.head() != "" {
			<-release
			p.say(hello)
		}
	})
	transport := newTransport(t, u, func(t *http1.Transport) { t.MaxIdle = 2 })
	var asking sync.WaitGroup
	for range 6 {
		asking.Go(func() { fetch(t, transport, get(t, "/")) })
	}
	eventually(t, "six connections", func() bool { return open.Load() == 6 })
	close(release)
	asking.Wait()
	eventually(t, "two connections", func() bool { return open.Load() == 2 })
}

func TestIdleConnectionsAreClosedInTime(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	u := listen(t, func(_ int, p *peer) {
		always(hello)(1, p)
		close(closed)
	})
	fetch(t, newTransport(t, u, func(t *http1.Transport) { t.IdleTimeout = 10 * time.Millisecond }), get(t, "/"))
	<-closed
}

func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	closed, asked, release := make(chan int), make(chan struct{}), make(chan struct{})
	u := listen(t, func(n int, p *peer) {
		for p.head() != "" {
			if n == 2 {
				asked <- struct{}{}
				<-release
			}
			p.say(hello)
			if n == 1 {
				p.head() // a second request would be a mistake
				break
			}
		}
		closed <- n
	})
	transport := newTransport(t, u)
	fetch(t, transport, get(t, "/"))
	transport.CloseIdleConnections()
	if n := <-closed; n != 1 {
		t.Fatalf("connection %d was closed", n)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fetch(t, transport, get(t, "/"))
	}()
	<-asked
	transport.CloseIdleConnections() // one in use is closed when it is given back
	close(release)
	<-done
	if n := <-closed; n != 2 {
		t.Errorf("connection %d was closed", n)
	}
}

func TestContextEndsWhateverWaits(t *testing.T) {
	t.Parallel()
	reason := errors.New("told to")
	for _, c := range []struct {
		name   string
		answer string // before silence
		body   io.Reader
	}{
		{"for an answer", "", nil},
		{"for the rest of a header", "HTTP/1.1 200 OK\r\nContent-", nil},
		{"for the rest of a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", nil},
		{"for its own body to be taken", "", endless{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reached, closed := make(chan struct{}), make(chan struct{})
			u := listen(t, func(_ int, p *peer) {
				p.head()
				p.say(c.answer)
				close(reached)
				if c.body == nil {
					p.untilClosed()
				}
				close(closed)
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			r := newRequest(t, http.MethodPost, "/", c.body).WithContext(ctx)
			go func() {
				<-reached
				cancel(reason)
			}()
			res, err := newTransport(t, u).RoundTrip(r)
			if err == nil {
				_, err = io.ReadAll(res.Body)
			}
			if !errors.Is(err, reason) {
				t.Errorf("error is %v", err)
			}
			<-closed
		})
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestContextThatEndedBefore(t *testing.T) {
	t.Parallel()
	u := listen(t, always(hello))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := errorOf(t, newTransport(t, u), get(t, "/").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if n := u.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestResponseHeaderTimeout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method string
		body         io.Reader
	}{{"GET", http.MethodGet, nil}, {"POST", http.MethodPost, strings.NewReader("hello")}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, func(_ int, p *peer) { p.untilClosed() })
			transport := newTransport(t, u, func(t *http1.Transport) { t.ResponseHeaderTimeout = 10 * time.Millisecond })
			err := errorOf(t, transport, newRequest(t, c.method, "/", c.body))
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// The time is for the header alone, and begins when the request is sent.
func TestResponseHeaderTimeoutBoundsNeitherBody(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	u := listen(t, func(_ int, p *peer) {
		p.head()
		_, _ = io.CopyN(io.Discard, p.reader, 5)
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
		time.Sleep(2 * limit)
		p.say("llo")
		p.untilClosed()
	})
	transport := newTransport(t, u, func(t *http1.Transport) { t.ResponseHeaderTimeout = limit })
	reader, writer := io.Pipe()
	go func() {
		time.Sleep(2 * limit)
		_, _ = io.WriteString(writer, "hello")
		writer.Close()
	}()
	r := newRequest(t, http.MethodPost, "/", reader)
	r.ContentLength = 5
	if _, body := fetch(t, transport, r); body != "hello" {
		t.Errorf("body is %q", body)
	}
}

// A deadline of one request must not meet the next.
func TestDeadlineDoesNotOutliveItsRequest(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	u := listen(t, always(hello))
	transport := newTransport(t, u, func(t *http1.Transport) { t.ResponseHeaderTimeout = limit })
	fetch(t, transport, get(t, "/"))
	time.Sleep(2 * limit)
	fetch(t, transport, get(t, "/"))
	if n := u.connections.Load(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

func TestBodyThatIsNotReadToItsEndClosesTheConnection(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello")
		p.untilClosed()
		close(closed)
	})
	res, err := newTransport(t, u).RoundTrip(get(t, "/"))
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	<-closed
	if n, err := res.Body.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("read %d bytes of a closed body, error %v", n, err)
	}
}

func TestBodyStaysAtItsEnd(t *testing.T) {
	t.Parallel()
	res, err := newTransport(t, listen(t, always(hello))).RoundTrip(get(t, "/"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := res.Body.Read(make([]byte, 10)); n != 0 || err != io.EOF {
			t.Errorf("read %d bytes past the end, error %v", n, err)
		}
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestDialFailure(t *testing.T) {
	t.Parallel()
	refused := errors.New("nobody there")
	body := &closing{Reader: strings.NewReader("x")}
	transport := newTransport(t, &upstream{}, func(t *http1.Transport) {
		t.Dial = func(context.Context) (net.Conn, error) { return nil, refused }
	})
	if err := errorOf(t, transport, newRequest(t, http.MethodPost, "/", body)); !errors.Is(err, refused) {
		t.Errorf("error is %v", err)
	}
	if !body.closed.Load() {
		t.Error("body was not closed")
	}
}

type closing struct {
	io.Reader
	closed atomic.Bool
}

func (c *closing) Close() error {
	c.closed.Store(true)
	return nil
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("no %s", what)
}

// Many at once, each with its own answer: none gets another's.
func TestAnswersAreNotMixedUp(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) {
		for {
			head := p.head()
			if head == "" {
				return
			}
			path := strings.Fields(head)[1]
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + string("0123456789abcdef"[len(path)]) + "\r\n" + path + "\r\n0\r\n\r\n")
		}
	})
	transport := newTransport(t, u)
	var asking sync.WaitGroup
	for i := range 16 {
		asking.Go(func() {
			path := "/" + strings.Repeat(string(rune('a'+i)), i%10)
			for range 200 {
				if _, body := fetch(t, transport, get(t, path)); body != path {
					t.Errorf("asked for %s, got %q", path, body)
				}
			}
		})
	}
	asking.Wait()
}
