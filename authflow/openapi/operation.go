package openapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/posternhq/postern/authflow"
)

func describeRoute(r *authflow.Route, named objects) (*operation, error) {
	o := &operation{Summary: r.Summary, Security: []requirement{{cookieScheme: {}}, {bearerScheme: {}}}}
	if r.Session == authflow.SessionIgnored {
		o.Security = append([]requirement{{}}, o.Security...) // a session is welcome, and not needed
	}
	var err error
	if o.Parameters, err = parameters(r); err != nil {
		return nil, err
	}
	if o.RequestBody, err = body(r); err != nil {
		return nil, err
	}
	if o.Responses, err = answers(r, named); err != nil {
		return nil, err
	}
	addRefusals(o.Responses, r)
	return o, nil
}

func parameters(r *authflow.Route) ([]parameter, error) {
	var all []parameter
	for _, place := range []struct {
		in     string
		fields []authflow.Field
	}{{"path", r.Params}, {"query", r.Query}} {
		for _, f := range place.fields {
			s, err := fieldSchema(f)
			if err != nil {
				return nil, err
			}
			s.Description = "" // it is the parameter's
			all = append(all, parameter{Name: f.Name, In: place.in, Required: !f.Optional, Description: f.Doc, Schema: s})
		}
	}
	return all, nil
}

func body(r *authflow.Route) (*requestBody, error) {
	if !r.TakesBody() || len(r.Body) == 0 && r.BodyShape == authflow.ShapeObject {
		return nil, nil
	}
	s, err := bodySchema(r)
	if err != nil {
		return nil, err
	}
	content := jsonContent(s)
	if r.Form {
		content["application/x-www-form-urlencoded"] = mediaType{Schema: s}
	}
	return &requestBody{Required: !r.BodyOptional, Content: content}, nil
}

// answersOf are the values that a route may write.
func answersOf(r *authflow.Route) []any {
	all := slices.Collect(maps.Values(r.Other))
	if r.Answer != nil {
		all = append(all, r.Answer)
	}
	return all
}

// answers are what a route says when nothing is wrong.
func answers(r *authflow.Route, named objects) (map[string]response, error) {
	all := map[string]response{}
	switch {
	case r.Answer != nil:
		s, err := named.answerSchema(r.Answer)
		if err != nil {
			return nil, err
		}
		all["200"] = response{Description: "Success", Headers: sessionHeaders(r), Content: jsonContent(s)}
	case r.Media != "":
		all["200"] = response{Description: "Success", Content: map[string]mediaType{r.Media: {Schema: text("")}}}
	}
	if r.Redirects != "" {
		all["302"] = response{Description: r.Redirects, Headers: map[string]header{"Location": {"Where to.", text("uri-reference")}}}
	}
	for status, value := range r.Other {
		s, err := named.answerSchema(value)
		if err != nil {
			return nil, err
		}
		all[strconv.Itoa(status)] = response{Description: http.StatusText(status), Content: jsonContent(s)}
	}
	return all, nil
}

func sessionHeaders(r *authflow.Route) map[string]header {
	if !r.Begins {
		return nil
	}
	return map[string]header{"set-auth-token": {"The token of the session that has begun, signed. It is in a cookie as well.", text("")}}
}

func jsonContent(s *jsonschema.Schema) map[string]mediaType {
	return map[string]mediaType{"application/json": {Schema: s}}
}

func text(format string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: format}
}
