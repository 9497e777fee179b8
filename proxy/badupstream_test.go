package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// rawApp is an application that does with its connections what it likes. It has read the header of a request when serve is
// called.
func rawApp(t *testing.T, serve func(conn *net.TCPConn, rest *bufio.Reader)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				rest := bufio.NewReader(conn)
				for {
					line, err := rest.ReadString('\n')
					if err != nil {
						return
					}
					if strings.TrimRight(line, "\r\n") == "" {
						break
					}
				}
				serve(conn.(*net.TCPConn), rest)
			}()
		}
	}()
	return listener.Addr().String()
}

// says answers each connection with these bytes, and then closes it.
func says(text string) func(*net.TCPConn, *bufio.Reader) {
	return func(conn *net.TCPConn, _ *bufio.Reader) { _, _ = io.WriteString(conn, text) }
}

const badGateway = `{"code":"BAD_GATEWAY","message":"The application did not answer properly","requestId":"req-1"}` + "\n"

func TestApplicationsThatDoNotSpeakHTTPAreBadGateways(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":                              "",
		"half a status line":                   "HTTP/1.1 2",
		"half a header":                        "HTTP/1.1 200 OK\r\nContent-Le",
		"another protocol":                     "220 mail.example ESMTP\r\n",
		"a page without a status line":         "<html>hello</html>",
		"frames of HTTP/2":                     "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"a status that is none":                "HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
		"a status below all":                   "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
		"a status of four digits":              "HTTP/1.1 2000 High\r\nContent-Length: 0\r\n\r\n",
		"a line without a colon":               "HTTP/1.1 200 OK\r\nhello\r\n\r\n",
		"lengths that differ":                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"a length that is none":                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a length with a sign":                 "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
		"a coding that nobody knows":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
		"codings in two lines":                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a header without end":                 "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("a", 1000)+"\r\n", 2000),
		"a protocol that nobody asked for":     "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"interim answers and then nothing":     "HTTP/1.1 103 Early Hints\r\n\r\n",
		"an interim answer that is no message": "HTTP/1.1 103 Early Hints\r\nX\r\n\r\n",
	} {
		for _, scheme := range []string{"http", "h2c"} {
			t.Run(name+", "+scheme, func(t *testing.T) {
				t.Parallel()
				address := rawApp(t, says(answer))
				f := start(t, setup{change: func(c *Config) { c.Upstream.URL = scheme + "://" + address }})
				res, body := f.get(t, "POST", "/", asAnn)
				if res.StatusCode != 502 || body != badGateway {
					t.Errorf("%d %s", res.StatusCode, body)
				}
				if o := f.outcome(t); o.Reason != "upstream" || o.Err == nil {
					t.Errorf("outcome %+v", o)
				}
			})
		}
	}
}

func TestOddAnswersArriveInOneReading(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ answer, body, length string }{
		"lines that end in a line feed alone": {"HTTP/1.1 200 OK\nContent-Length: 2\nX-A: b\n\nok", "ok", "2"},
		"a length and chunks":                 {"HTTP/1.1 200 OK\r\nContent-Length: 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", ""},
		"the same length twice":               {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "ok", "2"},
		"a body without length":               {"HTTP/1.1 200 OK\r\n\r\nok", "ok", ""},
		"more than the length":                {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok HTTP/1.1 200 OK\r\n\r\n", "ok", "2"},
		"a blank before the colon":            {"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nok", "ok", ""}, // RFC 9112 §5.1: it is taken away
		"a name with a blank":                 {"HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nok", "ok", "2"},
		"HTTP/1.0":                            {"HTTP/1.0 200 OK\r\n\r\nok", "ok", ""},
		"a folded line":                       {"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok", "ok", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := rawApp(t, says(row.answer))
			f := start(t, setup{change: func(c *Config) { c.Upstream.URL = "http://" + address }})
			conn := f.dial(t)
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n"+asAnn+"\r\n\r\n")
			all, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(string(all), "\r\n\r\n")
			if strings.Contains(strings.ReplaceAll(head, "\r\n", ""), "\n") || strings.Contains(head, "\r\n ") || strings.Contains(head, " :") || strings.Contains(head, "X A") {
				t.Errorf("lines of the answer: %q", head)
			}
			res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(all))), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != row.body || res.Header.Get("Content-Length") != row.length {
				t.Errorf("body %q, %v, length %q", body, err, res.Header.Get("Content-Length"))
			}
		})
	}
}

// What an application says without having been asked must not become the answer to somebody else's request.
func TestUnaskedAnswersAreNobodys(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	address := rawApp(t, func(conn *net.TCPConn, rest *bufio.Reader) {
		if connections.Add(1) == 1 {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"+"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
			_, _ = io.Copy(io.Discard, rest) // until Postern has closed it
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecond")
	})
	f := start(t, setup{change: func(c *Config) { c.Upstream.URL = "http://" + address }})
	for _, want := range []string{"first", "second", "second"} {
		if res, body := f.get(t, "GET", "/", asAnn); res.StatusCode != 200 || body != want {
			t.Errorf("%d %q, want %q", res.StatusCode, body, want)
		}
	}
}

func TestApplicationsThatGoOnForeverAreEnded(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		serve func(*net.TCPConn, *bufio.Reader)
		body  bool // it reads
	}{
		"silent": {func(_ *net.TCPConn, rest *bufio.Reader) { _, _ = io.Copy(io.Discard, rest) }, true},
		"silent, having closed its side in part": {func(conn *net.TCPConn, rest *bufio.Reader) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			_, _ = io.Copy(io.Discard, rest)
		}, true},
		"interim answers without end": {func(conn *net.TCPConn, _ *bufio.Reader) {
			for {
				if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"); err != nil {
					return
				}
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := rawApp(t, row.serve)
			f := start(t, setup{change: func(c *Config) {
				c.Upstream.URL, c.Upstream.ResponseHeaderTimeout = "http://"+address, 300*time.Millisecond
			}})
			conn := f.dial(t)
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\n\r\n")
			reader, interim := bufio.NewReader(conn), 0
			for {
				res, err := http.ReadResponse(reader, nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.StatusCode == http.StatusEarlyHints {
					interim++
					continue
				}
				if body, _ := io.ReadAll(res.Body); res.StatusCode != 504 || !strings.Contains(string(body), `"code":"GATEWAY_TIMEOUT"`) || !strings.Contains(string(body), "req-1") {
					t.Errorf("%d %s", res.StatusCode, body)
				}
				break
			}
			if interim > maxInterim || strings.HasPrefix(name, "interim") && interim == 0 {
				t.Errorf("%d interim answers", interim)
			}
		})
	}
}

// An application may answer before it has read all, as it does with a body that it finds too large, and then close.
func TestEarlyAnswersArriveThoughTheBodyDoesNot(t *testing.T) {
	t.Parallel()
	address := rawApp(t, func(conn *net.TCPConn, rest *bufio.Reader) {
		_, _ = io.CopyN(io.Discard, rest, 10)
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large")
		_ = conn.CloseWrite()
		_, _ = io.CopyN(io.Discard, rest, 1<<20) // no reset that overtakes the answer
	})
	f := start(t, setup{change: func(c *Config) { c.Upstream.URL = "http://" + address }})
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 100000000\r\n"+asAnn+"\r\n\r\n"+strings.Repeat("a", 1000))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 413 || string(body) != "too large" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// An application that closes in the middle of a body has failed, not the client.
func TestAnApplicationThatStopsReadingIsABadGateway(t *testing.T) {
	t.Parallel()
	address := rawApp(t, func(conn *net.TCPConn, rest *bufio.Reader) {
		_, _ = io.CopyN(io.Discard, rest, 1000)
		_ = conn.SetLinger(0)
	})
	f := start(t, setup{change: func(c *Config) { c.Upstream.URL = "http://" + address }})
	for _, length := range []int64{200_000, -1} { // little enough for net/http to throw the rest away, and not to reset the connection
		// Not net/http's client, which may report that it could not write on instead of the answer that has come.
		conn := f.dial(t)
		go func() {
			body, framing := strings.Repeat("a", 200_000), "Content-Length: 200000"
			if length < 0 {
				body, framing = "30d40\r\n"+body+"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"
			}
			_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: app.example\r\n"+framing+"\r\n"+asAnn+"\r\n\r\n"+body)
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 502 || string(body) != badGateway {
			t.Errorf("length %d: %d %s", length, res.StatusCode, body)
		}
	}
}

// endless is the letter a.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// What the log says of an application stays there.
func TestNothingOfTheInsideIsInTheAnswer(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://127.0.0.1:1", "h2c://127.0.0.1:1", "https://127.0.0.1:1", "unix:/nonexistent/app.sock", "http://name.invalid:80"} {
		f := start(t, setup{change: func(c *Config) { c.Upstream.URL = address }})
		if err := f.proxy.LoadCertificates(); err != nil {
			t.Fatal(err)
		}
		res, body := f.get(t, "GET", "/", asAnn)
		if res.StatusCode != 502 || body != badGateway {
			t.Errorf("%s: %d %s", address, res.StatusCode, body)
		}
		for name, lines := range res.Header {
			if text := fmt.Sprint(name, lines); strings.Contains(text, "127.0.0.1:1") || strings.Contains(text, "invalid") || strings.Contains(text, "nonexistent") {
				t.Errorf("%s: %s", address, text)
			}
		}
	}
}
