package proxy

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// Pass is what a front end has to do to a request that it may forward. Postern does the same to requests that it forwards
// itself; a front end does it only as far as it is told to.
type Pass struct {
	// Set replaces what the client sent under these names: identity, assertion and request id, one line each, and what is
	// left of Cookie and Authorization once the session is taken out.
	Set http.Header
	// Remove are names in lower case that must not arrive: what of the client's headers only Postern may say, and
	// identity headers that have no value.
	Remove []string
}

// Check decides on a request that a front end will forward, as ServeHTTP does on those that Postern forwards: it is the
// same code up to the last step. r is the request as the client sent it, without its body; client says for whom, and under
// which scheme and host, the front end asks. When the request may pass, nothing has been written to w, and its header may
// hold a cookie for the client; otherwise the answer for the client has been written.
//
// What a route says of the application's address, time-outs, bodies and answers is the front end's business. A route that
// rewrites should say what the front end does: then the route for the result is asked, too, and the assertion is for it.
func (p *Proxy) Check(w http.ResponseWriter, r *http.Request, client clientaddr.Client) (pass Pass, passes bool) {
	r = asForwarded(r)
	w = denial{w}
	x := p.exchange(w, r)
	x.checked, x.client = true, client
	defer p.finish(x)
	p.serve(w, r, x)
	x.done = true
	if !x.passes {
		return Pass{}, false
	}
	return p.pass(x), true
}

// asForwarded makes the request one that Postern would forward itself, and answer by HTTP's statuses.
func asForwarded(r *http.Request) *http.Request {
	upgrades := toldOfWebSocket(r.Header) && r.Header["Upgrade"] == nil
	if !upgrades && !isGRPC(r) {
		return r
	}
	whole := *r
	whole.Header = r.Header.Clone()
	if upgrades {
		whole.Header["Upgrade"] = []string{webSocket} // who looks for the session wants to know, too
	}
	delete(whole.Header, "Content-Type") // a refusal in terms of gRPC has status 200, by which a front end lets pass
	return &whole
}

// denial is where a refusal is written. A front end takes 2xx for a yes, so that no refusal can have such a status, whatever
// those who write it come up with.
type denial struct{ http.ResponseWriter }

func (d denial) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d denial) WriteHeader(status int) {
	if status < 300 {
		status = http.StatusForbidden
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d denial) Write(p []byte) (int, error) { return d.ResponseWriter.Write(p) }

// pass is what the request must become. The headers are made by the code that makes those of forwarded requests.
func (p *Proxy) pass(x *exchange) Pass {
	left := p.outbound(x, x.in.Header)
	pass := Pass{Set: http.Header{}}
	for name := range left {
		if p.stripper.protects(name) || isCredential(name) { // what was protected is gone, so that this one is ours
			pass.Set[name] = left[name]
		}
	}
	if lines := pass.Set["Cookie"]; len(lines) > 1 {
		pass.Set["Cookie"] = []string{strings.Join(lines, "; ")} // RFC 9113 §8.2.3
	}
	pass.Remove = p.forbidden(x.in.Header, pass.Set)
	return pass
}

func isCredential(name string) bool { return name == "Cookie" || name == "Authorization" }

// forbidden lists what must not arrive. A front end may have shown only some of the client's headers, so that the names
// by which applications know the user are among them in any case, in the spelling that they might be mistaken for.
func (p *Proxy) forbidden(sent, set http.Header) []string {
	names := map[string]struct{}{}
	add := func(name string) {
		if _, ours := set[http.CanonicalHeaderKey(name)]; !ours {
			names[strings.ToLower(name)] = struct{}{}
		}
	}
	for name := range sent {
		if isCredential(name) || p.stripper.protects(name) && !belongsToFrontEnd(name) {
			add(name)
		}
	}
	for _, name := range p.stripper.identity {
		add(name)
		add(strings.ReplaceAll(name, "-", "_"))
	}
	return slices.Sorted(maps.Keys(names))
}

// belongsToFrontEnd tells apart what front ends write about the client. Other spellings of these are the client's.
func belongsToFrontEnd(name string) bool {
	switch name {
	case "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Client-Cert":
		return true
	}
	return strings.HasPrefix(name, "X-Envoy-")
}

// toldOfWebSocket recognises an upgrade behind a front end, which keeps Connection and Upgrade to itself. The names below
// are forbidden to scripts (Fetch Standard, "forbidden request-header"), so that a browser's upgrade always shows.
func toldOfWebSocket(h http.Header) bool {
	return len(h["Sec-Websocket-Key"]) > 0 || len(h["Sec-Websocket-Version"]) > 0 || h.Get("Sec-Fetch-Mode") == "websocket" ||
		strings.EqualFold(h.Get("Upgrade"), webSocket)
}
