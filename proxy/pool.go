package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// pool is the application of a rule, at one address or at several that take turns.
type pool struct {
	members []*member
	turn    atomic.Uint32
}

// member is one address. Its health and its places are shared by all pools that have it.
type member struct {
	*upstream
	health *health
	slots  *slots
}

// health is what requests have found out about an address. Nothing asks an address that nobody wants anything of.
type health struct {
	address string
	pause   time.Duration
	tell    func(address string, well bool) // may be nil

	failures atomic.Int32 // in a row, refused connections aside
	until    atomic.Int64 // when it may be tried again, in Unix nanoseconds; zero while it is well
}

// maxFailures is how many requests in a row an address may fail. One that refuses connections is left out at once: there
// is nobody. Other failures happen to a healthy application, too, when it restarts a worker.
const maxFailures = 3

func (h *health) well(now time.Time) bool {
	until := h.until.Load()
	return until == 0 || now.UnixNano() >= until
}

func (h *health) succeeded() {
	if h.failures.Load() != 0 {
		h.failures.Store(0)
	}
	if h.until.Load() != 0 && h.until.Swap(0) != 0 && h.tell != nil {
		h.tell(h.address, true)
	}
}

func (h *health) failed(now time.Time, err error) {
	if h.pause == 0 || !cannotConnect(err) && h.failures.Add(1) < maxFailures {
		return
	}
	if h.until.Swap(now.Add(h.pause).UnixNano()) == 0 && h.tell != nil {
		h.tell(h.address, false)
	}
}

// cannotConnect tells whether no connection could be opened, so that nothing of the request was sent.
func cannotConnect(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

// pick returns the next address that is well and not among tried, or else the next that is not well, with a place there taken; nil
// when all were tried or are full.
func (p *pool) pick(clock func() time.Time, tried ...*member) *member {
	if len(p.members) == 1 && len(tried) == 0 {
		if m := p.members[0]; m.slots.take() {
			return m
		}
		return nil
	}
	now, start := clock(), p.turn.Add(1)
	for _, well := range [...]bool{true, false} {
		for i := range p.members {
			m := p.members[(start+uint32(i))%uint32(len(p.members))]
			if !slices.Contains(tried, m) && m.health.well(now) == well && m.slots.take() {
				return m
			}
		}
	}
	return nil
}

// serves tells whether both pools have an address in common, and so the same application.
func (p *pool) serves(other *pool) bool {
	return p == other || slices.ContainsFunc(p.members, func(m *member) bool {
		return slices.ContainsFunc(other.members, func(n *member) bool { return m.endpoint == n.endpoint })
	})
}

// roundTripper sends an exchange's request to its rule's pool.
type roundTripper struct{ now func() time.Time }

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	x.sent = t.now()
	if len(x.rule.pool.members) == 1 {
		return x.to.transportFor(x).RoundTrip(r)
	}
	return t.balanced(x, r)
}

// balanced notes how the address did, and goes on to the next when nobody listens there. Then nothing was sent, so that
// any request could be sent again; as anything else than a refused connection could mean that something was, and the
// kernel reports some of that as a refusal, only requests are that may be sent twice (RFC 9110 §9.2.2).
func (t roundTripper) balanced(x *exchange, r *http.Request) (*http.Response, error) {
	var body *unread
	again := isIdempotent(r.Method) && !x.webSocket
	if again && r.Body != nil {
		body = &unread{ReadCloser: r.Body}
		r.Body = body
	}
	for tried := []*member(nil); ; {
		res, err := x.to.transportFor(x).RoundTrip(r)
		if err == nil {
			x.to.health.succeeded()
			return res, nil
		}
		if x.Err() != nil || errors.As(err, new(inboundError)) || errors.As(err, new(*http.MaxBytesError)) {
			return nil, err // the client's doing, not the application's
		}
		x.to.health.failed(t.now(), err)
		tried = append(tried, x.to)
		if !again || !errors.Is(err, syscall.ECONNREFUSED) || body != nil && body.begun.Load() || !x.choose(t.now, tried...) {
			return nil, err
		}
		r = aim(r, x)
	}
}

// aim returns the request for the exchange's present address. The transport may still hold the one before.
func aim(r *http.Request, x *exchange) *http.Request {
	again := *r
	again.URL = x.targetURL()
	again.Host = x.host()
	return &again
}

func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// unread keeps a body open until somebody has begun to read it, since a transport closes the body of a request that it
// could not even begin to send. ReverseProxy closes the one below in the end.
type unread struct {
	io.ReadCloser
	begun atomic.Bool
}

func (u *unread) Read(p []byte) (int, error) {
	u.begun.Store(true)
	return u.ReadCloser.Read(p)
}

func (u *unread) Close() error {
	if !u.begun.Load() {
		return nil
	}
	return u.ReadCloser.Close()
}

// targetURL is where the exchange's request goes. Opaque is written as it stands, so that the application gets the very
// bytes on which was decided. Put together from Path and RawQuery they would be escaped anew.
func (x *exchange) targetURL() *url.URL {
	return &url.URL{Scheme: x.to.scheme, Host: x.to.endpoint.host, Opaque: x.forwarded}
}

func (x *exchange) host() string { return x.rule.hostHeader.of(x.in.Host, x.to.endpoint) }
