package authflow

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
)

// Challenge is a riddle for programs at some endpoints. Package captcha has those of the known services.
type Challenge interface {
	// Guards tells whether an endpoint, by its path below the base path, asks for it.
	Guards(path string) bool
	// Check returns nil when the response shows that the riddle was solved, and else the error to answer. client is the zero Addr when unknown.
	Check(ctx context.Context, response string, client netip.Addr) error
}

// challengeHeader carries the response, under the name that better-auth's captcha plugin reads.
const challengeHeader = "X-Captcha-Response"

// guardRoutes marks what asks for a challenge: a route is guarded under all its names. The route was found by its path to the byte, so that another
// spelling of a guarded one is no route at all.
func (r *Router) guardRoutes(c Challenge) {
	for route := range r.all() {
		if slices.ContainsFunc(append([]string{route.name}, route.Aliases...), c.Guards) {
			route.challenge = c
		}
	}
}

// checkChallenge comes after the limits, so that nobody has the service asked without end.
//
// Differs from better-auth, which asks it first.
func checkChallenge(c *Call) error {
	if c.route.challenge == nil {
		return nil
	}
	response := c.R.Header.Get(challengeHeader)
	if response == "" {
		return ErrMissingCaptcha
	}
	return c.route.challenge.Check(c.R.Context(), response, c.Client().Addr)
}

// challengeRefusals are what checkChallenge answers.
func (r *Route) challengeRefusals() []*Error {
	if r.challenge == nil {
		return nil
	}
	return []*Error{ErrMissingCaptcha, ErrCaptchaFailed, ErrCaptchaUnknown}
}

// The errors of better-auth's captcha plugin.
var (
	ErrMissingCaptcha = &Error{Status: http.StatusBadRequest, Code: "MISSING_RESPONSE", Message: "Missing CAPTCHA response"}
	ErrCaptchaFailed  = &Error{Status: http.StatusForbidden, Code: "VERIFICATION_FAILED", Message: "Captcha verification failed"}
	ErrCaptchaUnknown = &Error{Status: http.StatusInternalServerError, Code: "UNKNOWN_ERROR", Message: "Something went wrong"}
)
