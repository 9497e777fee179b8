package http1

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"
)

// Transport is an http.RoundTripper for one address. Its fields must not be changed once it is used.
type Transport struct {
	// Dial opens a connection. One that is no syscall.Conn is used for one request only.
	Dial func(context.Context) (net.Conn, error)
	// Standard gets the requests that are not sent here.
	Standard interface {
		http.RoundTripper
		CloseIdleConnections()
	}
	// MaxIdle is how many unused connections are kept.
	MaxIdle int
	// IdleTimeout is how long an unused connection is kept. Zero keeps it until the other end closes it.
	IdleTimeout time.Duration
	// ResponseHeaderTimeout is how long the application may take from the end of a request, its body included, to the end of the
	// answer's header. Zero waits without limit.
	ResponseHeaderTimeout time.Duration
	// MaxResponseHeaderBytes bounds the header of an answer, and those of interim answers that nobody looks at.
	MaxResponseHeaderBytes int64

	idle idle
}

var _ http.RoundTripper = (*Transport)(nil)

// CloseIdleConnections closes the connections that are not in use, and those in use when they are given back.
func (t *Transport) CloseIdleConnections() {
	t.idle.closeAll()
	t.Standard.CloseIdleConnections()
}

// RoundTrip sends a request and returns its answer. The error is the context's cause where the context has ended, that of the request's body
// where reading it failed, and a net.Error with Timeout when the answer was not there in time.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !supported || !serves(r) {
		return t.Standard.RoundTrip(r)
	}
	buffer := headBuffers.Get().(*[]byte)
	defer headBuffers.Put(buffer)
	head, err := appendHead((*buffer)[:0], r)
	if cap(head) <= maxHeadBuffer {
		*buffer = head[:0]
	}
	if err != nil {
		closeBody(r)
		return nil, err
	}
	for {
		c, err := t.connect(r.Context())
		if err != nil {
			closeBody(r)
			return nil, err
		}
		res, failed := c.roundTrip(r, head)
		if failed == nil {
			return res, nil
		}
		if c.uses > 1 && failed.retry(r) {
			continue // ends with a connection that was not used before, at the latest
		}
		if !failed.bodyTaken {
			closeBody(r)
		}
		return nil, failed.err
	}
}

// connect takes an idle connection or opens one.
func (t *Transport) connect(ctx context.Context) (*conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if c := t.idle.take(t.IdleTimeout); c != nil {
		return c, nil
	}
	nc, err := t.Dial(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return newConn(t, nc), nil
}

// serves tells whether a request is one of every day.
func serves(r *http.Request) bool {
	if r.URL == nil || r.URL.Scheme != "http" || r.Method == http.MethodConnect {
		return false
	}
	if len(r.Header["Upgrade"]) > 0 || len(r.Header["Expect"]) > 0 || !isPlainHost(hostOf(r)) {
		return false
	}
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		return r.ContentLength == 0 || r.Body != nil
	case len(r.TransferEncoding) == 0:
		return r.ContentLength > 0 || !seldomHasBody(r.Method)
	}
	return len(r.TransferEncoding) == 1 && r.TransferEncoding[0] == "chunked"
}

// seldomHasBody names the methods with which an empty body of unknown length should be sent as none. To find that out takes waiting for
// its first byte, which the standard transport does.
func seldomHasBody(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, "PROPFIND", "SEARCH":
		return true
	}
	return false
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// isPlainHost leaves names that need encoding, and addresses with zones, to the standard transport.
func isPlainHost(host string) bool {
	for i := range len(host) {
		c := host[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-.:[]_", c) >= 0) {
			return false
		}
	}
	return host != ""
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // RoundTrip says what went wrong
	}
}
