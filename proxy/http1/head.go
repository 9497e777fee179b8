package http1

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// headBuffers lends what a request's head is put together in.
var headBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxHeadBuffer is how large a buffer may have grown and still be lent again.
const maxHeadBuffer = 64 << 10

var errTarget = errors.New("http1: request target contains a control character or space")

// appendHead appends the request line and the header.
func appendHead(b []byte, r *http.Request) ([]byte, error) {
	method, target := r.Method, r.URL.RequestURI()
	if method == "" {
		method = http.MethodGet
	}
	if !httpguts.ValidHeaderFieldName(method) {
		return b, fmt.Errorf("http1: %q is no method", method)
	}
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return b, errTarget
		}
	}
	b = append(append(b, method...), ' ')
	b = append(append(b, target...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, hostOf(r)...), "\r\n"...)
	if r.Close {
		b = append(b, "Connection: close\r\n"...)
	}
	b, err := appendFraming(b, r, method)
	if err != nil {
		return b, err
	}
	for name, values := range r.Header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
			continue // said by appendFraming
		case "User-Agent":
			if len(values) == 0 || values[0] == "" {
				continue // how httputil.ReverseProxy says that there is none
			}
			values = values[:1]
		case "Connection":
			if r.Close {
				continue
			}
		}
		if b, err = appendLines(b, name, values); err != nil {
			return b, err
		}
	}
	return append(b, "\r\n"...), nil
}

// appendFraming says where the body ends (RFC 9112 §6).
func appendFraming(b []byte, r *http.Request, method string) ([]byte, error) {
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		// RFC 9110 §8.6: a method that usually has a body says that there is none.
		if method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
			b = append(b, "Content-Length: 0\r\n"...)
		}
		return b, nil
	case !isChunked(r):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, r.ContentLength, 10)
		return append(b, "\r\n"...), nil
	}
	b = append(b, "Transfer-Encoding: chunked\r\n"...)
	if len(r.Trailer) == 0 {
		return b, nil
	}
	names := make([]string, 0, len(r.Trailer))
	for name := range r.Trailer {
		name = http.CanonicalHeaderKey(name)
		if name == "Transfer-Encoding" || name == "Content-Length" || name == "Trailer" || !httpguts.ValidHeaderFieldName(name) {
			return b, fmt.Errorf("http1: %q is no trailer", name) // RFC 9110 §6.5.1
		}
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, "Trailer: "...)
	return append(append(b, strings.Join(names, ", ")...), "\r\n"...), nil
}

// isChunked tells whether a body is sent in chunks: as it came, or since its length is not known.
func isChunked(r *http.Request) bool { return len(r.TransferEncoding) > 0 || r.ContentLength <= 0 }

func appendLines(b []byte, name string, values []string) ([]byte, error) {
	if !httpguts.ValidHeaderFieldName(name) {
		return b, fmt.Errorf("http1: %q is no name of a header", name)
	}
	for _, value := range values {
		if !validValue(value) {
			return b, fmt.Errorf("http1: value of header %s contains a control character", name)
		}
		b = append(append(b, name...), ": "...)
		b = append(append(b, strings.Trim(value, " \t")...), "\r\n"...)
	}
	return b, nil
}
