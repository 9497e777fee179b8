package authflow

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// Call is one request to the API, checked, with what its handler needs to answer it.
type Call struct {
	W     http.ResponseWriter
	R     *http.Request
	Body  Values
	Query Values

	flow         *Flow
	route        *Route
	params       url.Values
	resolved     bool
	identity     *sessionstore.Identity
	needsRefresh *bool
	reason       string // of a refusal, for Outcome
	later        []Event
	known        bool // the account that is named knows the browser
}

// Param returns a parameter of the path.
func (c *Call) Param(name string) string { return c.params.Get(name) }

// Client returns what is known of the sender.
func (c *Call) Client() ClientInfo { return c.flow.client(c.R) }

// JSON answers 200 with a value.
func (c *Call) JSON(value any) error { return writeJSON(c.W, http.StatusOK, value) }

// JSONStatus answers with a value and another status than 200.
func (c *Call) JSONStatus(status int, value any) error { return writeJSON(c.W, status, value) }

// Write answers 200 with what is not made of a value.
func (c *Call) Write(contentType string, content []byte) error {
	c.W.Header().Set("Content-Type", contentType)
	return write(c.W, http.StatusOK, content)
}

// Redirect answers 302 with an empty body. The target has been checked by the host when it came with the request.
func (c *Call) Redirect(target string) error {
	c.W.Header().Set("Content-Type", "application/json") // as better-auth
	c.W.Header().Set("Location", encodeSet(target, ""))  // RFC 9110 §10.2.2: ASCII
	c.W.WriteHeader(http.StatusFound)
	return nil
}

// CheckRedirect refuses a redirect target, named by a query parameter, that is not trusted.
func (c *Call) CheckRedirect(target string) error {
	return c.flow.origins.checkRedirect("callbackURL", target)
}

// Record remembers an event, filled in with who sent the request. See Recorder for tx.
func (c *Call) Record(tx *sessionstore.Store, e Event) error {
	client := c.Client()
	e.ClientIP = client.Addr
	e.RequestID = client.RequestID
	e.UserAgent = userAgent(c.R)
	if client.Addr.IsValid() {
		e.Place = c.flow.places(client.Addr.String(), "en")
	}
	if e.ActorID == "" && c.identity != nil {
		e.ActorID = Impersonator(c.identity.Session)
	}
	return c.flow.recorder.Record(c.R.Context(), tx, e)
}

// Note records an event on its own, outside any transaction; see Recorder.
func (c *Call) Note(e Event) {
	if err := c.Record(nil, e); err != nil {
		c.flow.log(c.R, http.StatusInternalServerError, err) // Recorder promises nil; should one break that, at least it is seen
	}
}

// refused remembers that a gate kept a user out. The transaction in which it stood is undone, and its trace would go with it: it is
// recorded once the request has been answered.
func (c *Call) refused(u sessionstore.User, err error) {
	var e *Error
	if errors.As(err, &e) {
		c.later = append(c.later, Event{Name: EventSignInFailed, Outcome: OutcomeFailure, UserID: u.ID, Reason: strings.ToLower(e.Code)})
	}
}

// isTruthy is how better-auth reads a flag of the query: any text counts, even "false", and so does a repeated parameter.
func isTruthy(values []string) bool { return len(values) > 1 || len(values) == 1 && values[0] != "" }
