package http1_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"testing"

	"github.com/posternhq/postern/proxy/http1"
)

// FuzzAnswersAreReadAsByNetHTTP gives the same bytes to both transports. Either both refuse them, or both read the same: interim answers,
// status, header, body, whether it is whole, trailers.
func FuzzAnswersAreReadAsByNetHTTP(f *testing.F) {
	for _, seed := range []string{
		hello, empty, "", "HTTP/1.1 200 OK\r\n\r\nhello",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
		"HTTP/1.1 200 OK\r\nX-A: 1\r\n\tfolded\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + hello,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\nhello",
		"HTTP/1.1 099 Odd\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 999 Odd\r\n\r\n", "HTTP/9.1 200 OK\r\n\r\n",
		"HTTP/1.1 200\r\nConnection: close, keep-alive\r\n\r\nhello", hello + hello,
	} {
		f.Add(seed, byte(0))
		f.Add(seed, byte(1))
	}
	f.Fuzz(func(t *testing.T, answer string, which byte) {
		method := []string{http.MethodGet, http.MethodHead, http.MethodPost}[which%3]
		dial := func(context.Context) (net.Conn, error) { return speaking(answer), nil }
		standard := &http.Transport{
			DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableCompression:     true,
			MaxResponseHeaderBytes: 16 << 10,
		}
		defer standard.CloseIdleConnections()
		ours := &http1.Transport{Dial: dial, Standard: unexpected{t}, MaxResponseHeaderBytes: 16 << 10}
		want, got := read(t, standard, method), read(t, ours, method)
		if got != want {
			t.Errorf("%s answered by %q\nis read as  %s\nby net/http %s", method, answer, got, want)
		}
	})
}

// speaking is a connection on which a request is answered so, and which is closed then.
func speaking(answer string) net.Conn {
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		r, err := http.ReadRequest(bufio.NewReader(far))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(far, answer)
	}()
	return near
}

// read puts into words what became of a request. That an answer is refused counts, not in which words.
func read(t *testing.T, transport http.RoundTripper, method string) string {
	text := ""
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		text += fmt.Sprintf("%d %v, ", code, h)
		return nil
	}}
	r := newRequest(t, method, "/", nil)
	res, err := transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return text + "refused"
	}
	defer res.Body.Close()
	text += fmt.Sprintf("%s %s %d %v %v %d %v", res.Proto, res.Status, res.StatusCode, res.Header, res.TransferEncoding, res.ContentLength, res.Close)
	if res.StatusCode == http.StatusSwitchingProtocols {
		return text // what follows is no HTTP; http1 has closed the connection
	}
	body, err := io.ReadAll(res.Body)
	return text + fmt.Sprintf(" %q %v %v", body, res.Trailer, err)
}
