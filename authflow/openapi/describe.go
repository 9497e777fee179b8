package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// About is what the description says besides the routes.
type About struct {
	ServerURL  string // where the API is; a path when that depends on where the description is read
	CookieName string // of the session

	UserFields, SessionFields sessionstore.AdditionalFields
}

// apiVersion is that of the protocol, better-auth's: the description of one API changes with its routes, not with each build.
const apiVersion = "1.7"

const introduction = `better-auth's protocol, and plain REST routes beside it.

Send the session cookie, or the token as ` + "`Authorization: Bearer <token>`" + `. An answer that begins or renews a session sets the cookie, and carries the token in the header ` + "`set-auth-token`" + `. A request with cookies must come from a trusted origin (` + "`Origin`" + `), one without them need not.

Errors are ` + "`{\"message\": …, \"code\": …}`" + `; go by the code. Members may be added to answers: ignore those you do not know.`

// Names of the security schemes, as in better-auth's description.
const (
	cookieScheme = "apiKeyCookie"
	bearerScheme = "bearerAuth"
)

// Describe writes the description of the routes as JSON.
func Describe(about About, routes iter.Seq[*authflow.Route]) ([]byte, error) {
	d, err := describe(about, routes)
	if err != nil {
		return nil, err
	}
	return d.encode()
}

func (d *document) encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode the API's description: %w", err)
	}
	return text.Bytes(), nil
}

func describe(about About, routes iter.Seq[*authflow.Route]) (*document, error) {
	named := objects{}
	for r := range routes {
		for _, answer := range answersOf(r) {
			if err := named.collect(answer); err != nil {
				return nil, fmt.Errorf("describe %s %s: %w", r.Method, r.Path, err)
			}
		}
	}
	schemas, err := named.schemas()
	if err != nil {
		return nil, err
	}
	addReturned(schemas["User"], about.UserFields)
	addReturned(schemas["Session"], about.SessionFields)
	schemas["Error"] = errorSchema()
	d := &document{
		OpenAPI: "3.1.1",
		Info: info{
			Title: "Postern auth API", Version: apiVersion, Description: introduction,
			License: license{Name: "Apache License 2.0", Identifier: "Apache-2.0"},
		},
		Servers:  []server{{about.ServerURL}},
		Security: []requirement{{cookieScheme: {}}, {bearerScheme: {}}},
		Paths:    map[string]pathItem{},
		Components: components{
			Schemas:   schemas,
			Responses: commonResponses(),
			SecuritySchemes: map[string]securityScheme{
				cookieScheme: {Type: "apiKey", In: "cookie", Name: about.CookieName, Description: "The session's signed cookie, as sign-in sets it."},
				bearerScheme: {Type: "http", Scheme: "bearer", Description: "The session's token, as it is or signed."},
			},
		},
	}
	ids := map[string]bool{}
	for r := range routes {
		if r.Hidden {
			continue
		}
		if err := d.add(r, named, ids); err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", r.Method, r.Path, err)
		}
	}
	return d, nil
}

// add describes a route, and again under each of its other paths.
func (d *document) add(r *authflow.Route, named objects, ids map[string]bool) error {
	if n := len(d.Tags); n == 0 || d.Tags[n-1].Name != r.Room() {
		d.Tags = append(d.Tags, tag{r.Room()})
	}
	for i, path := range append([]string{r.Path}, r.Aliases...) {
		o, err := describeRoute(r, named)
		if err != nil {
			return err
		}
		o.Tags, o.OperationID = []string{r.Room()}, r.OperationID
		if i > 0 {
			o.Summary += " (also " + r.Path + ")"
			o.OperationID = ""
		}
		if o.OperationID == "" {
			o.OperationID = nameOf(path)
		}
		if ids[o.OperationID] { // as in better-auth
			o.OperationID += r.Method[:1] + strings.ToLower(r.Method[1:])
		}
		if ids[o.OperationID] {
			return fmt.Errorf("two operations are named %s", o.OperationID)
		}
		ids[o.OperationID] = true
		d.put(r.Method, path, o)
	}
	return nil
}

func (d *document) put(method, path string, o *operation) {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if name, isParam := strings.CutPrefix(segment, ":"); isParam {
			segments[i] = "{" + name + "}"
		}
	}
	path = strings.Join(segments, "/")
	if d.Paths[path] == nil {
		d.Paths[path] = pathItem{}
	}
	d.Paths[path][strings.ToLower(method)] = o
}

// nameOf makes signInEmail of /sign-in/email.
func nameOf(path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/-:.", r) })
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}
