package http1_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/proxy/http1"
)

// What a server of the standard library understands is what was meant.
func TestRequestsArriveAsTheyWereMeant(t *testing.T) {
	t.Parallel()
	unknown := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) }
	for _, c := range []struct {
		name string
		r    *http.Request
		head string // without Host; lines of the header in any order
		body string
	}{
		{"GET", get(t, "/a?b=c"), "GET /a?b=c HTTP/1.1", ""},
		{"POST without a body", newRequest(t, http.MethodPost, "/", nil), "POST / HTTP/1.1|Content-Length: 0", ""},
		{"DELETE without a body", newRequest(t, http.MethodDelete, "/", nil), "DELETE / HTTP/1.1", ""},
		{"with length", newRequest(t, http.MethodPut, "/", strings.NewReader("hello")), "PUT / HTTP/1.1|Content-Length: 5", "hello"},
		{"of unknown length", newRequest(t, http.MethodPost, "/", unknown("hello")), "POST / HTTP/1.1|Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"},
		{"of unknown length and empty", newRequest(t, http.MethodPost, "/", unknown("")), "POST / HTTP/1.1|Transfer-Encoding: chunked", "0\r\n\r\n"},
		{"larger than a buffer", newRequest(t, http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 100_000))), "POST / HTTP/1.1|Content-Length: 100000", strings.Repeat("x", 100_000)},
		{"with trailers", change(newRequest(t, http.MethodPost, "/", unknown("a")), func(r *http.Request) { r.Trailer = http.Header{"B": {"1"}, "A": {"2"}} }), "POST / HTTP/1.1|Transfer-Encoding: chunked|Trailer: A, B", "1\r\na\r\n0\r\n*"},
		{"that closes", change(get(t, "/"), func(r *http.Request) { r.Close = true }), "GET / HTTP/1.1|Connection: close", ""},
		{"with an opaque target", change(get(t, "/"), func(r *http.Request) { r.URL.Opaque = "/a%2Fb/../%63" }), "GET /a%2Fb/../%63 HTTP/1.1", ""},
		{"with lines of one name", change(get(t, "/"), func(r *http.Request) { r.Header["X-A"] = []string{"1", "", " 2\t"} }), "GET / HTTP/1.1|X-A: 1|X-A: |X-A: 2", ""},
		{"with framing of its own", change(get(t, "/"), func(r *http.Request) {
			r.Header["Content-Length"], r.Header["Transfer-Encoding"], r.Header["Trailer"], r.Header["Host"] = []string{"7"}, []string{"chunked"}, []string{"X"}, []string{"other"}
		}), "GET / HTTP/1.1", ""},
		{"whose agent is empty", change(get(t, "/"), func(r *http.Request) { r.Header["User-Agent"] = []string{""} }), "GET / HTTP/1.1", ""},
		{"with an agent", change(get(t, "/"), func(r *http.Request) { r.Header["User-Agent"] = []string{"a", "b"} }), "GET / HTTP/1.1|User-Agent: a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			u := listen(t, func(_ int, p *peer) {
				head := p.head()
				if want := strings.TrimSuffix(c.body, "*"); want != "" {
					body := make([]byte, len(want))
					_, _ = io.ReadFull(p.reader, body)
					head += string(body)
				}
				got <- head
				p.say(hello)
				p.untilClosed()
			})
			fetch(t, newTransport(t, u), c.r)
			head, body, _ := strings.Cut(<-got, "\r\n\r\n")
			if c.body == "0\r\n\r\n" {
				head, body = strings.TrimSuffix(head, "\r\n\r\n"), c.body
			}
			lines := strings.Split(head, "\r\n")
			for _, want := range append(strings.Split(c.head, "|"), "Host: app.test") {
				found := false
				for i, line := range lines {
					if line == want {
						lines, found = append(lines[:i:i], lines[i+1:]...), true
						break
					}
				}
				if !found {
					t.Errorf("lacks %q", want)
				}
			}
			if len(lines) > 0 {
				t.Errorf("has %q besides", lines)
			}
			if want := strings.TrimSuffix(c.body, "*"); body != want {
				t.Errorf("body is %q, want %q", body, want)
			}
		})
	}
}

func change(r *http.Request, how func(*http.Request)) *http.Request {
	how(r)
	return r
}

func TestTrailersAreSent(t *testing.T) {
	t.Parallel()
	got := make(chan http.Header, 1)
	u := listen(t, func(_ int, p *peer) {
		r, err := http.ReadRequest(p.reader)
		if err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			got <- r.Trailer
		}
		p.say(hello)
		p.untilClosed()
	})
	r := newRequest(t, http.MethodPost, "/", io.MultiReader(strings.NewReader("hello")))
	r.Trailer = http.Header{"X-Sum": nil}
	r.Body = &settingTrailer{ReadCloser: r.Body, trailer: r.Trailer}
	fetch(t, newTransport(t, u), r)
	if sum := (<-got).Get("X-Sum"); sum != "42" {
		t.Errorf("trailer is %q", sum)
	}
}

// settingTrailer knows the trailer's value at the body's end only.
type settingTrailer struct {
	io.ReadCloser
	trailer http.Header
}

func (s *settingTrailer) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err == io.EOF {
		s.trailer.Set("X-Sum", "42")
	}
	return n, err
}

// A request that could be read as two, or as another one, is not sent.
func TestRequestsThatMustNotBeSent(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(*http.Request){
		"line feed in a value":       func(r *http.Request) { r.Header["X-A"] = []string{"1\nX-B: 2"} },
		"return in a value":          func(r *http.Request) { r.Header["X-A"] = []string{"1\rX-B: 2"} },
		"NUL in a value":             func(r *http.Request) { r.Header["X-A"] = []string{"1\x00"} },
		"colon in a name":            func(r *http.Request) { r.Header["X-A: 1\r\nX-B"] = []string{"2"} },
		"space in a name":            func(r *http.Request) { r.Header["X A"] = []string{"2"} },
		"no name":                    func(r *http.Request) { r.Header[""] = []string{"2"} },
		"space in the target":        func(r *http.Request) { r.URL.Opaque = "/a HTTP/1.1\r\nX-B: 2" },
		"line feed in the target":    func(r *http.Request) { r.URL.Opaque = "/a\nX-B:2" },
		"space in the method":        func(r *http.Request) { r.Method = "GET /" },
		"length as trailer":          func(r *http.Request) { chunked(r); r.Trailer = http.Header{"Content-Length": nil} },
		"line feed in trailer names": func(r *http.Request) { chunked(r); r.Trailer = http.Header{"A\r\nB": nil} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, always(hello))
			mustFail(t, newTransport(t, u), change(newRequest(t, http.MethodPost, "/", nil), how))
			if n := u.connections.Load(); n != 0 {
				t.Errorf("%d connections were opened", n)
			}
		})
	}
}

func chunked(r *http.Request) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1
}

func TestTrailerValueMustNotBeTwoLines(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) { p.untilClosed() })
	r := newRequest(t, http.MethodPost, "/", io.MultiReader(strings.NewReader("x")))
	r.Trailer = http.Header{"X-A": {"1\r\nX-B: 2"}}
	mustFail(t, newTransport(t, u), r)
}

// What is no matter of every day goes to the standard transport.
func TestOthersGoToTheStandardTransport(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(*http.Request){
		"upgrade":       func(r *http.Request) { r.Header.Set("Upgrade", "websocket") },
		"expectation":   func(r *http.Request) { r.Header.Set("Expect", "100-continue") },
		"CONNECT":       func(r *http.Request) { r.Method = http.MethodConnect },
		"TLS":           func(r *http.Request) { r.URL.Scheme = "https" },
		"unknown body":  func(r *http.Request) { chunked(r); r.Method = http.MethodGet },
		"Unicode host":  func(r *http.Request) { r.Host = "bücher.test" },
		"zone":          func(r *http.Request) { r.Host = "[fe80::1%25eth0]" },
		"odd encoding":  func(r *http.Request) { chunked(r); r.TransferEncoding = []string{"identity"} },
		"length alone":  func(r *http.Request) { r.ContentLength = 5 },
		"host injected": func(r *http.Request) { r.Host = "a\r\nX-B: 2" },
		"no URL":        func(r *http.Request) { r.URL = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standard := &noting{}
			transport := newTransport(t, &upstream{}, func(t *http1.Transport) { t.Standard = standard })
			if _, err := transport.RoundTrip(change(newRequest(t, http.MethodPost, "/", nil), how)); err != errNoted || !standard.asked {
				t.Errorf("error is %v", err)
			}
		})
	}
}

var errNoted = errors.New("noted")

type noting struct{ asked bool }

func (n *noting) RoundTrip(*http.Request) (*http.Response, error) {
	n.asked = true
	return nil, errNoted
}
func (*noting) CloseIdleConnections() {}

// The application may answer before it has read the body, and may read it even so.
func TestAnswerBeforeTheBodyIsSent(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say(hello)
		_, _ = io.CopyN(io.Discard, p.reader, 5)
		for p.head() != "" {
			p.say(empty)
		}
	})
	transport := newTransport(t, u)
	reader, writer := io.Pipe()
	r := newRequest(t, http.MethodPost, "/", reader)
	r.ContentLength = 5
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(writer, "hello") // only now
	writer.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "hello" {
		t.Errorf("body is %q, error %v", body, err)
	}
	eventually(t, "use of the same connection", func() bool {
		fetch(t, transport, get(t, "/"))
		return u.connections.Load() >= 1
	})
}

// An application that has seen enough answers and closes. The answer counts, not that the rest of the body could not be sent.
func TestAnswerInsteadOfReadingTheBody(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
		_, _ = io.CopyN(io.Discard, p.reader, 1<<20) // a while, so that the end does not overtake the answer
	})
	r := newRequest(t, http.MethodPost, "/", endless{})
	res, body := fetch(t, newTransport(t, u), r)
	if res.StatusCode != http.StatusRequestEntityTooLarge || body != "big" {
		t.Errorf("answered %s %q", res.Status, body)
	}
}

// Its connection is in the middle of a body and must not carry another request.
func TestConnectionWithUnsentBodyIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say(hello)
		p.untilClosed()
	})
	transport := newTransport(t, u)
	reader, writer := io.Pipe()
	defer writer.Close()
	r := newRequest(t, http.MethodPost, "/", reader)
	r.ContentLength = 5
	fetch(t, transport, r)
	fetch(t, transport, get(t, "/"))
	if n := u.connections.Load(); n != 2 {
		t.Errorf("%d connections, want two", n)
	}
}

func TestBodyThatFailsEndsTheRequest(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		body   io.Reader
		length int64
		want   error
	}{
		{"while it is read", io.MultiReader(strings.NewReader("he"), failing{broken}), 5, broken},
		{"in chunks", io.MultiReader(strings.NewReader("he"), failing{broken}), -1, broken},
		{"at its very end", io.MultiReader(strings.NewReader("hello"), failing{broken}), 5, broken},
		{"since it is short", strings.NewReader("he"), 5, nil},
		{"since it is long", strings.NewReader("hello, world"), 5, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, func(_ int, p *peer) { p.untilClosed() })
			body := &closing{Reader: c.body}
			r := newRequest(t, http.MethodPost, "/", body)
			r.ContentLength = c.length
			err := errorOf(t, newTransport(t, u), r)
			if c.want != nil && !errors.Is(err, c.want) || errors.Is(err, io.EOF) {
				t.Errorf("error is %v", err)
			}
			if !body.closed.Load() {
				t.Error("body was not closed")
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A conversation: the application hears each piece when it was said.
func TestChunksAreSentAtOnce(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) {
		r, err := http.ReadRequest(p.reader)
		if err != nil {
			return
		}
		p.say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
		lines := bufio.NewReader(r.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			p.say("you said " + line)
		}
	})
	reader, writer := io.Pipe()
	res, err := newTransport(t, u).RoundTrip(newRequest(t, http.MethodPost, "/", reader))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answers := bufio.NewReader(res.Body)
	for _, word := range []string{"one\n", "two\n"} {
		_, _ = io.WriteString(writer, word)
		if line, err := answers.ReadString('\n'); err != nil || line != "you said "+word {
			t.Errorf("heard %q, error %v", line, err)
		}
	}
	writer.Close()
	if _, err := answers.ReadByte(); err != io.EOF {
		t.Errorf("error is %v", err)
	}
}

// The URL's host is where to connect; the request's is what the application sees.
func TestHost(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	u := listen(t, func(_ int, p *peer) {
		got <- p.head()
		p.say(empty)
	})
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "inside:8000", Path: "/"}, Host: "outside.test", Header: http.Header{}}).WithContext(context.Background())
	fetch(t, newTransport(t, u), r)
	if head := <-got; !strings.Contains(head, "\r\nHost: outside.test\r\n") {
		t.Errorf("head is %q", head)
	}
}
