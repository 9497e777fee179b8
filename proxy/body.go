package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// slowestBody is the rate in bytes a second that a request body must keep up, on average, beyond the grace.
const slowestBody = 1 << 10

// pacedBody ends bodies that trickle (D97). It measures only the time spent waiting for the client: while the
// application does not read, the clock stands. A body that arrives at slowestBody is never cut, however long it is.
type pacedBody struct {
	io.ReadCloser
	control  *http.ResponseController
	grace    time.Duration
	received int64
	waited   time.Duration
}

func (b *pacedBody) Read(p []byte) (int, error) {
	allowed := b.grace + time.Duration(b.received)*(time.Second/slowestBody) - b.waited
	if allowed <= 0 {
		return 0, errSlowBody
	}
	start := time.Now() // deadlines of sockets are in real time
	// A writer without deadlines belongs to a test or an adapter; there, the clock alone has to do.
	_ = b.control.SetReadDeadline(start.Add(allowed))
	n, err := b.ReadCloser.Read(p)
	b.waited += time.Since(start)
	b.received += int64(n)
	if err != nil {
		// From here on the server itself reads, to notice when the client leaves.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errSlowBody
	}
	return n, err
}

// limitBody puts the limits of the rule around an outbound body. HTTP/2 has streams in both directions that are idle
// for good reason, and one of them holds no connection; they are not paced.
func (p *Proxy) limitBody(w http.ResponseWriter, in, out *http.Request, rule *Rule) {
	if out.Body == nil {
		return
	}
	if rule.maxBody > 0 {
		out.Body = http.MaxBytesReader(w, out.Body, rule.maxBody)
	}
	if grace := p.config.Upstream.BodyGrace; grace > 0 && in.ProtoMajor == 1 {
		out.Body = &pacedBody{ReadCloser: out.Body, control: http.NewResponseController(w), grace: grace}
	}
}
