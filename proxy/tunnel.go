package proxy

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Hijack is called by ReverseProxy when the protocol is switched.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err != nil || x.watch.shard == nil {
		return conn, buffered, err
	}
	t := &tunnel{Conn: conn}
	x.proxy.options.Streams.tunnelOpened(x, t)
	return t, buffered, nil
}

// tunnel is the client's connection after it has become a WebSocket. It follows the frames that are sent to the client, so that
// it can be told goodbye between two of them.
type tunnel struct {
	net.Conn
	ending bool // guarded by the exchange's shard

	ended  atomic.Bool
	mu     sync.Mutex // held while writing
	frames frames
}

// goodbyeTime is how long a client may take for what is left to be said, and to answer it.
const goodbyeTime = time.Second

// closeCodes are those of RFC 6455 §7.4.1: policy violation, and going away.
var closeCodes = map[Ending]uint16{SessionEnded: 1008, NoLongerAllowed: 1008, SessionUnknown: 1008, Draining: 1001}

// Write passes on what the application sends, until the tunnel is ended.
func (t *tunnel) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended.Load() {
		return 0, errEnded
	}
	n, err := t.Conn.Write(p)
	t.frames.pass(p[:n])
	return n, err
}

// Read passes on what the client sends, until the tunnel is ended. Then it waits for the client to leave.
func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	for t.ended.Load() {
		if err != nil {
			return 0, io.EOF
		}
		_, err = t.Conn.Read(p)
	}
	return n, err
}

// CloseWrite tells the client that nothing more will come.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close lets a client that was told goodbye read it. A connection that is closed while bytes from the client lie unread is reset,
// and what was sent last may be lost with it.
func (t *tunnel) Close() error {
	if t.ended.Load() {
		_, _ = io.Copy(io.Discard, t.Conn) // until the deadline at the latest
	}
	return t.Conn.Close()
}

// end stops both directions, and says why if no frame was cut.
func (t *tunnel) end(why Ending) {
	deadline := time.Now().Add(goodbyeTime)         // deadlines of sockets are in real time
	if err := t.SetDeadline(deadline); err != nil { // it has closed
		return
	}
	t.ended.Store(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frames.between() {
		reason := why.String()
		frame := append([]byte{0x88, byte(2 + len(reason))}, 0, 0) // final, close, not masked
		binary.BigEndian.PutUint16(frame[2:], closeCodes[why])
		_, _ = t.Conn.Write(append(frame, reason...)) // a client that left needs no goodbye
	}
	_ = t.CloseWrite()
}

// frames follows where frames begin and end (RFC 6455 §5.2) in bytes that pass by.
type frames struct {
	head    [14]byte // of the frame that has begun
	have    int      // bytes of head
	payload uint64   // bytes that are still to come
	closed  bool     // a close frame has begun, after which none may follow
}

const opcodeClose = 8

// between tells whether another frame may be sent now.
func (f *frames) between() bool { return f.have == 0 && f.payload == 0 && !f.closed }

func (f *frames) pass(p []byte) {
	for len(p) > 0 {
		if f.payload > 0 {
			n := min(uint64(len(p)), f.payload)
			f.payload -= n
			p = p[n:]
			continue
		}
		f.head[f.have] = p[0]
		f.have++
		p = p[1:]
		if f.have >= 2 && f.have == f.headSize() {
			f.begin()
		}
	}
}

func (f *frames) headSize() int {
	size := 2
	switch f.head[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.head[1]&0x80 != 0 {
		size += 4 // the mask
	}
	return size
}

func (f *frames) begin() {
	switch length := f.head[1] & 0x7f; length {
	case 126:
		f.payload = uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 127:
		f.payload = binary.BigEndian.Uint64(f.head[2:])
	default:
		f.payload = uint64(length)
	}
	f.closed = f.closed || f.head[0]&0x0f == opcodeClose
	f.have = 0
}
