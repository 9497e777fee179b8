package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// slowestBody is the rate in bytes a second that a request body must keep up, on average, beyond the grace.
const slowestBody = 1 << 10

// errSlowBody ends the reading of a request body that arrived too slowly.
var errSlowBody = errors.New("request body arrived too slowly")

// pacedBody ends bodies that trickle (D97). It measures only the time spent waiting for the client: while the
// application does not read, the clock stands. A body that arrives at slowestBody is never cut, however long it is.
type pacedBody struct {
	io.ReadCloser
	control  *http.ResponseController
	grace    time.Duration
	received int64
	waited   time.Duration
	until    atomic.Int64 // the deadline of the Read under way or of the one that ran into it, in Unix nanoseconds; else 0
}

func (b *pacedBody) Read(p []byte) (int, error) {
	allowed := max(0, b.grace+time.Duration(b.received)*(time.Second/slowestBody)-b.waited)
	start := time.Now() // deadlines of sockets are in real time
	b.until.Store(start.Add(allowed).UnixNano())
	if allowed == 0 {
		return 0, errSlowBody
	}
	// A writer without deadlines belongs to a test or an adapter; there, the sum of what was waited has to do.
	_ = b.control.SetReadDeadline(start.Add(allowed))
	n, err := b.ReadCloser.Read(p)
	b.waited += time.Since(start)
	b.received += int64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The deadline stays. Somebody answers by now, net/http reads on in what is left before it closes the connection, and to lift
		// the deadline meanwhile would have it wait for ever.
		return n, errSlowBody
	}
	if err != nil {
		// From here on the server itself reads, to notice when the client leaves.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	b.until.Store(0)
	return n, err
}

// inboundBody marks what goes wrong with the client's body, such as chunks that are none: forwarding fails of it, and it must
// not be taken for a failure of the application. And it knows whether all of the body has been read.
type inboundBody struct {
	io.ReadCloser
	left     atomic.Int64 // bytes, where the length is known; else negative
	complete atomic.Bool
}

func newInboundBody(body io.ReadCloser, length int64) *inboundBody {
	b := &inboundBody{ReadCloser: body}
	b.left.Store(length)
	return b
}

type inboundError struct{ error }

func (e inboundError) Unwrap() error { return e.error }

func (b *inboundBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF || b.left.Add(-int64(n)) == 0 {
		b.complete.Store(true)
	}
	if err != nil && err != io.EOF { // never wrapped: it is an end, not an error
		err = inboundError{err}
	}
	return n, err
}

// tooSlow tells whether the body ran into its limit. net/http cancels the request's context when a read fails, before
// Read returns, so that forwarding fails as if the client had left; this is how the two are told apart.
func (b *pacedBody) tooSlow() bool {
	until := b.until.Load()
	return until != 0 && time.Now().UnixNano() >= until
}

// limitBody puts the limits of the rule around an outbound body.
func (p *Proxy) limitBody(x *exchange, out *http.Request) {
	if out.Body == nil {
		return
	}
	if x.rule.maxBody > 0 {
		out.Body = http.MaxBytesReader(x.ResponseWriter, out.Body, x.rule.maxBody)
	}
	if grace := p.config.Upstream.BodyGrace; grace > 0 && x.in.ProtoMajor == 1 {
		x.body = &pacedBody{ReadCloser: out.Body, control: http.NewResponseController(x.ResponseWriter), grace: grace}
		out.Body = x.body
	}
	if x.watched != nil {
		x.watched.ReadCloser = out.Body
		out.Body = x.watched
	}
	body := newInboundBody(out.Body, x.in.ContentLength)
	out.Body = body
	if x.in.ProtoMajor == 1 {
		x.inbound = body
	}
}

// endBody sees to what is left of a body when its answer is out: it is read for a while, since a client that sends without
// reading would otherwise never see the answer, and no longer.
func (p *Proxy) endBody(x *exchange) {
	if x.unread() {
		p.boundDrain(x.ResponseWriter, x.in)
	}
}

// boundDrain limits how long net/http may read on in a body that nobody wants: it does so before it sends an answer,
// for the sake of the next request on the connection.
func (p *Proxy) boundDrain(w http.ResponseWriter, r *http.Request) {
	if grace := p.config.Upstream.BodyGrace; grace > 0 && r.ProtoMajor == 1 && r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(grace)) // see pacedBody.Read
	}
}
