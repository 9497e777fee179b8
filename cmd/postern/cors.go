package main

import (
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/proxy"
)

// preflightMaxAge is for how long, in seconds, a browser may remember a preflight's answer.
const preflightMaxAge = "600"

// cors lets pages of other origins call with cookies and read the answers (Fetch Standard §3.2). It stands before
// authentication, so that a page can read a 401, too.
type cors struct {
	origins *authflow.Origins
	// handsOver tells which preflights are answered by somebody else; nil for none.
	handsOver func(*http.Request) bool
}

// newCORS allows the origins, besides our own, which needs no permission.
func newCORS(publicURL string, origins []string) (*cors, error) {
	if len(origins) == 0 {
		return &cors{}, nil
	}
	list, err := authflow.NewOrigins(publicURL, origins)
	if err != nil {
		return nil, err
	}
	return &cors{origins: list}, nil
}

// allowed returns the request's Origin if answers may be read there, else "".
func (c *cors) allowed(r *http.Request) string {
	if c.origins == nil {
		return ""
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == c.origins.Base() || !c.origins.Trusted(origin) {
		return ""
	}
	return origin
}

// answerPreflight answers a preflight of an allowed origin. It carries no credentials, so it must not be asked for any. An
// OPTIONS request that is none goes its way.
func (c *cors) answerPreflight(w *answer, r *http.Request) bool {
	if w.origin == "" || !proxy.IsPreflight(r) || c.handsOver != nil && c.handsOver(r) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", preflightMaxAge)
	h["Vary"] = append(h["Vary"], "Access-Control-Request-Method", "Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// mark makes an answer readable to origin. An application that speaks CORS itself is not contradicted. Answers that are
// readable to nobody say that they depend on the origin, too: a cache must not give one of them to a page that may read it
// (Fetch Standard §3.2.5).
func (c *cors) mark(h http.Header, origin string) {
	if c.origins == nil || h.Get("Access-Control-Allow-Origin") != "" {
		return
	}
	if !varies(h, "Origin") {
		h["Vary"] = append(h["Vary"], "Origin")
	}
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if exposed := h.Get("Access-Control-Expose-Headers"); !strings.Contains(strings.ToLower(exposed), "x-request-id") {
		if exposed != "" {
			exposed += ", "
		}
		h.Set("Access-Control-Expose-Headers", exposed+"x-request-id, retry-after, x-retry-after")
	}
}

// varies tells whether an answer says already that it depends on a header of the request.
func varies(h http.Header, name string) bool {
	for _, line := range h["Vary"] {
		for listed := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(listed), name) {
				return true
			}
		}
	}
	return false
}
