package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
)

// refusal is an answer of Postern's own: the one shape in which decisions and failures become HTTP. Messages are
// constants written for the client; what went wrong inside goes to Outcome.Err and nowhere else.
type refusal struct {
	status  int
	code    string // in the answer, spelled as better-auth spells codes
	reason  string // in Outcome, for logs and metrics
	message string
}

func badTarget(reason, message string) *refusal {
	return &refusal{http.StatusBadRequest, "BAD_REQUEST", reason, message}
}

// Requests that could be read in two ways. They are refused before any rule is looked at.
var (
	refuseHost           = badTarget("host", "The Host header is missing, malformed or contradictory")
	refuseAuthority      = badTarget("authority", "The request target is for another authority")
	refuseMethodCase     = badTarget("method_case", "Methods are written in upper case")
	refuseControl        = badTarget("control_character", "The request target contains a control character or space")
	refuseFragment       = badTarget("fragment", "The request target contains a fragment")
	refuseBackslash      = badTarget("backslash", "The path contains a backslash")
	refuseParameter      = badTarget("path_parameter", "The path contains a semicolon")
	refuseEscape         = badTarget("escape", "The path contains a malformed escape")
	refuseEncodedSlash   = badTarget("encoded_slash", "The path contains an encoded slash")
	refuseDoubleEncoding = badTarget("double_encoding", "The path is encoded twice")
	refuseEncoding       = badTarget("encoding", "The path is not UTF-8")
	refuseEmptySegment   = badTarget("empty_segment", "The path contains an empty segment")
	refuseDotSegment     = badTarget("dot_segment", "The path contains a dot segment")
	refuseMethod         = &refusal{http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "method", "This method is not served"}
)

// Decisions.
var (
	refuseUnauthenticated = &refusal{http.StatusUnauthorized, "UNAUTHORIZED", reasonNoSession, "Sign in to use this resource"}
	refuseStale           = &refusal{http.StatusUnauthorized, "SESSION_NOT_FRESH", reasonStale, "Sign in again to use this resource"}
	refuseForbidden       = &refusal{http.StatusForbidden, "FORBIDDEN", reasonRole, "You are not allowed to use this resource"}
	refuseUnverified      = &refusal{http.StatusForbidden, "EMAIL_NOT_VERIFIED", reasonUnverified, "Verify your e-mail address to use this resource"}
	refuseLoop            = &refusal{http.StatusUnauthorized, "REDIRECT_LOOP", "redirect_loop", "Signing in does not lead to a session that counts here"}
	refuseUnasserted      = &refusal{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "assertion", "Who is asking cannot be vouched for at the moment; try again"}
	refuseUpgrade         = &refusal{http.StatusForbidden, "INVALID_ORIGIN", "upgrade_origin", "This origin may not open a connection with the user's cookie"}
	refuseForged          = &refusal{http.StatusForbidden, "INVALID_ORIGIN", "cross_origin", "This origin may not send requests with the user's cookie"}
	refuseNothingHere     = &refusal{http.StatusNotFound, "NOT_FOUND", "no_application", "No application is served at this address"}
	refuseUnavailable     = &refusal{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", reasonUnknown, "Sessions cannot be checked at the moment; try again"}
)

// Failures on the way.
var (
	refuseTooLarge   = &refusal{http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", "body_size", "The request body is larger than allowed here"}
	refuseBody       = &refusal{http.StatusBadRequest, "BAD_REQUEST", "body", "The request body could not be read"}
	refuseSlowBody   = &refusal{http.StatusRequestTimeout, "REQUEST_TIMEOUT", "slow_body", "The request body arrived too slowly"}
	refuseBadGateway = &refusal{http.StatusBadGateway, "BAD_GATEWAY", "upstream", "The application did not answer properly"}
	refuseBusy       = &refusal{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "upstream_busy", "The application has as much to do as it can; try again"}
	refuseTimeout    = &refusal{http.StatusGatewayTimeout, "GATEWAY_TIMEOUT", "upstream_timeout", "The application did not answer in time"}
	// Nobody reads this one; 499 is nginx's number for it and keeps such requests apart in logs.
	refuseClientGone = &refusal{499, "CLIENT_CLOSED_REQUEST", "client_gone", "The client closed the request"}
)

// refusalFor classifies what went wrong while forwarding.
func refusalFor(r *http.Request, err error) *refusal {
	var tooLarge *http.MaxBytesError
	var inbound inboundError
	var timeout net.Error
	switch {
	case errors.As(err, &tooLarge):
		return refuseTooLarge
	case r.Context().Err() != nil, errors.Is(err, context.Canceled):
		return refuseClientGone
	case errors.As(err, &inbound):
		return refuseBody
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return refuseTimeout
	}
	return refuseBadGateway
}

// problem is the body of an answer. SignInURL lets a single-page application find the sign-in page by itself.
type problem struct {
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	SignInURL string   `json:"signInUrl,omitempty"`
	Origin    *string  `json:"origin,omitempty"`   // that was received; nil where it does not matter
	Expected  []string `json:"expected,omitempty"` // origins that would do
	Setting   string   `json:"setting,omitempty"`  // by which to add one
	RequestID string   `json:"requestId,omitempty"`
}

// Refusal is what there is to tell a person who was refused. Nothing in it comes from the application, nor tells where that is.
type Refusal struct {
	Status    int
	Code      string // as in the JSON that programs get
	RequestID string // empty where there is none
	SignInURL string // of a 401, where there is a page for that
}

// refuse answers. It may be called before or instead of an upstream's answer, not after.
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, no *refusal) {
	p.sendProblem(w, r, no, problem{Code: no.code, Message: no.message})
}

func (p *Proxy) sendProblem(w http.ResponseWriter, r *http.Request, no *refusal, body problem) {
	h := w.Header()
	if isGRPC(r) {
		own(h)
		p.boundDrain(w, r)
		sendGRPC(w, no)
		return
	}
	if no.status >= 500 && len(h[requestIDHeader]) > 0 {
		body.RequestID = h[requestIDHeader][0] // for who reports it and shows no headers
	}
	switch no.status {
	case http.StatusUnauthorized:
		if h.Get("WWW-Authenticate") == "" {
			h.Set("WWW-Authenticate", "Bearer") // RFC 9110 §15.5.2: a 401 names a scheme
		}
		if p.signIn != nil {
			body.SignInURL = p.wholeAddress(p.signIn.url.String())
		}
	case http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "5")
		}
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		closeAfter(h, r) // what follows a CONNECT on this connection may be meant for a tunnel (D64)
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		closeAfter(h, r) // the rest of the body is not worth reading
	}
	own(h)
	p.boundDrain(w, r)
	if p.options.ErrorPage != nil && loadsPage(r) {
		p.options.ErrorPage(w, r, Refusal{Status: no.status, Code: no.code, RequestID: h.Get(requestIDHeader), SignInURL: p.signInFrom(r, no)})
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(no.status)
	text, _ := json.Marshal(body)      // strings alone cannot fail
	_, _ = w.Write(append(text, '\n')) // a client that left needs no answer
}

// closeAfter has the connection end with the answer. Over HTTP/2 what is wrong with a request ends with its stream, and net/http would take it
// for the end of the connection, which others share.
func closeAfter(h http.Header, r *http.Request) {
	if r.ProtoMajor == 1 {
		h.Set("Connection", "close")
	}
}

// redirect sends a browser to the sign-in page, unless it keeps coming back.
func (p *Proxy) redirect(w http.ResponseWriter, r *http.Request, x *exchange) {
	so := redirectsSoFar(r.Header)
	if so >= maxRedirects {
		p.breakLoop(w, r, x)
		return
	}
	p.countRedirect(w, x, so+1)
	w.Header().Set("Location", p.signInLocation(x))
	own(w.Header())
	p.boundDrain(w, r)
	w.WriteHeader(http.StatusFound)
}

// own marks an answer that is Postern's: never cached, since it says who was asking.
func own(h http.Header) { h.Set("Cache-Control", "no-store") }
