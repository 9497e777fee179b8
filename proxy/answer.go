package proxy

import "net/http"

// answer is the client's side of a forwarded request. It exists for interim answers (1xx, RFC 9110 §15.2), which
// ReverseProxy passes on while the real one is still to come: it writes them into the same header map and empties the
// map afterwards. Without care, an interim answer would carry a renewed session cookie, the final one would lack it,
// and an application could set cookies in the former (D94).
type answer struct {
	http.ResponseWriter
	proxy   *Proxy
	own     []headerLine // what Postern had set before the application was asked
	interim bool         // an interim answer was written, so that own has to be put back
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
	if a.interim {
		a.restore()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) writeInterim(status int) {
	h := a.Header()
	if !a.interim {
		a.setAside(h)
	}
	a.interim = true
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

func (a *answer) restore() {
	h := a.Header()
	for _, line := range a.own {
		h[line.name] = append(line.values[:len(line.values):len(line.values)], h[line.name]...)
	}
}
