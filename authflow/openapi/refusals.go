package openapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/posternhq/postern/authflow"
)

// errorSchema describes the body of every error.
func errorSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "object",
		Properties: map[string]*jsonschema.Schema{
			"message": {Type: "string", Description: "For people."},
			"code":    {Type: "string", Description: "For programs. A few errors have none, as in better-auth."},
		},
		PropertyOrder: []string{"message", "code"},
		Required:      []string{"message"},
	}
}

// common are the refusals of a route that has none of its own, by status: what most routes share is described once. A route that may
// give less of them is no less right.
func common() map[int]refusals {
	return byStatus(&authflow.Route{Method: http.MethodPost, Session: authflow.SessionRequired, Body: []authflow.Field{authflow.Text("", "")}})
}

func commonResponses() map[string]response {
	all := map[string]response{}
	for status, some := range common() {
		all[commonName(status)] = some.response(status, nil)
	}
	return all
}

// commonName makes TooManyRequests of 429.
func commonName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// addRefusals adds to a route's answers what it may say instead.
func addRefusals(all map[string]response, r *authflow.Route) {
	shared := common()
	for status, some := range byStatus(r) {
		key := strconv.Itoa(status)
		if _, taken := all[key]; taken {
			continue
		}
		if some.without(shared[status]) == nil {
			all[key] = response{Ref: responseRef + commonName(status)}
			continue
		}
		all[key] = some.response(status, shared[status])
	}
}

const (
	responseRef = "#/components/responses/"
	alsoCommon  = ", and what is common to most routes: "
)

// refusals are the errors of one status.
type refusals []*authflow.Error

func byStatus(r *authflow.Route) map[int]refusals {
	all := map[int]refusals{}
	for _, e := range r.Refusals() {
		all[e.Status] = append(all[e.Status].without(refusals{e}), e)
	}
	return all
}

// without leaves out the others.
func (r refusals) without(others refusals) refusals {
	var rest refusals
	for _, e := range r {
		if !slices.ContainsFunc(others, func(other *authflow.Error) bool { return e.Code == other.Code && e.Message == other.Message }) {
			rest = append(rest, e)
		}
	}
	return rest
}

// response describes errors of one status. Those that are described once for all routes are not written out again.
func (r refusals) response(status int, shared refusals) response {
	described := response{Description: http.StatusText(status), Headers: retryHeaders(status)}
	own := r.without(shared)
	examples := map[string]example{}
	for _, e := range own {
		said := map[string]string{"message": e.Message}
		if e.Code != "" {
			said["code"] = e.Code
		}
		if e.Code+e.Message != "" {
			examples[e.Message] = example{said}
		} else {
			described.Description += ", also without a body"
		}
	}
	if len(own) < len(r) {
		described.Description += alsoCommon + commonName(status)
	}
	if codes := r.codes(); codes != nil {
		s := &jsonschema.Schema{AllOf: []*jsonschema.Schema{{Ref: schemaRef + "Error"}, codes}}
		described.Content = map[string]mediaType{"application/json": {Schema: s, Examples: examples}}
	}
	return described
}

// codes describes which codes the errors have; nil when none has a body.
func (r refusals) codes() *jsonschema.Schema {
	codes, coded, said := []any{}, true, false
	for _, e := range r {
		said = said || e.Message != ""
		coded = coded && e.Code != ""
		if e.Code != "" && !slices.Contains(codes, any(e.Code)) {
			codes = append(codes, e.Code)
		}
	}
	if !said {
		return nil
	}
	s := &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"code": {Enum: codes}}}
	if coded {
		s.Required = []string{"code"}
	}
	return s
}

// retryHeaders tell when to come again; see setRetryAfter in package authflow.
func retryHeaders(status int) map[string]header {
	seconds := header{"Seconds to wait.", &jsonschema.Schema{Type: "integer"}}
	switch status {
	case http.StatusTooManyRequests:
		return map[string]header{"Retry-After": seconds, "X-Retry-After": seconds}
	case http.StatusServiceUnavailable:
		return map[string]header{"Retry-After": seconds}
	}
	return nil
}
