package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Explanation is what would become of a request. It is found out by the code that serves requests, which does everything
// but send.
type Explanation struct {
	Path      string // as rules see it; empty when the target was refused
	Route     *Rule  // nil when no rule was consulted
	Also      *Rule  // the one for the rewritten path; nil without
	DecidedBy *Rule  // which of them the decision is
	Identity  *sessionstore.Identity
	Action    Action
	Reason    string // as in Outcome; empty when the request is forwarded
	Why       string // a sentence about it

	// What a client would get instead of the application's answer; Status is 0 when the request is forwarded.
	Status   int
	Code     string
	Message  string
	Location string // of a redirect

	// What the application would get; empty when it gets nothing.
	Upstreams []string
	Method    string
	Target    string
	Host      string
	Header    http.Header
}

// Given is a SessionResolver that knows the answer beforehand: who would be signed in.
type Given struct {
	SessionResolver
	Identity *sessionstore.Identity
}

// Resolve returns the identity that was given.
func (g Given) Resolve(http.ResponseWriter, *http.Request) (*sessionstore.Identity, error) {
	return g.Identity, nil
}

// Explain tells what would become of a request. sessions takes the place of the one that was given to New.
func (p *Proxy) Explain(r *http.Request, sessions SessionResolver) Explanation {
	dry := *p
	dry.sessions = sessions
	dry.options.Observe, dry.options.Tracer, dry.options.Streams = nil, nil, NewStreams(nil, StreamOptions{})
	var sent http.Request
	dry.forwarding = dry.forwarder()
	dry.forwarding.Transport = keeper{&sent}
	w := &keptAnswer{header: http.Header{}}
	x := dry.exchange(w, r)
	dry.serve(w, r, x)

	e := Explanation{
		Path: x.target.path, Route: x.rule, Also: x.also, DecidedBy: x.decidedBy, Identity: x.identity,
		Action: x.outcome.Action, Reason: x.outcome.Reason,
	}
	if sent.URL != nil {
		e.Method, e.Target, e.Host, e.Header = sent.Method, sent.URL.Opaque, sent.Host, sent.Header
		if len(e.Header["User-Agent"]) == 1 && e.Header["User-Agent"][0] == "" {
			delete(e.Header, "User-Agent") // how net/http is told to send none
		}
		for _, m := range x.rule.pool.members {
			e.Upstreams = append(e.Upstreams, m.endpoint.String())
		}
	} else {
		var said problem
		_ = json.Unmarshal(w.body.Bytes(), &said) // a redirect has no body
		e.Status, e.Code, e.Message, e.Location = w.status, said.Code, said.Message, w.header.Get("Location")
	}
	e.Why = dry.why(x, e)
	return e
}

// keeper is a transport that sends nothing.
type keeper struct{ sent *http.Request }

func (k keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	*k.sent = *r
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// keptAnswer is where an answer goes that nobody gets.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }

// why puts the reason in words.
func (p *Proxy) why(x *exchange, e Explanation) string {
	rule := x.decidedBy
	switch {
	case rule == nil:
		return e.Message
	case e.Status == 0 && x.preflight:
		return "it is a preflight, and the application answers those (cors.handled_by)"
	case e.Status == 0 && x.rule.Auth == Public:
		return "the route is public: nobody is asked who they are"
	case e.Status == 0 && e.Identity == nil:
		return "the route takes anybody, and there is no session"
	case e.Status == 0:
		return "there is a session, and nothing that the route asks is missing"
	}
	switch e.Reason {
	case reasonUnknown:
		return fmt.Sprintf("whether there is a session cannot be known: %v", x.outcome.Err)
	case reasonNoSession:
		return p.whyTurnedAway(x)
	case reasonRole:
		return fmt.Sprintf("the user has none of the roles %s", strings.Join(rule.Roles, ", "))
	case reasonUnverified:
		return "the user has not proved their e-mail address, and the route asks for that (verified_email)"
	case reasonStale:
		age := p.now().Sub(x.identity.Session.CreatedAt).Truncate(time.Second)
		return fmt.Sprintf("the user signed in %s ago, and the route allows %s (max_session_age)", age, rule.MaxSessionAge)
	}
	return e.Message
}

// whyTurnedAway tells why somebody without a session gets what they get: that is where browsers and programs differ.
func (p *Proxy) whyTurnedAway(x *exchange) string {
	const none = "there is no session"
	setting := x.decidedBy.OnUnauthenticated
	switch {
	case x.outcome.Action == Redirect:
		return none + ", and the request is a browser's navigation or the route redirects all (on_unauthenticated)"
	case p.signIn == nil:
		return none + ", and no sign-in page to redirect to (auth.sign_in_url)"
	case x.target.path == p.signIn.local:
		return none + ", and this is the sign-in page itself, which should be public"
	case setting == AlwaysStatus:
		return none + ", and the route never redirects (on_unauthenticated: 401)"
	case setting == Auto && isAPI(x.target.path):
		return none + ", and requests below /api are not redirected (on_unauthenticated)"
	}
	return none + ", and the request is not a browser's navigation"
}

// Describe is the rule's demands in a few words, for people.
func (r *Rule) Describe() string {
	words := []string{"auth: " + r.Auth.String()}
	if len(r.methods) > 0 {
		words = append(words, "methods: "+strings.Join(r.methods, " "))
	}
	if r.host != "" {
		words = append(words, "host: "+r.host)
	}
	if len(r.Roles) > 0 {
		words = append(words, "roles: "+strings.Join(r.Roles, " "))
	}
	if r.VerifiedEmail {
		words = append(words, "verified_email")
	}
	if r.MaxSessionAge > 0 {
		words = append(words, "max_session_age: "+r.MaxSessionAge.String())
	}
	return strings.Join(words, ", ")
}

// Name is how people are told of the rule: routes[2] /admin/**, or default_auth.
func (r *Rule) Name() string {
	if r.Position < 0 {
		return "default_auth"
	}
	return routeKey(r.Position) + " " + r.Pattern
}
