package forwardauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/posternhq/postern/proxy"
)

// Problem is a question that cannot be answered: the mistake is the front end's configuration, not the client's.
type Problem struct {
	Status        int
	Code, Message string
	Reason        string // a constant word for logs and metrics
}

// Untrusted is who asks without being named in server.trusted_proxies.
var Untrusted = &Problem{http.StatusForbidden, "FORBIDDEN", "Only front ends may ask; server.trusted_proxies names their addresses", "untrusted_front_end"}

var noFrontEnd = &Problem{http.StatusNotFound, "NOT_FOUND", "No kind of front end asks at this path; see docs/forward-auth.md", "front_end"}

func headerProblem(name string, lines int) *Problem {
	what := "is malformed"
	switch {
	case lines == 0:
		what = "is missing"
	case lines > 1:
		what = "came more than once"
	}
	return &Problem{http.StatusBadRequest, "BAD_REQUEST",
		fmt.Sprintf("The front end has to tell what was asked for, and its header %s %s; see docs/forward-auth.md", name, what), "front_end_header"}
}

func (no *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.Status)
	text, _ := json.Marshal(struct { // strings alone cannot fail
		Code    string `json:"code"`
		Message string `json:"message"`
	}{no.Code, no.Message})
	_, _ = w.Write(append(text, '\n')) // a front end that left needs no answer
}

// carried puts an answer for the client into a status that the front end can take.
type carried struct {
	http.ResponseWriter
	family *family
}

// Unwrap lets http.ResponseController reach the connection.
func (c *carried) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *carried) WriteHeader(status int) {
	c.ResponseWriter.WriteHeader(c.family.carries(status))
}

// allow says yes, with the headers that the application is to get.
func (f *family) allow(w http.ResponseWriter, pass proxy.Pass) {
	h := w.Header()
	for name, lines := range pass.Set {
		h[name] = lines
	}
	if f.tellsRemovals != "" && len(pass.Remove) > 0 {
		h.Set(f.tellsRemovals, strings.Join(pass.Remove, ","))
	}
	oneCookie(h)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// oneCookie leaves the first cookie, which is a renewed session's. nginx and Caddy can hand only one on to the client: of
// several they make one line, which is none (RFC 6265 §3). What comes after it can be done without: the cookie in which a
// session is cached is made anew by the auth API, and the one that counts redirects runs out.
func oneCookie(h http.Header) {
	if lines := h["Set-Cookie"]; len(lines) > 1 {
		h["Set-Cookie"] = lines[:1:1]
	}
}
