package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// stillServes is the control request of whatever was too much.
func (s *stack) stillServes(t *testing.T) {
	t.Helper()
	for protocol, send := range s.protocols() {
		if got := send(t, "/optional/after", "Cookie: "+s.cookie); got.status != http.StatusOK {
			t.Errorf("afterwards, %s: %d %s", protocol, got.status, got.body)
		}
	}
}

func TestD77CookiesAndParametersInGreatNumbers(t *testing.T) {
	t.Parallel()
	const many = 100_000
	crumbs := strings.Repeat("a=b; ", many)
	t.Run("more than the limit", func(t *testing.T) {
		s := newStack(t, nil)
		s.wantBounded(t, func() {
			for range 3 {
				if got := s.ask(t, "GET /public/x HTTP/1.1\r\nHost: postern.test\r\nCookie: "+crumbs+s.cookie+"\r\n\r\n"); got.status != 431 {
					t.Errorf("HTTP/1.1: %d", got.status)
				}
				if got := s.ask(t, "GET /public/x HTTP/1.1\r\nHost: postern.test\r\n"+strings.Repeat("Cookie: a=b\r\n", many)+"\r\n"); got.status != 431 {
					t.Errorf("HTTP/1.1, each in its line: %d", got.status)
				}
			}
		})
		if found := s.app.under("/public/x"); len(found) > 0 {
			t.Errorf("%d requests arrived", len(found))
		}
		s.stillServes(t)
	})
	t.Run("within a limit of a mebibyte", func(t *testing.T) {
		s := newStack(t, map[string]string{"server.max_header_bytes": "1048576"})
		s.wantBounded(t, func() {
			for range 5 {
				got := s.ask(t, "GET /optional/x HTTP/1.1\r\nHost: postern.test\r\nCookie: "+crumbs+s.cookie+"\r\n\r\n")
				if got.status != http.StatusOK && got.status != http.StatusUnauthorized { // net/http parses the first 3000 alone
					t.Errorf("HTTP/1.1: %d", got.status)
				}
			}
		})
		for _, r := range s.app.under("/optional/x") {
			if cookies := strings.Join(r.values("Cookie"), "; "); strings.Contains(cookies, "session_token") {
				t.Error("the session's cookie arrives")
			}
		}
		s.stillServes(t)
	})
	t.Run("parameters", func(t *testing.T) {
		s := newStack(t, nil)
		s.wantBounded(t, func() {
			for name, query := range map[string]string{
				"many":       strings.Repeat("a=b&", 10_001),
				"semicolons": strings.Repeat("a=b;c=d;", 1000) + "&e=f",
				"broken":     "a=%zz&b=%&c=%4&d&=&&==;=%00",
			} {
				for protocol, send := range s.protocols() {
					path := "/public/" + name + "/" + strings.ReplaceAll(protocol, "/", "-")
					if got := send(t, path+"?"+query); got.status != http.StatusOK {
						t.Errorf("%s, %s: %d", protocol, name, got.status)
						continue
					}
					if got := s.app.only(t, path).line; got != "GET "+path+"?"+query+" HTTP/1.1" {
						t.Errorf("%s, %s: arrived as %.200q", protocol, name, got)
					}
					if got := send(t, "/api/auth/get-session?"+query); got.status >= 500 || got.status == 0 {
						t.Errorf("%s, %s: the API answers %d", protocol, name, got.status)
					}
				}
			}
		})
		s.stillServes(t)
	})
}

func TestHeadersWithoutEndGet431(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	for name, piece := range map[string]string{"lines": "X-A: b\r\n", "a line": "aaaaaaaa"} {
		s.wantBounded(t, func() {
			conn := s.dial(t)
			_, _ = io.WriteString(conn, "GET /public/x HTTP/1.1\r\nHost: postern.test\r\n")
			if name == "a line" {
				_, _ = io.WriteString(conn, "X: ")
			}
			go func() {
				chunk := strings.Repeat(piece, 1000)
				for range 100_000 {
					if _, err := io.WriteString(conn, chunk); err != nil {
						return
					}
				}
			}()
			if got := exchange(t, conn, ""); got.status != 431 {
				t.Errorf("%s: %d", name, got.status)
			}
		})
	}
	s.stillServes(t)
}

// What comes too slowly is cut off, however many send it: headers, a preface of HTTP/2, and bodies.
func TestD80D97SlowSendersAreCutOff(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"server.read_header_timeout": "1s", "upstream.body_grace": "1s"})
	const preface = http2.ClientPreface
	for name, row := range map[string]struct {
		begin, drip string
		status      int // 0: closed without a word
	}{
		"nothing at all":               {"", "", 0},
		"half a header":                {"GET /public/x HTTP/1.1\r\nHost: postern.test\r\nX: ", "a", 0},
		"a line each time":             {"GET /public/x HTTP/1.1\r\nHost: postern.test\r\n", "X: a\r\n", 0},
		"half a request line":          {"GET /publ", "", 0},
		"half a preface":               {preface[:10], "", 0},
		"a preface, letter by letter":  {preface[:16], "\r", 0},
		"a preface and no settings":    {preface, "", 0},
		"a body that does not come":    {"POST /public/x HTTP/1.1\r\nHost: postern.test\r\nContent-Length: 1000\r\n\r\nhello", "", 408},
		"a body, letter by letter":     {"POST /public/x HTTP/1.1\r\nHost: postern.test\r\nContent-Length: 1000\r\n\r\nhello", "a", 408},
		"chunks that do not come":      {"POST /public/x HTTP/1.1\r\nHost: postern.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "", 408},
		"a refused body, not complete": {"POST /private/x HTTP/1.1\r\nHost: postern.test\r\nContent-Length: 1000\r\n\r\nhello", "", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					conn := s.dial(t)
					_, _ = io.WriteString(conn, row.begin)
					stop := make(chan struct{})
					defer close(stop)
					go func() {
						for row.drip != "" {
							select {
							case <-stop:
								return
							case <-time.After(100 * time.Millisecond):
								_, _ = io.WriteString(conn, row.drip)
							}
						}
					}()
					answer, err := io.ReadAll(conn) // until it is closed, or patience ends
					if errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("still open; it said %.100q", answer)
					}
					if row.status != 0 && !strings.HasPrefix(string(answer), fmt.Sprintf("HTTP/1.1 %d ", row.status)) {
						t.Errorf("answer %.100q, want %d", answer, row.status)
					}
				})
			}
			all.Wait()
		})
	}
	t.Cleanup(func() { s.stillServes(t) })
}

// The same over HTTP/2, where a stream holds a connection to the application, too. Others of the connection are not disturbed, and a stream
// whose answer has begun is a conversation, which may pause.
func TestD97SlowBodiesOverHTTP2AreCutOff(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"server.h2c": "true", "upstream.body_grace": "1s"})
	for name, row := range map[string]struct {
		path, length, drip string
		status             int
	}{
		"a body that does not come":      {"/public/x", "content-length: 1000", "", 408},
		"a body, letter by letter":       {"/public/x", "content-length: 1000", "a", 408},
		"of no length, letter by letter": {"/public/x", "x: y", "a", 408},
		"a refused body":                 {"/private/x", "content-length: 1000", "a", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := s.http2(t)
			list := get(row.path, row.length)
			list[0].Value = "POST"
			stream := f.open(list, false)
			_ = f.WriteData(stream, false, []byte("hello"))
			answered := make(chan reply, 1)
			go func() { answered <- f.await(stream) }()
			for {
				select {
				case got := <-answered:
					if got.status != row.status {
						t.Errorf("answer %+v, want %d", got, row.status)
					}
					if again := f.await(f.open(get("/public/after"), true)); again.status != 200 {
						t.Errorf("the next one on the connection: %+v", again)
					}
					return
				case <-time.After(100 * time.Millisecond):
					if row.drip != "" {
						_ = f.WriteData(stream, false, []byte(row.drip))
					}
				}
			}
		})
	}
	t.Cleanup(func() { s.stillServes(t) })
}

// echoes answers at once, and says back whatever comes.
func echoes(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	_, _ = io.Copy(w, r.Body)
}

func TestAConversationOverHTTP2MayPause(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(echoes))
	t.Cleanup(app.Close)
	s := newStack(t, map[string]string{"upstream.url": app.URL, "upstream.body_grace": "1s"})
	f := s.http2(t)
	list := get("/public/x")
	list[0].Value = "POST"
	stream := f.open(list, false)
	_ = f.WriteData(stream, false, []byte("hello, "))
	time.Sleep(2 * time.Second) // twice the grace of bodies
	_ = f.WriteData(stream, true, []byte("and goodbye"))
	if got := f.await(stream); got.status != 200 || got.body != "hello, and goodbye" {
		t.Errorf("%+v", got)
	}
}

func TestBodiesAboveTheLimitGet413(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	for _, size := range []int{1000, 1001} {
		want := map[int]int{1000: 200, 1001: 413}[size]
		body := strings.Repeat("a", size)
		if got := s.ask(t, "POST /small/x HTTP/1.1\r\nHost: postern.test\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat("1\r\na\r\n", size)+"0\r\n\r\n"); got.status != want {
			t.Errorf("%d bytes in chunks: %d", size, got.status)
		}
		list := get("/small/x")
		list[0].Value = "POST"
		if got := s.roundTrip(t, list, body); got.status != want {
			t.Errorf("%d bytes over HTTP/2: %d", size, got.status)
		}
	}
}
