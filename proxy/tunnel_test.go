package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
)

// frame is one as a server sends it.
func frame(opcode byte, payload []byte) []byte {
	f := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		f = append(f, byte(n))
	case n < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 127), uint64(n))
	}
	return append(f, payload...)
}

// speaks is an application that switches to WebSocket, says what it is told, and waits for the other side to leave.
func speaks(first []byte, gone chan<- []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = rw.Write(first)
		_ = rw.Flush()
		heard, _ := io.ReadAll(rw)
		gone <- heard
	})
}

func TestWebSocketsEndWithTheirSession(t *testing.T) { // users-ask 37
	t.Parallel()
	whole := frame(1, bytes.Repeat([]byte("x"), 300))
	goodbye := frame(8, append([]byte{0x03, 0xf0}, "session_ended"...)) // 1008
	for name, c := range map[string]struct{ sent, then []byte }{
		"between frames":        {whole, goodbye},
		"before the first":      {nil, goodbye},
		"within a frame":        {whole[:200], nil},
		"within a head":         {whole[:3], nil},
		"after the application": {frame(8, []byte{0x03, 0xe8}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, gone := watched(t, StreamOptions{}), make(chan []byte, 1)
			f := start(t, setup{app: speaks(c.sent, gone), options: Options{Streams: l.streams}})
			conn, reader, res := open(t, f, upgrade+asAnn+"\r\n")
			if res.StatusCode != 101 {
				t.Fatal(res.Status)
			}
			if _, err := io.ReadFull(reader, make([]byte, len(c.sent))); err != nil {
				t.Fatal(err)
			}
			l.rechecked(t, "s-ann", 1)
			l.set("s-ann", nil)
			<-l.ended
			got, err := io.ReadAll(reader)
			if err != nil || !bytes.Equal(got, c.then) {
				t.Errorf("at the end: %x, %v; want %x", got, err, c.then)
			}
			_, _ = io.WriteString(conn, "too late")
			_ = conn.Close()
			if heard := <-gone; len(heard) > 0 {
				t.Errorf("the application heard %q", heard)
			}
			if o := f.outcome(t); o.Reason != "session_ended" || o.SessionID != "s-ann" {
				t.Errorf("outcome %+v", o)
			}
		})
	}
}

// TestWebSocketOfAClientThatDoesNotReadEnds: what it does not take must not hold up its end.
func TestWebSocketOfAClientThatDoesNotReadEnds(t *testing.T) {
	t.Parallel()
	l, gone := watched(t, StreamOptions{}), make(chan []byte, 1)
	f := start(t, setup{app: speaks(frame(2, make([]byte, 64<<20)), gone), options: Options{Streams: l.streams}})
	_, _, res := open(t, f, upgrade+asAnn+"\r\n")
	if res.StatusCode != 101 {
		t.Fatal(res.Status)
	}
	l.rechecked(t, "s-ann", 1)
	l.set("s-ann", nil)
	f.outcome(t)
}

func TestDrainEndsWebSocketsThatAreLeft(t *testing.T) {
	t.Parallel()
	l, gone := watched(t, StreamOptions{}), make(chan []byte, 2)
	f := start(t, setup{
		routes: []RouteConfig{{Path: "/**", Auth: "optional"}},
		app:    speaks(nil, gone), options: Options{Streams: l.streams},
	})
	var readers []*bufio.Reader
	for _, who := range []string{asAnn + "\r\n", ""} {
		_, reader, res := open(t, f, upgrade+who)
		if res.StatusCode != 101 {
			t.Fatal(res.Status)
		}
		readers = append(readers, reader)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if n := l.streams.Drain(over); n != 2 {
		t.Errorf("drained %d", n)
	}
	for _, reader := range readers {
		if got, err := io.ReadAll(reader); err != nil || !bytes.Equal(got, frame(8, append([]byte{0x03, 0xe9}, "draining"...))) { // 1001
			t.Errorf("at the end: %x, %v", got, err)
		}
	}
}

func TestDrainWaitsForWebSockets(t *testing.T) {
	t.Parallel()
	l, gone := watched(t, StreamOptions{}), make(chan []byte, 1)
	f := start(t, setup{app: speaks(nil, gone), options: Options{Streams: l.streams}})
	conn, _, _ := open(t, f, upgrade+asAnn+"\r\n")
	drained := make(chan int)
	go func() { drained <- l.streams.Drain(t.Context()) }()
	l.rechecked(t, "s-ann", 1)
	select {
	case <-drained:
		t.Fatal("the WebSocket was not waited for")
	default:
	}
	_ = conn.Close()
	if n := <-drained; n != 0 {
		t.Errorf("ended %d", n)
	}
}

// FuzzFrames: wherever the bytes are cut, the ends of frames are where they are.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("a"), uint16(300), uint32(70000), byte(3))
	f.Add([]byte{}, uint16(125), uint32(126), byte(1))
	f.Fuzz(func(t *testing.T, small []byte, medium uint16, large uint32, step byte) {
		sent := [][]byte{frame(1, small), frame(2, make([]byte, medium)), frame(9, nil), frame(2, make([]byte, large%(1<<18)))}
		ends := map[int]bool{0: true}
		var all []byte
		for _, one := range sent {
			all = append(all, one...)
			ends[len(all)] = true
		}
		var followed frames
		for at, n := 0, 0; at < len(all); at += n {
			if followed.between() != ends[at] {
				t.Fatalf("at %d of %d: between frames is %t", at, len(all), followed.between())
			}
			n = min(1+int(step), len(all)-at)
			followed.pass(all[at : at+n])
		}
		if !followed.between() {
			t.Fatal("at the end: within a frame")
		}
		followed.pass(frame(8, nil))
		if followed.between() {
			t.Fatal("something could follow a close frame")
		}
	})
}

var _ net.Conn = (*tunnel)(nil)
