package main

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/proxy/forwardauth"
)

// requestInfo is what one request gathers on its way for its log line and its metrics.
type requestInfo struct {
	id      string
	client  clientaddr.Client
	started time.Time

	method    string // on which was decided, where it is not that of the request
	frontEnd  string // that asked, and forwards itself; empty for none
	route     string // pattern
	auth      string // what the route asks: public, optional, required, or "api" for our own
	path      string // of proxied requests only: paths of the API may hold tokens
	userID    string
	sessionID string
	reason    string
	upstream  time.Duration
	err       error
	span      trace.Span // nil without traces
}

// visit is all that the edge keeps of one request, in one piece, since it is made for each. It is the context that the
// request has from the edge on.
type visit struct {
	context.Context
	info   requestInfo
	answer answer
	id     [1]string // the value of the answer's X-Request-Id
}

type (
	requestInfoKey struct{}
	visitKey       struct{}
)

// Value lets infoOf find the info, and leaveCORS the answer.
func (v *visit) Value(key any) any {
	switch key {
	case requestInfoKey{}:
		return &v.info
	case visitKey{}:
		return v
	}
	return v.Context.Value(key)
}

// name gives the request its id, and tells the client.
func (v *visit) name(id string) {
	v.info.id, v.id[0] = id, id
	v.answer.Header()["X-Request-Id"] = v.id[:]
}

// leaveCORS leaves it to the application who may read the answer.
func leaveCORS(r *http.Request) {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		v.answer.marked = true
	}
}

// infoOf returns the request's, or an empty one for a request that did not come by the edge.
func infoOf(r *http.Request) *requestInfo {
	if info, ok := r.Context().Value(requestInfoKey{}).(*requestInfo); ok {
		return info
	}
	return &requestInfo{}
}

func requestID(r *http.Request) string { return infoOf(r).id }

func clientOf(r *http.Request) clientaddr.Client { return infoOf(r).client }

// observeQuestion notes which front end asks, and why it was not answered.
func observeQuestion(r *http.Request, frontEnd, reason string) {
	info := infoOf(r)
	info.frontEnd, info.route = frontEnd, forwardauth.Path
	if reason != "" {
		info.reason, info.auth = reason, "refused"
	}
}

// clientInfo is clientOf in the words of the auth API.
func clientInfo(r *http.Request) authflow.ClientInfo {
	info := infoOf(r)
	return authflow.ClientInfo{Addr: info.client.Addr, RequestID: info.id}
}

// observeAPI notes what the auth API made of a request.
func observeAPI(r *http.Request, o authflow.Outcome) {
	info := infoOf(r)
	info.route, info.auth, info.userID, info.sessionID, info.reason = o.Route, "api", o.UserID, o.SessionID, o.Reason
}

// These keep a client from filling the log with what it asks for.
const (
	maxLoggedPath   = 1 << 10
	maxLoggedMethod = 32
)

// observeProxy notes what became of a proxied request.
func observeProxy(r *http.Request, o proxy.Outcome) {
	info := infoOf(r)
	info.path = cmp.Or(o.Path, r.URL.Path)
	info.path = info.path[:min(len(info.path), maxLoggedPath)]
	info.userID, info.sessionID = string(o.UserID), string(o.SessionID)
	info.reason, info.upstream, info.err = o.Reason, o.UpstreamTime, o.Err
	info.method = r.Method
	if o.Refused {
		info.route, info.auth = "", "refused"
		return
	}
	info.route, info.auth = o.Route, o.Auth.String()
}
