package proxy

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/sessionstore"
)

// exchange is one request on its way through. ReverseProxy hands only requests to its hooks, so it is their context.
type exchange struct {
	context.Context // of the request that came in
	answer
	in        *http.Request
	target    target
	rule      *Rule
	also      *Rule  // the rule for the rewritten path, which has to be passed as well; nil when there is none
	forwarded string // the target as the application gets it
	to        *member
	holds     bool // a place at to
	decidedBy *Rule
	asked     bool // identity is what the resolver said
	identity  *sessionstore.Identity
	decision  Decision
	assertion []string // the line of X-Postern-Assertion; nil for none
	tokens    []string // beside rule.providerTokens; nil for none
	client    clientaddr.Client
	requestID string
	webSocket bool
	preflight bool // a real one, which is the application's to answer
	checked   bool // a front end asks, and forwards itself what passes
	passes    bool // of a request that is checked
	streaming bool
	limit     *time.Timer  // of request_timeout; nil without one
	body      *pacedBody   // nil when the body is not paced
	watched   *watchedBody // nil when the body is not watched
	sent      time.Time    // when the transport got the request; zero when it did not
	done      bool
	outcome   Outcome

	status   int                         // of the application's answer; 0 before there is one
	endTrace func(status int, err error) // nil when nobody follows

	watch     watch
	answering atomic.Bool  // headers are being sent, or were
	endedBy   atomic.Int32 // an Ending
}

type exchangeKey struct{}

// Value lets exchangeOf find the exchange.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// forwarder is the reverse proxy that all exchanges share.
func (p *Proxy) forwarder() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      roundTripper{p.now},
		ModifyResponse: p.modifyResponse,
		ErrorHandler:   p.forwardFailed,
		BufferPool:     newBuffers(),
		// Errors are reported in Outcome. Event streams and answers of unknown length are flushed at once without
		// FlushInterval; setting it would cost all others a goroutine and a second packet.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// forward passes the request on. Nothing changes the request that came in.
func (p *Proxy) forward(x *exchange) {
	if !x.choose(p.now) {
		x.ResponseWriter.Header().Set("Retry-After", "1") // a place may be free the next moment
		p.turnAway(x.ResponseWriter, x.in, x, refuseBusy)
		return
	}
	defer x.leave()
	x.remember()
	if x.rule.requestTimeout > 0 && !x.webSocket {
		defer x.limitTime(x.rule.requestTimeout)()
	}
	defer x.watchBody(p.config.Upstream.BodyGrace)()
	defer p.endBody(x)
	p.options.Streams.add(x)
	p.forwarding.ServeHTTP(x, x.in.WithContext(x))
}

// errRequestTimeout is why the time of a request has ended, not by its client.
var errRequestTimeout = errors.New("request took longer than its route's request_timeout")

// limitTime ends the exchange after a while unless it has become a stream. The returned function must be called in the end.
func (x *exchange) limitTime(allowed time.Duration) (stop func()) {
	ctx, cancel := context.WithCancelCause(x.Context)
	x.Context = ctx
	x.limit = time.AfterFunc(allowed, func() { cancel(errRequestTimeout) })
	return func() {
		x.limit.Stop()
		cancel(nil)
	}
}

// rewrite makes the outbound request: strip everything that only Postern may say, then say it.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	x, out := exchangeOf(pr.In.Context()), pr.Out
	out.URL, out.Host = x.targetURL(), x.host()

	h := p.outbound(x, out.Header)
	out.Header = h
	if p.options.Tracer != nil {
		x.endTrace = p.options.Tracer.Upstream(x.Context, out.Method, x.to.endpoint.String(), h)
	}
	if !x.webSocket {
		delete(h, "Connection")
		delete(h, "Upgrade")
	}
	setForwarded(h, x.client)
	if r := x.rule.rewrite; r != nil && r.prefix != nil {
		h["X-Forwarded-Prefix"] = r.prefix
	}
	p.limitBody(x, out)
	p.passTrailers(x, out)
}

// outbound returns the headers that the application gets: the client's, without what only Postern may say and without our
// credentials, and who is asking.
func (p *Proxy) outbound(x *exchange, sent http.Header) http.Header {
	h := p.stripper.strip(sent, len(p.identity.names)+forwardedLines)
	p.sessions.Conceal(h)
	concealRedirects(h)
	p.identity.set(h, x.decision.Identity, x.requestID)
	if x.assertion != nil {
		h[assertionHeader] = x.assertion
	}
	x.setProviderTokens(h)
	return h
}

// forwardedLines is how many lines setForwarded adds, and the assertion.
const forwardedLines = 4

const assertionHeader = "X-Postern-Assertion"

// setForwarded tells the application where the request came from, as far as Postern can vouch for it: one address, not
// the list from which it was derived.
func setForwarded(h http.Header, client clientaddr.Client) {
	lines := [...]string{client.Proto, client.Host, ""}
	values := lines[:]
	h["X-Forwarded-Proto"] = values[0:1:1]
	h["X-Forwarded-Host"] = values[1:2:2]
	if client.Addr.IsValid() {
		values[2] = client.Addr.String()
		h["X-Forwarded-For"] = values[2:3:3]
	}
}

// errUnaskedUpgrade is an application that switches protocols without having been asked to, or to another one.
var errUnaskedUpgrade = errors.New("upstream switched to a protocol that was not asked for")

// errStatus is a status of which net/http makes a fault of ours.
var errStatus = errors.New("upstream answered with a status below 100")

// modifyResponse removes from an answer what only Postern may say.
func (p *Proxy) modifyResponse(res *http.Response) error {
	x := exchangeOf(res.Request.Context())
	x.status = res.StatusCode
	if x.watched != nil {
		x.watched.excuse()
	}
	if err := x.beginAnswer(); err != nil {
		return err
	}
	if res.StatusCode < 100 {
		return errStatus
	}
	p.dropOwnCookies(res.Header)
	if x.requestID != "" {
		delete(res.Header, requestIDHeader) // it is in the answer already
	}
	if p.options.OwnCORS != nil && p.speaksCORS(x.rule) {
		p.options.OwnCORS(x.in)
	}
	x.rule.response.apply(res.Header)
	if res.StatusCode == http.StatusSwitchingProtocols {
		// An error here closes the upstream's connection; left to ReverseProxy, a mismatch would leak it (D64).
		if !x.webSocket || !strings.EqualFold(res.Header.Get("Upgrade"), webSocket) {
			return errUnaskedUpgrade
		}
		p.streamOpened(x)
		return nil
	}
	if bringsCookie := x.bringsCookie(); bringsCookie || x.decision.Identity != nil {
		keepPrivate(res.Header, bringsCookie)
	}
	guardTrailers(res)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		p.streamOpened(x)
	}
	return nil
}

func (p *Proxy) streamOpened(x *exchange) {
	x.leave()
	x.streaming = true
	if x.limit != nil {
		x.limit.Stop()
	}
	p.options.Streams.options.Opened(1)
}

// forwardFailed answers for an upstream that did not.
func (p *Proxy) forwardFailed(w http.ResponseWriter, out *http.Request, err error) {
	x := exchangeOf(out.Context())
	x.restore()
	no := refusalFor(x.in, err)
	switch context.Cause(x.Context) {
	case errRequestTimeout:
		no, err = refuseTimeout, errRequestTimeout
	case errSlowBody:
		no, err = refuseSlowBody, errSlowBody
	}
	if x.body != nil && x.body.tooSlow() {
		no, err = refuseSlowBody, errSlowBody
	}
	if e := x.ending(); e != goesOn {
		no, err = refusalOfEnding[e], errEnded
		closeAfter(w.Header(), x.in) // its deadlines are over
	}
	x.outcome.Reason, x.outcome.Err = no.reason, err
	p.refuse(w, x.in, no)
}
