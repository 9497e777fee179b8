package http1

import (
	"errors"
	"io"
	"net/http"
	"syscall"
)

// failure is what went wrong on a connection, and how far the request had got.
type failure struct {
	err       error
	written   bool // some of the request was
	answered  bool // some of an answer was received
	bodyTaken bool // the upload closes the request's body
}

// retry tells whether a request may be sent again after a connection failed that had been used before: most likely the other end closed it
// just then, for having been idle too long.
func (f *failure) retry(r *http.Request) bool {
	switch {
	case f.answered || r.Context().Err() != nil:
		return false
	case !f.written:
		return true
	}
	return isSafe(r.Method) && (r.Body == nil || r.Body == http.NoBody) && endedByPeer(f.err)
}

func endedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func isSafe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
