package proxy

import "net/http"

// answer is the client's side of a forwarded request. It exists for interim answers (1xx, RFC 9110 §15.2), which
// ReverseProxy passes on while the real one is still to come: it writes them into the same header map and empties the
// map afterwards. Without care, an interim answer would carry a renewed session cookie, the final one would lack it,
// and an application could set cookies in the former (D94).
type answer struct {
	http.ResponseWriter
	proxy   *Proxy
	inbound *inboundBody // of the request, over HTTP/1.1; nil without one
	own     []headerLine // what Postern had set before the application was asked
	interim int          // how many interim answers there were; if any, own has to be put back
	buffer  [4]headerLine
}

type headerLine struct {
	name   string
	values []string
}

// Unwrap lets http.ResponseController flush and hijack.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// remember notes what the header holds now.
func (a *answer) remember() {
	a.own = a.buffer[:0]
	for name, values := range a.Header() {
		a.own = append(a.own, headerLine{name, values})
	}
}

func (a *answer) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols {
		a.writeInterim(status)
		return
	}
	a.restore()
	if a.unread() {
		// An application may answer before it has read everything. net/http would read the rest and throw it away first, under
		// the hands of whoever is sending it to the application, were the connection not to end with this answer. And what
		// is left may be no body: it must not be read as the next request (D78, D81).
		a.Header().Set("Connection", "close")
	}
	a.ResponseWriter.WriteHeader(status)
}

// unread tells whether there may be something left of the request's body on the connection.
func (a *answer) unread() bool { return a.inbound != nil && !a.inbound.complete.Load() }

// maxInterim is how many interim answers pass. An application that goes on and on is ended by its time-out; until then, nobody
// has to listen to it.
const maxInterim = 20

func (a *answer) writeInterim(status int) {
	h := a.Header()
	if a.interim == 0 {
		a.setAside(h)
	}
	if a.interim++; a.interim > maxInterim {
		return
	}
	a.proxy.dropOwnCookies(h)
	a.ResponseWriter.WriteHeader(status)
}

// setAside leaves in h only what the application added to it.
func (a *answer) setAside(h http.Header) {
	for _, line := range a.own {
		if added := h[line.name][len(line.values):]; len(added) > 0 {
			h[line.name] = added
		} else {
			delete(h, line.name)
		}
	}
}

// restore puts back what was set aside, if it was.
func (a *answer) restore() {
	if a.interim == 0 {
		return
	}
	a.interim = 0
	h := a.Header()
	for _, line := range a.own {
		h[line.name] = append(line.values[:len(line.values):len(line.values)], h[line.name]...)
	}
}
