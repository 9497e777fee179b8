package authflow

import (
	"net/http"
	"net/netip"
)

// Feature is a room of the auth API: one capability, with its own routes, texts and tables.
type Feature interface {
	// Name is the folder's name; errors at start use it.
	Name() string
	// Mount names the feature's routes.
	Mount(r *Router)
}

// SessionNeed says which session a route wants before its handler runs.
type SessionNeed int

// The needs, in rising order.
const (
	SessionIgnored  SessionNeed = iota // the handler may ask Call.Session itself
	SessionRequired                    // 401 without one
	SessionFresh                       // and 403 when the sign-in is longer ago than auth.session.fresh_age
)

// Route is one endpoint. The host does what every endpoint needs, in better-auth's order: media type, JSON, origin, redirect
// targets, fields, login CSRF, session. A handler that runs can trust all of it.
type Route struct {
	Method  string
	Path    string   // below the base path; "/reset-password/:token" has a parameter
	Aliases []string // further paths for plain HTTP clients
	Summary string   // one sentence for the API description

	Params       []Field // what the parameters of Path are
	Body         []Field
	BodyShape    Shape
	BodyOptional bool    // a request without a body is fine; one with a wrong body is not
	BodyIgnored  bool    // whatever is sent as a body is not even read
	Query        []Field // parameters; those not named here are dropped
	QueryShape   Shape
	Form         bool // takes application/x-www-form-urlencoded too
	LoginCSRF    bool // begins a session by e-mail: checked even when no cookie is sent
	Session      SessionNeed
	Sensitive    bool   // what it does must not rest on a copy of the session: where better-auth disables its cookie cache
	Renews       bool   // renews a session also where renewing is deferred
	Nobody       *Error // instead of ErrUnauthorized, where better-auth says it otherwise
	Begins       bool   // may begin a session; every gate is asked before

	Account string // field of the body that names an account by its e-mail address; attempts at one are limited, see attempt.go
	Proof   string // field of the body that holds the password of that account, or else of the session's user: of attempts only wrong ones count

	// What a caller may expect. The API description is made of it, and tests hold every answer to it (package openapi).
	Answer      any         // zero value of what success says as JSON; its type is the promise, and a pointer may also be null
	Media       string      // of a success that is not JSON; there is no Answer then
	Redirects   string      // where a 302 leads; empty: there is none
	Errors      []*Error    // refusals of the route itself; those of the host's checks are known, see Refusals
	Other       map[int]any // further answers that are no Error, by status
	OperationID string      // as in better-auth's description; empty: made of the path, as in signInEmail
	Hidden      bool        // a file of a page, which nobody calls

	Handle func(c *Call) error

	room  string // the feature that mounted it
	name  string // Path, also where the route was found by an alias
	limit Limit  // of one client
	gates []Gate // of all sessions

	challenge Challenge // nil: none is asked for
}

// AnyOf is the Answer of a route that succeeds in several ways: the zero values of what it may say.
type AnyOf []any

// ClientInfo is what is known of who sent a request, beyond what they say themselves.
type ClientInfo struct {
	Addr      netip.Addr // the client as the trusted proxies tell it; the zero Addr when unknown
	RequestID string
}

// Outcome is what the access log and the metrics want to know of a request to the API.
type Outcome struct {
	Route     string // the route's pattern, never the raw path; empty when none matched
	UserID    string
	SessionID string
	Reason    string // why it was refused, where an operator wants to count that: ReasonRateLimited
}

// ReasonRateLimited is the Reason of an Outcome with status 429.
const ReasonRateLimited = "rate_limited"

// Observer hears of each request to the API once it has been answered.
type Observer func(r *http.Request, o Outcome)
