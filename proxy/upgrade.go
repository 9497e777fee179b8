package proxy

import (
	"net/http"
	"strings"

	"github.com/posternhq/postern/proxy/clientaddr"
)

const webSocket = "websocket"

// upgradeProtocol is the protocol to which a client asks to switch; empty when it does not.
func upgradeProtocol(h http.Header) string {
	for _, line := range h["Connection"] {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(token, " \t"), "upgrade") {
				return h.Get("Upgrade")
			}
		}
	}
	return ""
}

// isWebSocket tells whether a request may become a tunnel. Only WebSockets may (RFC 6455 §4.1: GET, HTTP/1.1). Any other
// protocol is ignored, as a server may do (RFC 9110 §7.8). h2c above all: once switched, the client would send the
// application requests on which nothing was decided.
// https://bishopfox.com/blog/h2c-smuggling-request
func isWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoMinor == 1 && r.ContentLength == 0 &&
		strings.EqualFold(upgradeProtocol(r.Header), webSocket)
}

// upgradeAllowed checks the Origin of a WebSocket that would be opened in a user's name. Browsers attach cookies to
// upgrades from any page and apply no CORS to them, so that the server has to look (D99, RFC 6455 §10.2). A client
// that sends no Origin is no browser, and one that authenticates by Authorization was not tricked into it.
func (p *Proxy) upgradeAllowed(r *http.Request, x *exchange) bool {
	if !p.carriesOwnCookie(r.Header) {
		return true
	}
	for _, origin := range r.Header["Origin"] {
		if !p.mayCall(origin, x) {
			return false
		}
	}
	return true
}

func (p *Proxy) ownOrigin(origin string, client clientaddr.Client) bool {
	if p.public != nil && strings.EqualFold(origin, p.public.Scheme+"://"+p.public.Host) {
		return true
	}
	return strings.EqualFold(origin, client.Proto+"://"+client.Host)
}

func (p *Proxy) carriesOwnCookie(h http.Header) bool {
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(pair, "=")
			if p.sessions.OwnsCookie(strings.Trim(name, " \t")) {
				return true
			}
		}
	}
	return false
}
