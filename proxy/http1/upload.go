package http1

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// upload sends the body of a request while its answer may be coming already.
type upload struct {
	conn    *conn
	body    io.ReadCloser
	length  int64 // -1: in chunks
	trailer http.Header
	done    chan struct{}
	// What went wrong, before done is closed.
	mu       sync.Mutex
	readErr  error // with the body
	writeErr error // with the connection
}

func newUpload(c *conn, r *http.Request) *upload {
	u := &upload{conn: c, body: r.Body, length: r.ContentLength, done: make(chan struct{})}
	if isChunked(r) {
		u.length, u.trailer = -1, r.Trailer
	}
	return u
}

// uploadBuffers lends buffers with room for the size of a chunk before it, and the line's end after it.
var uploadBuffers = sync.Pool{New: func() any { return new([uploadBuffer]byte) }}

const (
	uploadBuffer = 32 << 10
	chunkSize    = 8 // of which six are needed for uploadBuffer
)

var (
	errBodyShort = errors.New("http1: request body is shorter than its Content-Length")
	errBodyLong  = errors.New("http1: request body is longer than its Content-Length")
)

// run sends it to its end. A body that cannot be read ends the exchange, since the application would wait for the rest. An application that reads
// no further may well have answered, so that reading goes on.
func (u *upload) run() {
	defer close(u.done)
	buffer := uploadBuffers.Get().(*[uploadBuffer]byte)
	defer uploadBuffers.Put(buffer)
	var err error
	if u.length < 0 {
		err = u.sendChunks(buffer[:])
	} else {
		err = u.sendBytes(buffer[:])
	}
	_ = u.body.Close() // what it held is sent or of no use
	if err != nil {
		u.fail(err)
		return
	}
	u.conn.expect()
}

type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

func (u *upload) fail(err error) {
	var body bodyError
	u.mu.Lock()
	if errors.As(err, &body) {
		u.readErr = body.error
	} else {
		u.writeErr = err
	}
	u.mu.Unlock()
	if u.readErr != nil {
		u.conn.abort()
		return
	}
	u.conn.expect() // for what may have been said before
}

func (u *upload) sendBytes(buffer []byte) error {
	for left := u.length; left > 0; {
		n, err := u.body.Read(buffer[:min(int64(len(buffer)), left)])
		if n > 0 {
			if _, failed := u.conn.Write(buffer[:n]); failed != nil {
				return failed
			}
			left -= int64(n)
		}
		switch {
		case err == io.EOF && left > 0:
			return bodyError{errBodyShort}
		case err == io.EOF:
			return nil
		case err != nil:
			return bodyError{err}
		}
	}
	// Whoever wrote the body hears that it was read to its end.
	n, err := io.ReadFull(u.body, buffer[:1])
	switch {
	case n > 0:
		return bodyError{errBodyLong}
	case err != io.EOF:
		return bodyError{err}
	}
	return nil
}

// sendChunks sends what was read as soon as it was read (RFC 9112 §7.1).
func (u *upload) sendChunks(buffer []byte) error {
	const hex = "0123456789abcdef"
	for {
		room := buffer[chunkSize : len(buffer)-2]
		n, err := u.body.Read(room)
		if n > 0 {
			start := chunkSize - 2
			copy(buffer[start:], "\r\n")
			for size := n; size > 0; size >>= 4 {
				start--
				buffer[start] = hex[size&15]
			}
			copy(buffer[chunkSize+n:], "\r\n")
			if _, failed := u.conn.Write(buffer[start : chunkSize+n+2]); failed != nil {
				return failed
			}
		}
		if err == io.EOF {
			return u.sendTrailer(buffer)
		}
		if err != nil {
			return bodyError{err}
		}
	}
}

func (u *upload) sendTrailer(buffer []byte) (err error) {
	b := append(buffer[:0], "0\r\n"...)
	for name, values := range u.trailer {
		if b, err = appendLines(b, http.CanonicalHeaderKey(name), values); err != nil {
			return bodyError{err}
		}
	}
	_, err = u.conn.Write(append(b, "\r\n"...))
	return err
}

// maxUploadWait is how long the end of an answer waits for the end of its request.
const maxUploadWait = 50 * time.Millisecond

// awaitEnd tells whether all was sent. The answer may be here before it is known that the request is through; and a server's handler that returns
// while its request is being read would have net/http read from two sides.
func (u *upload) awaitEnd() bool {
	select {
	case <-u.done:
	default:
		timer := time.NewTimer(maxUploadWait)
		defer timer.Stop()
		select {
		case <-u.done:
		case <-timer.C:
			return false
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.readErr == nil && u.writeErr == nil
}

func (u *upload) bodyError() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.readErr
}
