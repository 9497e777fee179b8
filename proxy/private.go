package proxy

import "net/http"

// keepPrivate keeps an answer that was made for one person from being shown to others. Between browser and Postern it may pass
// shared caches, which treat a request with a cookie like any other (RFC 9111 §3.5 spares those with Authorization alone), and
// the browser itself shows what it has kept when somebody goes back, whether or not they have signed out since (§6, D51).
//
// What the application says of caching counts, since it knows better. Where it gave a validator or a date and no more, a
// cache may guess (§4.2.2): then only the browser's own may. An answer that brings a cookie of Postern's is kept by nobody.
func keepPrivate(h http.Header, bringsCookie bool) {
	switch {
	case bringsCookie:
		h.Set("Cache-Control", "no-store")
	case h["Cache-Control"] != nil:
	case h["Etag"] != nil || h["Last-Modified"] != nil || h["Expires"] != nil:
		h.Set("Cache-Control", "private")
	default:
		h.Set("Cache-Control", "no-store")
	}
}

// bringsCookie tells whether Postern has set a cookie, such as that of a renewed session.
func (a *answer) bringsCookie() bool {
	for _, line := range a.own {
		if line.name == "Set-Cookie" {
			return true
		}
	}
	return false
}
