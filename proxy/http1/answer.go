package http1

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync/atomic"
)

// readAnswer reads interim answers (RFC 9110 §15.2), of which the context's httptrace.ClientTrace hears, and the answer.
func (c *conn) readAnswer(r *http.Request) (*http.Response, error) {
	for {
		res, err := http.ReadResponse(c.reader, r)
		if err != nil {
			return nil, err
		}
		if res.StatusCode >= 200 || res.StatusCode < 100 || res.StatusCode == http.StatusSwitchingProtocols {
			c.headerRead()
			c.take(r, res)
			return res, nil
		}
		if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header)); err != nil {
				return nil, err
			}
			c.limit = c.transport.MaxResponseHeaderBytes // who is told of each may count them
		}
	}
}

// take makes the answer's body give the connection back. An answer below 200 that is the last was not asked for, and what follows it is
// no HTTP any more.
func (c *conn) take(r *http.Request, res *http.Response) {
	keep := !res.Close && !r.Close && res.StatusCode >= 200
	if r.Method == http.MethodHead || res.ContentLength == 0 {
		res.Body = http.NoBody
		c.finish(keep)
		return
	}
	res.Body = &body{ReadCloser: res.Body, conn: c, keep: keep}
}

// body is that of an answer.
type body struct {
	io.ReadCloser
	conn *conn
	keep bool
	over atomic.Bool
	err  error // why Read ended
}

// Read gives the connection back at the end, and closes it on an error.
func (b *body) Read(p []byte) (int, error) {
	if b.over.Load() {
		return 0, cmp.Or(b.err, http.ErrBodyReadAfterClose)
	}
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		err = b.conn.cause(err)
	}
	b.err = err
	if b.over.CompareAndSwap(false, true) {
		if err == io.EOF {
			b.conn.finish(b.keep)
		} else {
			b.conn.discard()
		}
	}
	return n, err
}

// Close closes the connection, unless the body was read to its end: to read on might take forever.
func (b *body) Close() error {
	if b.over.CompareAndSwap(false, true) {
		b.conn.discard()
	}
	return nil
}
