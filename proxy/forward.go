package proxy

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// exchange is one request on its way through. ReverseProxy hands only requests to its hooks, so it is their context.
type exchange struct {
	context.Context // of the request that came in
	answer
	in        *http.Request
	target    target
	rule      *Rule
	decision  Decision
	client    clientaddr.Client
	requestID string
	webSocket bool
	streaming bool
	body      *pacedBody // nil when the body is not paced
	sent      time.Time  // when the transport got the request; zero when it did not
	done      bool
	outcome   Outcome
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
	x.remember()
	p.forwarding.ServeHTTP(&x.answer, x.in.WithContext(x))
}

// rewrite makes the outbound request: strip everything that only Postern may say, then say it.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	x, out := exchangeOf(pr.In.Context()), pr.Out
	// Opaque is written as it stands, so that the application gets the very bytes on which was decided. Put together
	// from Path and RawQuery they would be escaped anew.
	*out.URL = url.URL{Scheme: x.rule.upstream.scheme, Host: x.rule.upstream.host, Opaque: x.target.raw}
	out.Trailer = nil // nobody has looked at what will come in them (D25)

	h := p.stripper.strip(out.Header, len(p.identity.names)+forwardedLines)
	out.Header = h
	p.sessions.Conceal(h)
	if !x.webSocket {
		delete(h, "Connection")
		delete(h, "Upgrade")
	}
	setForwarded(h, x.client)
	p.identity.set(h, x.decision.Identity, x.requestID)
	p.limitBody(x, out)
}

// forwardedLines is how many lines setForwarded adds.
const forwardedLines = 3

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

// roundTripper chooses the transport of the exchange's rule.
type roundTripper struct{ now func() time.Time }

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	x.sent = t.now()
	if x.webSocket {
		return x.rule.upstream.upgrades.RoundTrip(r)
	}
	return x.rule.upstream.transport.RoundTrip(r)
}

// errUnaskedUpgrade is an application that switches protocols without having been asked to, or to another one.
var errUnaskedUpgrade = errors.New("upstream switched to a protocol that was not asked for")

// modifyResponse removes from an answer what only Postern may say.
func (p *Proxy) modifyResponse(res *http.Response) error {
	x := exchangeOf(res.Request.Context())
	p.dropOwnCookies(res.Header)
	if x.requestID != "" {
		delete(res.Header, requestIDHeader) // it is in the answer already
	}
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
	x.streaming = true
	if p.options.Streams != nil {
		p.options.Streams(1)
	}
}

// forwardFailed answers for an upstream that did not.
func (p *Proxy) forwardFailed(w http.ResponseWriter, out *http.Request, err error) {
	x := exchangeOf(out.Context())
	no := refusalFor(x.in, err)
	if x.body != nil && x.body.tooSlow() {
		no, err = refuseSlowBody, errSlowBody
	}
	x.outcome.Reason, x.outcome.Err = no.reason, err
	p.refuse(w, x.in, no)
}
