package authflow

import (
	"cmp"
	"slices"
)

// Room is the name of the feature that mounted the route.
func (r *Route) Room() string { return r.room }

// TakesBody tells whether the route reads a body, be it only to check that one was sent in the right form.
func (r *Route) TakesBody() bool { return r.Method != "GET" && !r.BodyIgnored }

// Refusals are all errors a route may answer: its own, and those of what the host does for it in Flow.serve.
func (r *Route) Refusals() []*Error {
	all := slices.Clone(r.Errors)
	all = append(all, r.bodyRefusals()...)
	all = append(all, r.originRefusals()...)
	all = append(all, r.challengeRefusals()...)
	if r.Begins {
		all = append(all, ErrUnauthorized) // the user was deleted meanwhile
		for _, gate := range r.gates {
			all = append(all, gate.Refusals()...)
		}
	}
	if len(r.Body)+len(r.Query) > 0 || r.BodyShape != ShapeObject || r.Account != "" {
		all = append(all, invalidInput("Invalid input"))
	}
	if slices.ContainsFunc(r.Body, func(f Field) bool { return f.Additional != nil }) {
		all = append(all, errFieldNotAllowed("x"), ErrMissingField("x"))
	}
	if r.Session >= SessionRequired {
		all = append(all, cmp.Or(r.Nobody, ErrUnauthorized))
	}
	if r.Session == SessionFresh {
		all = append(all, ErrSessionNotFresh)
	}
	return append(all, errTooManyRequests, errInternal, ErrUnavailable)
}

func (r *Route) bodyRefusals() []*Error {
	if !r.TakesBody() {
		return nil
	}
	refusals := []*Error{errInvalidJSON, errUnreadableBody, errBodyTooLarge, unsupportedMediaType("Content-Type \"text/plain\" is not allowed. Allowed types: application/json")}
	if r.Form {
		refusals = append(refusals, errInvalidForm)
	}
	return refusals
}

// originRefusals are what origin.go says: any POST is asked for every redirect target, and other routes check those they know.
func (r *Route) originRefusals() []*Error {
	if r.Method == "GET" {
		if slices.ContainsFunc(r.Query, func(f Field) bool { return f.Name == "callbackURL" }) {
			return []*Error{notText("callbackURL"), redirectErrors["callbackURL"]}
		}
		return nil
	}
	refusals := []*Error{errMissingOrNullOrigin, errInvalidOrigin}
	for _, label := range []string{"callbackURL", "redirectURL", "errorCallbackURL", "newUserCallbackURL"} {
		refusals = append(refusals, notText(label), redirectErrors[label])
	}
	if r.LoginCSRF {
		refusals = append(refusals, errCrossSiteNavigation)
	}
	return refusals
}
