package forwardauth

import (
	"net/http"
	"strings"

	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/clientaddr"
)

// Path is where front ends ask, below auth.base_path.
const Path = "/forward"

// Checker decides on a request; proxy.Proxy does.
type Checker interface {
	Check(w http.ResponseWriter, r *http.Request, client clientaddr.Client) (pass proxy.Pass, passes bool)
}

// Options are what a Handler may be told. All zero values work; then nobody is trusted.
type Options struct {
	// Trusts tells whether a question comes from a front end.
	Trusts func(*http.Request) bool
	// Client is the client as the front end tells of it; only its address is taken.
	Client func(*http.Request) clientaddr.Client
	// Asked hears of each question by which kind of front end it was put; reason is a constant word when it could not be
	// answered.
	Asked func(r *http.Request, frontEnd, reason string)
}

// TrustsPeer is Trusts, and false without it.
func (o Options) TrustsPeer(r *http.Request) bool { return o.Trusts != nil && o.Trusts(r) }

// Refuse answers a question that cannot be answered, and tells of it.
func (o Options) Refuse(w http.ResponseWriter, r *http.Request, frontEnd string, no *Problem) {
	o.Tell(r, frontEnd, no.Reason)
	no.write(w)
}

// Tell calls Asked.
func (o Options) Tell(r *http.Request, frontEnd, reason string) {
	if o.Asked != nil {
		o.Asked(r, frontEnd, reason)
	}
}

// Handler answers questions below a path.
type Handler struct {
	prefix   string
	check    Checker
	options  Options
	families map[string]*family
}

// New returns a handler for everything below basePath + Path.
func New(basePath string, check Checker, options Options) *Handler {
	h := &Handler{prefix: basePath + Path, check: check, options: options, families: map[string]*family{}}
	for _, f := range families() {
		h.families[f.name] = f
	}
	return h
}

// ServeHTTP answers one question.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, rest := h.family(r.RequestURI)
	o, no := f.read(r, rest)
	switch {
	case !h.options.TrustsPeer(r):
		h.options.Refuse(&carried{w, f}, r, f.word(), Untrusted)
		return
	case no != nil:
		h.options.Refuse(&carried{w, f}, r, f.word(), no)
		return
	}
	h.options.Tell(r, f.word(), "")
	client := clientaddr.Client{Proto: o.proto, Host: o.host}
	if h.options.Client != nil {
		client.Addr = h.options.Client(r).Addr
	}
	if pass, passes := h.check.Check(&carried{w, f}, o.request(r), client); passes {
		f.allow(w, pass)
	}
}

// unknown is the family of no front end.
var unknown = &family{
	name: "unknown", carries: asIs,
	read: func(*http.Request, string) (original, *Problem) { return original{}, noFrontEnd },
}

// family reads the path from the bytes that were sent, since what follows it may be the client's target. rest begins with what
// follows the family's name; a query that a front end was configured with is no part of it.
func (h *Handler) family(uri string) (f *family, rest string) {
	below, ok := strings.CutPrefix(uri, h.prefix)
	if !ok {
		return unknown, ""
	}
	if name, ok := strings.CutPrefix(below, "/envoy"); ok {
		return h.families["envoy"], name
	}
	below, _, _ = strings.Cut(below, "?")
	if f, ok := h.families[strings.TrimPrefix(below, "/")]; ok {
		return f, ""
	}
	return unknown, ""
}
