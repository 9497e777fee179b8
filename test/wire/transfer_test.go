package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// client is one that speaks HTTP/2 without TLS, or HTTP/1.1.
func client(h2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetUnencryptedHTTP2(h2)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

// warehouse gives out and takes in as much as one wants.
func warehouse(t *testing.T) *httptest.Server {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			_, _ = fmt.Fprint(w, n)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.Copy(w, io.LimitReader(letters{}, gigabyte))
	}))
	t.Cleanup(app.Close)
	return app
}

const gigabyte = 1 << 30

// Neither a body nor an answer is kept in memory, of whatever length it is and whatever its framing.
func TestAGigabytePassesEachWayInConstantMemory(t *testing.T) {
	s := newStack(t, map[string]string{"upstream.url": warehouse(t).URL})
	for _, h2 := range []bool{false, true} {
		c := client(h2)
		begin := time.Now()
		s.wantBounded(t, func() {
			res, err := c.Get(s.URL + "/public/down")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if n, err := io.Copy(io.Discard, res.Body); err != nil || n != gigabyte {
				t.Errorf("h2 %v: %d bytes came, %v", h2, n, err)
			}
		})
		t.Logf("h2 %v: down in %s", h2, time.Since(begin).Round(time.Millisecond))
		begin = time.Now()
		s.wantBounded(t, func() {
			res, err := c.Post(s.URL+"/public/up", "application/octet-stream", io.LimitReader(letters{}, gigabyte))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if text, err := io.ReadAll(res.Body); err != nil || string(text) != fmt.Sprint(gigabyte) {
				t.Errorf("h2 %v: %s bytes arrived, %v", h2, text, err)
			}
		})
		t.Logf("h2 %v: up in %s", h2, time.Since(begin).Round(time.Millisecond))
	}
}

// The time of the first byte depends on the machine, and is shown; that it comes before the second is tested.
func TestTheFirstByteOfAnEventStreamComesAtOnce(t *testing.T) {
	next := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: first\n\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-next:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(app.Close)
	s := newStack(t, map[string]string{"upstream.url": app.URL})
	first := func(c *http.Client, base string) time.Duration {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/private/events", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cookie", s.cookie)
		begin := time.Now()
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != "data: first\n" {
			t.Fatalf("%q, %v", line, err)
		}
		return time.Since(begin)
	}
	const rounds = 200
	for name, row := range map[string]struct {
		h2   bool
		base string
	}{"directly": {false, app.URL}, "through Postern": {false, s.URL}, "through Postern, HTTP/2": {true, s.URL}} {
		c, took := client(row.h2), make([]time.Duration, rounds)
		for i := range took {
			took[i] = first(c, row.base)
		}
		slices.Sort(took)
		t.Logf("first byte %s: median %s, 99 of 100 within %s", name, took[rounds/2].Round(time.Microsecond), took[rounds*99/100].Round(time.Microsecond))
	}
	close(next)
}

// A client may end its side of a WebSocket or of a connection; the other side goes on.
func TestHalfClosedTunnelsGoOn(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		said, _ := io.ReadAll(in) // until the client has ended its side
		_, _ = fmt.Fprintf(conn, "you said %s", said)
	}()
	s := newStack(t, map[string]string{"upstream.url": "http://" + listener.Addr().String()})
	conn := s.dial(t)
	_, _ = io.WriteString(conn, "GET /public/ws HTTP/1.1\r\nHost: postern.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(conn)
	if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", res, err)
	}
	_, _ = io.WriteString(conn, "goodbye")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(in); err != nil || string(answer) != "you said goodbye" {
		t.Errorf("%q, %v", answer, err)
	}
}
