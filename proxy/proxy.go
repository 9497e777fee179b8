package proxy

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/sessionstore"
)

const requestIDHeader = "X-Request-Id"

// SessionResolver finds out who sent a request and knows what a session looks like on the wire.
type SessionResolver interface {
	// Resolve returns the live session the request carries; nil, nil when it carries none or a dead one; an error
	// wrapping sessionstore.ErrUnavailable when that cannot be known. A request without a credential is nil, nil even
	// while the store is down. It may set a renewed cookie on w.
	Resolve(w http.ResponseWriter, r *http.Request) (*sessionstore.Identity, error)
	// Conceal removes the session's own cookies and bearer token from outbound headers.
	Conceal(h http.Header)
	// OwnsCookie tells whether a cookie name is one of the session cookies, which an upstream may not set.
	OwnsCookie(name string) bool
}

// Asserter makes the signed statement of who is asking; assertion.Minter fits.
type Asserter interface {
	// Assert returns the value of X-Postern-Assertion as a header line, which is shared and must not be changed. target is
	// what the application gets.
	Assert(identity *sessionstore.Identity, method, target string) ([]string, error)
}

// Options are what a Proxy may be told beyond its configuration. All zero values work.
type Options struct {
	// PublicURL is the origin under which browsers know Postern. Requests in absolute form and WebSocket upgrades are
	// compared with it.
	PublicURL string
	// SignInURL is where a browser without a session is sent: a path under the own origin or an absolute URL. The
	// requested path is added as return_to. Empty means that nobody is redirected.
	SignInURL string
	// AllowedOrigins tells which origins besides our own may act with the user's cookie: open WebSockets, and send
	// requests that may change something.
	AllowedOrigins func(origin string) bool
	// TrustedOrigins are the patterns behind AllowedOrigins and our own origin, shown to who is refused.
	TrustedOrigins []string
	// Assertions makes X-Postern-Assertion; nil sends none.
	Assertions Asserter
	// ProviderTokens finds what routes with provider_tokens send; nil finds none.
	ProviderTokens ProviderTokens
	// ApplicationSpeaksCORS hands preflights over to the application, and leaves its answers as they are, where a route
	// does not say otherwise.
	ApplicationSpeaksCORS bool
	// AllowedReaders tells which origins may read answers. It is asked about preflights behind a front end.
	AllowedReaders func(origin string) bool
	// OwnCORS is called before an application's answer is passed on which nobody else is to make readable to other sites.
	OwnCORS func(*http.Request)
	// NoApplication says that there need not be one: then Postern only answers front ends, by Check.
	NoApplication bool
	// ErrorPage writes a refusal for a browser that loads a page, in the place of JSON, the status included; what else is to be in the header is
	// there already. Nil: everybody gets JSON.
	ErrorPage func(http.ResponseWriter, *http.Request, Refusal)
	// RequestID is the id of a request, sent to the application and back to the client.
	RequestID func(*http.Request) string
	// Client is the far end of a request; by default the socket's peer.
	Client func(*http.Request) clientaddr.Client
	// Observe is called once for each request, when it is over. The request is the one that came in.
	Observe func(*http.Request, Outcome)
	// UpstreamHealth hears when one of several addresses of an application is left out because it failed, and when it is
	// back. It is called while a request waits.
	UpstreamHealth func(address string, well bool)
	// Tracer follows requests; by default nobody does, at no cost.
	Tracer Tracer
	// Streams ends requests whose session ends; by default none are. Several proxies may share it.
	Streams *Streams
	// Now is the clock by which UpstreamTime, the age of sessions and the health of upstreams are measured; time.Now by
	// default.
	Now func() time.Time
}

// Proxy decides on requests and passes them on. It is an http.Handler, and it never changes: a new configuration is
// a new Proxy.
type Proxy struct {
	config     Config
	options    Options
	sessions   SessionResolver
	rules      *Rules
	upstreams  *upstreams
	identity   *identityHeaders
	stripper   *stripper
	public     *url.URL    // nil when not known
	signIn     *signInPage // nil when there is none
	client     func(*http.Request) clientaddr.Client
	now        func() time.Time
	forwarding *httputil.ReverseProxy

	crossOrigin *http.CrossOriginProtection
	loopPage    *htmltemplate.Template
}

var _ http.Handler = (*Proxy)(nil)

// New compiles the configuration. All problems are reported together.
func New(config Config, sessions SessionResolver, options Options) (*Proxy, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	p := &Proxy{config: config, options: options, sessions: sessions, client: options.Client, now: options.Now, crossOrigin: http.NewCrossOriginProtection(), loopPage: parseLoopPage()}
	if p.client == nil {
		p.client = new(clientaddr.Trust).Client
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.options.Streams == nil {
		p.options.Streams = NewStreams(nil, StreamOptions{})
	}
	if err := errors.Join(p.compileRules(), p.compileIdentity(), p.parseURLs()); err != nil {
		return nil, err
	}
	p.forwarding = p.forwarder()
	return p, nil
}

func (p *Proxy) compileRules() error {
	fallback, err := ParseAuth(p.config.DefaultAuth)
	if err != nil {
		return err
	}
	if p.rules, err = NewRules(p.config.Routes, fallback); err != nil {
		return err
	}
	p.upstreams = newUpstreams(p.config.Upstream, p.options.UpstreamHealth)
	p.upstreams.optional = p.options.NoApplication
	for i, rule := range p.rules.list {
		if err := p.upstreams.bind(rule); err != nil {
			return fmt.Errorf("%s: %w", routeKey(i), err)
		}
	}
	return p.upstreams.bind(p.rules.fallback)
}

func (p *Proxy) compileIdentity() (err error) {
	if p.identity, err = newIdentityHeaders(p.config.Identity); err != nil {
		return err
	}
	p.stripper = newStripper(append(p.rules.providerTokenHeaders(), p.identity.names...))
	return nil
}

func (p *Proxy) parseURLs() (err error) {
	if p.options.PublicURL != "" {
		p.public, err = url.Parse(p.options.PublicURL)
		if err != nil {
			return fmt.Errorf("parse public URL: %w", err)
		}
	}
	if p.signIn, err = newSignInPage(p.options.SignInURL, p.public); err != nil {
		return fmt.Errorf("parse sign-in URL: %w", err)
	}
	return nil
}

// Rules are the compiled routes.
func (p *Proxy) Rules() *Rules { return p.rules }

// Close closes connections to upstreams that are not in use. Requests under way are not disturbed.
func (p *Proxy) Close() {
	for _, up := range p.upstreams.made {
		up.transport.CloseIdleConnections()
		up.upgrades.CloseIdleConnections()
	}
}

// ServeHTTP takes a request through the steps drawn in the package comment.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := p.exchange(w, r)
	defer p.finish(x)
	p.serve(w, r, x)
	x.done = true
}

func (p *Proxy) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	return &exchange{Context: r.Context(), answer: answer{ResponseWriter: w, proxy: p}, in: r}
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, x *exchange) {
	if p.options.RequestID != nil {
		if x.requestID = p.options.RequestID(r); x.requestID != "" {
			w.Header()[requestIDHeader] = []string{x.requestID}
		}
	}
	var no *refusal
	if x.target, no = parseTarget(r, p.public); no != nil {
		x.outcome.Refused = true
		p.turnAway(w, r, x, no)
		return
	}
	if !x.checked {
		x.client = p.client(r)
	}
	x.rule = p.rules.Match(r.Method, x.target.host, x.target.path)
	if r.Method == http.MethodOptions && IsPreflight(r) {
		p.matchPreflight(r, x)
	}
	rule := x.rule
	if hasEncodedSlash(x.target.path) && !rule.encodedSlashes {
		x.rule = nil
		x.outcome.Refused = true
		p.turnAway(w, r, x, refuseEncodedSlash)
		return
	}
	x.forwarded = x.target.raw
	if rule.rewrite != nil {
		if no = p.rewritePath(r, x); no != nil {
			x.outcome.Refused = true
			p.turnAway(w, r, x, no)
			return
		}
	}
	x.webSocket = isWebSocket(r) || x.checked && toldOfWebSocket(r.Header)
	if p.options.Tracer == nil {
		x.decision = p.decide(w, r, x)
	} else {
		x.decision = p.traced(w, r, x)
	}
	p.act(w, r, x)
}

// rewritePath finds out what the application will see, and whether another rule has a say in it: what a route protects
// must not be had for less through the path of another (D14).
func (p *Proxy) rewritePath(r *http.Request, x *exchange) *refusal {
	x.forwarded = x.rule.rewrite.apply(x.target.raw)
	path, no := canonicalPath(x.forwarded)
	if no != nil {
		return no // a segment that begins with an encoded slash has become the first
	}
	method := r.Method
	if x.preflight {
		method = asked(r)
	}
	if rule := p.rules.Match(method, x.target.host, path); rule != x.rule && rule.Position >= 0 && rule.pool.serves(x.rule.pool) {
		x.also = rule
	}
	return nil
}

// decide asks for the session unless the rule is public, so that public paths depend on nothing.
func (p *Proxy) decide(w http.ResponseWriter, r *http.Request, x *exchange) Decision {
	x.decidedBy = x.rule
	d := p.decideBy(x.rule, w, r, x)
	if d.Action == Forward && x.also != nil {
		if stricter := p.decideBy(x.also, w, r, x); stricter.Action != Forward {
			x.decidedBy = x.also
			return stricter
		}
	}
	return d
}

func (p *Proxy) decideBy(rule *Rule, w http.ResponseWriter, r *http.Request, x *exchange) Decision {
	if preflight := x.preflight && p.leavesPreflight(rule, r, x); preflight || rule.Auth == Public {
		return Decide(rule, Asking{Preflight: preflight})
	}
	if !x.asked {
		x.asked = true
		x.identity, x.outcome.Err = p.sessions.Resolve(w, r)
	}
	a := Asking{Identity: x.identity, SessionErr: x.outcome.Err, Path: x.target.path}
	if x.identity == nil && p.signIn != nil && x.target.path != p.signIn.local {
		a.Kind = kindOf(r)
	}
	if rule.MaxSessionAge > 0 {
		a.Now = p.now()
	}
	return Decide(rule, a)
}

func (p *Proxy) act(w http.ResponseWriter, r *http.Request, x *exchange) {
	d := x.decision
	x.outcome.Action, x.outcome.Reason = d.Action, d.Reason
	switch d.Action {
	case Forward:
		p.admit(w, r, x)
	case Redirect:
		p.redirect(w, r, x)
	case Unauthenticated:
		p.turnAway(w, r, x, refuseUnauthenticated)
	case Stale:
		// RFC 9470 §3: what is asked for is a sign-in that is not older than this.
		w.Header()["Www-Authenticate"] = []string{fmt.Sprintf(`Bearer error="insufficient_user_authentication", max_age=%d`, int64(x.decidedBy.MaxSessionAge.Seconds()))}
		p.turnAway(w, r, x, refuseStale)
	case Forbidden:
		no := refuseForbidden
		if d.Reason == reasonUnverified {
			no = refuseUnverified
		}
		p.turnAway(w, r, x, no)
	default:
		no := refuseUnavailable
		if r.Context().Err() != nil {
			no = refuseClientGone // the look-up ended because the client did
		}
		p.turnAway(w, r, x, no)
	}
}

// admit checks what can be known of a request before it is passed on.
func (p *Proxy) admit(w http.ResponseWriter, r *http.Request, x *exchange) {
	switch {
	case x.rule.maxBody > 0 && r.ContentLength > x.rule.maxBody:
		p.turnAway(w, r, x, refuseTooLarge)
	case x.webSocket && x.decision.Identity != nil && !p.upgradeAllowed(r, x):
		p.refuseOrigin(w, r, x, refuseUpgrade)
	case p.forged(r, x):
		p.refuseOrigin(w, r, x, refuseForged)
	case !p.assert(r, x):
		p.turnAway(w, r, x, refuseUnasserted)
	case !p.findProviderTokens(x):
		p.turnAway(w, r, x, refuseUnavailable)
	case !x.checked && len(x.rule.pool.members) == 0:
		p.turnAway(w, r, x, refuseNothingHere)
	default:
		if x.decision.Identity != nil && redirectsSoFar(r.Header) > 0 {
			p.countRedirect(w, x, 0)
		}
		if x.passes = x.checked; !x.checked {
			p.forward(x)
		}
	}
}

// assert has the statement made that goes with a user's request. An application that checks it could do nothing with a
// request that lacks it, so such a request is not sent.
func (p *Proxy) assert(r *http.Request, x *exchange) bool {
	if p.options.Assertions == nil || x.decision.Identity == nil {
		return true
	}
	line, err := p.options.Assertions.Assert(x.decision.Identity, r.Method, x.forwarded)
	x.assertion, x.outcome.Err = line, err
	return err == nil
}

func (p *Proxy) turnAway(w http.ResponseWriter, r *http.Request, x *exchange, no *refusal) {
	x.outcome.Reason = no.reason
	p.refuse(w, r, no)
}

// finish reports the outcome. It runs as well when ReverseProxy panics with http.ErrAbortHandler, which is how an
// answer that was cut off reaches the client cut off; the panic goes on to net/http.
func (p *Proxy) finish(x *exchange) {
	if x.watch.shard != nil {
		p.options.Streams.remove(x)
	}
	if x.streaming {
		p.options.Streams.options.Opened(-1)
	}
	o := &x.outcome
	if !x.done && o.Err == nil {
		o.Err, o.Reason = ErrAborted, "aborted"
	}
	if x.endTrace != nil {
		x.endTrace(x.status, o.Err)
	}
	if p.options.Observe == nil {
		return
	}
	if e := x.ending(); e != goesOn {
		o.Reason = e.String()
	}
	if !x.sent.IsZero() {
		o.UpstreamTime = p.now().Sub(x.sent)
	}
	if x.rule != nil {
		o.Route, o.Auth, o.Path = x.rule.Pattern, x.rule.Auth, x.target.path
	}
	if id := x.decision.Identity; id != nil {
		o.UserID, o.SessionID = id.User.ID, id.Session.ID
	}
	p.options.Observe(x.in, *o)
}
