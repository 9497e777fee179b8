package proxy

import (
	"io"
	"net/http"

	"golang.org/x/net/http/httpguts"
)

// passTrailers lets those trailers of a request through that mean nothing to Postern or to the framing of messages. They come
// after the decision, and an application may merge them into the header (RFC 9110 §6.5.1): what a client may not say
// there it may not say here (D25). Names that were not announced (§6.6.2) do not pass, whatever they are.
func (p *Proxy) passTrailers(x *exchange, out *http.Request) {
	out.Trailer = nil
	if len(x.in.Trailer) == 0 || out.Body == nil {
		return
	}
	for name := range x.in.Trailer {
		if p.mayTrail(name) {
			if out.Trailer == nil {
				out.Trailer = make(http.Header, len(x.in.Trailer))
			}
			out.Trailer[name] = nil
		}
	}
	if out.Trailer == nil {
		return
	}
	out.ContentLength = -1 // with a length, HTTP/1.1 has no place for them
	out.Body = &trailedBody{out.Body, x.in.Trailer, out.Trailer}
}

func (p *Proxy) mayTrail(name string) bool {
	return httpguts.ValidTrailerHeader(name) && name != "Cookie" && name != "Origin" && !p.stripper.protects(name)
}

// trailedBody hands on the values of announced trailers, which are there once the body has been read.
type trailedBody struct {
	io.ReadCloser
	from, to http.Header
}

func (b *trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		for name := range b.to {
			b.to[name] = b.from[name]
		}
	}
	return n, err
}

// trailerGuard removes Set-Cookie from an answer's trailers, which are complete only after the body. It is never allowed there
// (RFC 9110 §6.5.1), yet an intermediary may merge trailers into the header.
type trailerGuard struct {
	io.ReadCloser
	res *http.Response
}

func (g *trailerGuard) Close() error {
	err := g.ReadCloser.Close()
	delete(g.res.Trailer, "Set-Cookie")
	return err
}

// guardTrailers looks only at answers that can have trailers: chunked ones, and any on HTTP/2.
func guardTrailers(res *http.Response) {
	if res.ContentLength >= 0 && res.ProtoMajor < 2 {
		return
	}
	delete(res.Trailer, "Set-Cookie")
	res.Body = &trailerGuard{res.Body, res}
}
