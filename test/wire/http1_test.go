package wire

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// reply is the answer to a request, or none.
type reply struct {
	status  int // 0 when the connection, or the stream, was ended without an answer
	header  http.Header
	body    string
	interim []http.Header
}

// dial opens a connection that ends with the test.
func (s *stack) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// silence is how long nothing has to come for send to take it that nothing will. A machine that is slower makes a test of what must
// not happen see less, and fails none.
const silence = 300 * time.Millisecond

// send writes bytes to a connection of their own and returns all answers, until the connection ends or is silent. This side stays
// open: to net/http, a client that has closed its side has left.
func (s *stack) send(t *testing.T, bytes string) (replies []reply) {
	t.Helper()
	conn := s.dial(t)
	_, _ = io.WriteString(conn, bytes) // it may be refused before its end
	in := bufio.NewReader(conn)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(silence))
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return replies
		}
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode >= 200 {
			replies = append(replies, reply{status: res.StatusCode, header: res.Header, body: string(body)})
		}
	}
}

// ask sends a head and reads one answer, while the connection stays open.
func (s *stack) ask(t *testing.T, head string) reply {
	t.Helper()
	return exchange(t, s.dial(t), head)
}

// exchange is ask on any connection.
func exchange(t *testing.T, conn net.Conn, head string) reply {
	t.Helper()
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	in, r := bufio.NewReader(conn), reply{}
	for {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return reply{}
		}
		if res.StatusCode < 200 {
			r.interim = append(r.interim, res.Header)
			continue
		}
		body, _ := io.ReadAll(res.Body)
		for name, values := range res.Trailer {
			res.Header[name] = append(res.Header[name], values...)
		}
		r.status, r.header, r.body = res.StatusCode, res.Header, string(body)
		return r
	}
}
