package http1

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// conn is one connection. One request at a time uses it, on the goroutine that has it.
type conn struct {
	net.Conn
	transport *Transport
	raw       syscall.RawConn // nil when there is none
	probe     func(fd uintptr)
	sound     bool          // what probe found
	reader    *bufio.Reader // nil while idle
	abort     func()        // closes it
	uses      int
	idleSince time.Time

	// Of the request under way:
	ctx      context.Context
	release  func() bool // stops abort from being called; false when it was
	upload   *upload     // nil without a body
	limit    int64       // how much may still be read before the answer's header must have ended
	received bool        // a byte of an answer
	ended    bool        // the other end will send no more
	readErr  error       // of the connection

	mu       sync.Mutex
	waiting  bool // for the answer's header
	deadline bool // there is one for reading
}

// readers lends buffers, so that idle connections hold none.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

func newConn(t *Transport, nc net.Conn) *conn {
	c := &conn{Conn: nc, transport: t}
	c.abort = func() { _ = nc.Close() } // it is closed to be rid of it
	if reachable, ok := nc.(syscall.Conn); ok {
		if raw, err := reachable.SyscallConn(); err == nil {
			c.raw, c.probe = raw, c.look
		}
	}
	return c
}

// Read is what the answer's parser reads from.
func (c *conn) Read(p []byte) (int, error) {
	if c.limit <= 0 {
		return 0, fmt.Errorf("http1: header of the answer exceeds %d bytes", c.transport.MaxResponseHeaderBytes)
	}
	if int64(len(p)) > c.limit {
		p = p[:c.limit]
	}
	n, err := c.Conn.Read(p)
	c.limit -= int64(n)
	c.received = c.received || n > 0
	if err == io.EOF {
		c.ended = true
	} else if err != nil {
		c.readErr = err
	}
	return n, err
}

func (c *conn) roundTrip(r *http.Request, head []byte) (*http.Response, *failure) {
	c.begin(r.Context())
	if n, err := c.Write(head); err != nil {
		return nil, c.fail(err, n > 0)
	}
	if r.Body != nil && r.Body != http.NoBody {
		c.upload = newUpload(c, r)
		go c.upload.run()
	} else {
		closeBody(r)
		c.expect()
	}
	res, err := c.readAnswer(r)
	if err != nil {
		return nil, c.fail(err, true)
	}
	return res, nil
}

func (c *conn) begin(ctx context.Context) {
	c.ctx, c.upload, c.received, c.waiting = ctx, nil, false, true
	c.uses++
	c.reader = readers.Get().(*bufio.Reader)
	c.reader.Reset(c)
	c.limit = c.transport.MaxResponseHeaderBytes
	c.release = context.AfterFunc(ctx, c.abort)
}

// expect starts the time for the answer's header, unless it is there.
func (c *conn) expect() {
	if c.transport.ResponseHeaderTimeout <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		_ = c.SetReadDeadline(time.Now().Add(c.transport.ResponseHeaderTimeout)) // fails on a closed connection, as reading will
		c.deadline = true
	}
}

// headerRead ends the limits of the header: what follows may take its time.
func (c *conn) headerRead() {
	c.limit = math.MaxInt64
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	if c.deadline {
		_ = c.SetReadDeadline(time.Time{}) // see expect
		c.deadline = false
	}
}

// fail closes the connection and says what went wrong.
func (c *conn) fail(err error, written bool) *failure {
	c.discard()
	return &failure{err: c.cause(err), written: written, answered: c.received, bodyTaken: c.upload != nil}
}

// cause is the reason behind an error: whoever closes a connection makes reading fail with one that says nothing.
func (c *conn) cause(err error) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if c.upload != nil {
		if failed := c.upload.bodyError(); failed != nil {
			return failed
		}
	}
	if c.readErr != nil {
		return c.readErr // a parser that is left with half a line calls it malformed
	}
	return err
}

// finish gives the connection back after an answer was read to its end.
func (c *conn) finish(keep bool) {
	if !keep || c.ended || c.raw == nil || c.reader.Buffered() > 0 {
		c.discard()
		return
	}
	if c.upload != nil && !c.upload.awaitEnd() {
		c.discard()
		return
	}
	c.keep()
}

func (c *conn) keep() {
	if !c.release() {
		c.discard() // it is being closed
		return
	}
	c.reader.Reset(nil)
	readers.Put(c.reader)
	c.reader, c.ctx, c.release, c.upload = nil, nil, nil, nil
	c.transport.idle.put(c)
}

// discard closes the connection. Its buffer is left to the collector: somebody may be reading still.
func (c *conn) discard() {
	if c.release != nil {
		c.release()
	}
	c.abort()
}
