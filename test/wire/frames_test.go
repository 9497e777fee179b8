package wire

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// field is a header field of HTTP/2, as it is sent.
type field = hpack.HeaderField

// fields makes them of "name: value" lines; a pseudo-field begins with a colon, too.
func fields(lines ...string) (list []field) {
	for _, line := range lines {
		at := strings.Index(line[1:], ":") + 1
		list = append(list, field{Name: line[:at], Value: strings.TrimPrefix(line[at+1:], " ")})
	}
	return list
}

// get begins a request.
func get(path string, more ...string) []field {
	return fields(append([]string{":method: GET", ":scheme: http", ":authority: postern.test", ":path: " + path}, more...)...)
}

// frames is a connection of HTTP/2 (prior knowledge) that sends whatever it is told to.
type frames struct {
	*http2.Framer
	conn    net.Conn
	buffer  bytes.Buffer
	encoder *hpack.Encoder
	next    uint32
}

// http2 opens a connection and says hello.
func (s *stack) http2(t *testing.T) *frames {
	t.Helper()
	f := newFrames(s.dial(t))
	f.hello(t)
	return f
}

func newFrames(conn net.Conn) *frames {
	f := &frames{Framer: http2.NewFramer(conn, conn), conn: conn, next: 1}
	f.AllowIllegalWrites = true
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	f.encoder = hpack.NewEncoder(&f.buffer)
	return f
}

func (f *frames) hello(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(f.conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
}

// block encodes a header block.
func (f *frames) block(list []field) []byte {
	f.buffer.Reset()
	for _, one := range list {
		_ = f.encoder.WriteField(one) // into memory
	}
	return bytes.Clone(f.buffer.Bytes())
}

// open sends a header block on a new stream. Writing fails where the other side has closed the connection, which the reader then
// sees.
func (f *frames) open(list []field, end bool) (stream uint32) {
	stream = f.next
	f.next += 2
	const most = 16 << 10 // in a frame (RFC 9113 §6.5.2)
	block := f.block(list)
	first := block[:min(most, len(block))]
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndHeaders: len(first) == len(block), EndStream: end})
	for block = block[len(first):]; len(block) > 0; {
		next := block[:min(most, len(block))]
		block = block[len(next):]
		_ = f.WriteContinuation(stream, len(block) == 0, next)
	}
	return stream
}

// frameOf ends a stream with a header block: trailers.
func frameOf(stream uint32, block []byte) http2.HeadersFrameParam {
	return http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true, EndStream: true}
}

// await reads until a stream, or the connection, has ended. A stream that was reset has the status 0.
func (f *frames) await(stream uint32) (r reply) {
	r.header = http.Header{}
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return reply{}
		}
		if frame.Header().StreamID != stream {
			if settings, ok := frame.(*http2.SettingsFrame); ok && !settings.IsAck() {
				_ = f.WriteSettingsAck()
			}
			continue
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			for _, one := range frame.Fields {
				if one.Name == ":status" {
					r.status, _ = strconv.Atoi(one.Value)
				} else {
					r.header.Add(one.Name, one.Value)
				}
			}
			if r.status >= 100 && r.status < 200 {
				r.interim, r.header = append(r.interim, r.header), http.Header{}
			}
			if frame.StreamEnded() {
				return r
			}
		case *http2.DataFrame:
			r.body += string(frame.Data())
			if frame.StreamEnded() {
				return r
			}
		case *http2.RSTStreamFrame:
			return reply{}
		}
	}
}

// roundTrip sends a request on a connection of its own.
func (s *stack) roundTrip(t *testing.T, list []field, body string) reply {
	t.Helper()
	f := s.http2(t)
	stream := f.open(list, body == "")
	if body != "" {
		_ = f.WriteData(stream, true, []byte(body))
	}
	return f.await(stream)
}
