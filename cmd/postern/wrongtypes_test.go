package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/posternhq/postern/config"
)

// The API's own description says which endpoints there are, what each takes, and of which type. Every field and parameter of every
// endpoint is given everything it is not: what breaks the description is answered with better-auth's 400, and nothing is ever a
// fault. Endpoints of rooms that do not exist yet are described, too, once they do.
func TestWrongTypesInEveryFieldAreTold(t *testing.T) {
	t.Parallel()
	api := startDescribed(t)
	tried := 0
	for path, methods := range api.paths {
		for method, operation := range methods {
			t.Run(strings.ToUpper(method)+" "+path, func(t *testing.T) {
				p := &wrongTypes{T: t, api: api, method: strings.ToUpper(method), path: path, operation: operation}
				p.bodies()
				p.parameters()
				tried += p.tried
			})
		}
	}
	if tried < 800 {
		t.Errorf("only %d requests were wrong", tried)
	}
}

// describedAPI is a running server and what it says of itself.
type describedAPI struct {
	handler http.Handler
	paths   map[string]map[string]describedOperation
	cookie  string
}

type describedOperation struct {
	Parameters []struct {
		Name, In string
		Required bool
		Schema   *jsonschema.Schema
	}
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema *jsonschema.Schema }
	}
}

func startDescribed(t *testing.T) *describedAPI {
	t.Helper()
	loaded, err := config.Sources{Mode: config.Serve, Flags: map[string]string{
		"server.public_url": "http://postern.test", "upstream.url": "http://127.0.0.1:1", "rate_limit.enabled": "false",
		"database.path": filepath.Join(t.TempDir(), "postern.db"), "auth.secret": newRandomSecret(),
		"auth.email_password.require_email_verification": "false",
		"auth.user.change_email.enabled":                 "true", "auth.user.delete_user.enabled": "true", "auth.admin.enabled": "true",
	}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), loaded.Config, newLogs(loaded.Config.Log, io.Discard), extras{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	t.Cleanup(a.start(t.Context()))
	api := &describedAPI{handler: a}
	var document struct {
		Paths map[string]map[string]describedOperation
	}
	if err := json.Unmarshal(api.ask(http.MethodGet, "/openapi.json", "", "").Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	api.paths = document.Paths
	w := api.ask(http.MethodPost, "/sign-up/email", `{"name":"Ada","email":"ada@people.test","password":"correct horse battery"}`, "")
	api.cookie = strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
	if w.Code != 200 || api.cookie == "" {
		t.Fatalf("sign-up: %d %s", w.Code, w.Body)
	}
	return api
}

func (api *describedAPI) ask(method, target, body, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://postern.test/", strings.NewReader(body))
	raw := "/api/auth" + target
	path, query, _ := strings.Cut(raw, "?")
	r.RequestURI = raw
	r.URL = &url.URL{Path: path, RawQuery: query}
	if decoded, err := url.PathUnescape(path); err == nil {
		r.URL.Path, r.URL.RawPath = decoded, path
	}
	r.Header.Set("Origin", "http://postern.test")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	api.handler.ServeHTTP(w, r)
	return w
}

// wrongTypes asks one endpoint.
type wrongTypes struct {
	*testing.T
	api          *describedAPI
	method, path string
	operation    describedOperation
	tried        int // requests that had to be refused
}

// wrongValues are JSON texts; missing stands for a field that is left out.
const missing = ""

var deep = strings.Repeat("[", 5000) + strings.Repeat("]", 5000)

var wrongValues = []string{
	missing, "null", `"text"`, "1", "1.5", "-1e300", "true", "false", "0", "[]", `["x"]`, "[1]", "{}", `{"a":{}}`, `""`, `"a\u0000b"`, "\"\xff\xfe\"", `"\ud800"`,
	`"` + strings.Repeat("a", 70_000) + `"`, `"` + strings.Repeat("é", 40_000) + `"`, deep, `{"a":` + deep + `}`,
}

func (p *wrongTypes) bodies() {
	if p.operation.RequestBody == nil {
		return
	}
	schema := p.operation.RequestBody.Content["application/json"].Schema
	for _, whole := range []string{missing, "null", "[]", `"text"`, "1", "true", deep} {
		if whole == missing && !p.operation.RequestBody.Required {
			continue
		}
		p.tried++
		p.wantsRefusal("body "+short(whole), "[body]", "", p.api.ask(p.method, p.target(), whole, p.api.cookie))
	}
	for name, field := range membersOf(schema) {
		for _, value := range wrongValues {
			body := goodBody(schema)
			delete(body, name)
			if value != missing {
				body[name] = json.RawMessage(value)
			}
			p.field(name, field, value, schema, body)
		}
	}
}

func (p *wrongTypes) field(name string, field *jsonschema.Schema, value string, whole *jsonschema.Schema, body map[string]json.RawMessage) {
	p.Helper()
	what := name + " " + short(value)
	if fits(p.T, whole, encode(body)) {
		// As a stranger, so that nothing of it comes to pass.
		if w := p.api.ask(p.method, p.target(), encode(body), ""); w.Code >= 500 {
			p.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		return
	}
	p.tried++
	p.wantsRefusal(what, "[body", kindOf(value), p.api.ask(p.method, p.target(), encode(body), p.api.cookie))
}

// redirectLabels are the fields that are asked for being redirect targets before their types are.
var redirectLabels = []string{"callbackURL", "redirectURL", "errorCallbackURL", "newUserCallbackURL"}

// wantsRefusal wants better-auth's 400, in zod's words: where, what was expected, and what came.
func (p *wrongTypes) wantsRefusal(what, where, received string, w *httptest.ResponseRecorder) {
	p.Helper()
	var said struct{ Code, Message string }
	_ = json.Unmarshal(w.Body.Bytes(), &said) // what is no JSON has no code either
	for _, label := range redirectLabels {
		if w.Code == 400 && said.Code == "" && said.Message == "Invalid "+label+": expected a string" {
			return
		}
	}
	if w.Code == 403 && received == "" && strings.HasPrefix(said.Message, "Invalid ") && strings.HasSuffix(said.Code, "_URL") {
		return // a text that is no trusted target is one before it is too long
	}
	if w.Code != 400 || said.Code != "VALIDATION_ERROR" || !strings.HasPrefix(said.Message, where) {
		p.Errorf("%s: %d %.300s", what, w.Code, w.Body)
		return
	}
	field, _, _ := strings.Cut(what, " ")
	if strings.HasPrefix(said.Message, where+"."+field+".") {
		return // it is a part of the value that is told, and that is of another type than the whole
	}
	if strings.Contains(said.Message, ", received ") && received != "" && !strings.Contains(said.Message, ", received "+received) {
		p.Errorf("%s is told as %s", what, said.Message)
	}
}

func (p *wrongTypes) parameters() {
	for _, parameter := range p.operation.Parameters {
		switch parameter.In {
		case "path":
			for _, value := range []string{"%00", "%ff", "%F0%9F", "%2e%2e", "a%2Fb", "%20", "a%0d%0ab", strings.Repeat("a", 70_000), strings.Repeat("%C3%A9", 600)} {
				target := strings.ReplaceAll(p.path, "{"+parameter.Name+"}", value) + p.query("")
				for _, cookie := range []string{"", p.api.cookie} {
					if w := p.api.ask(p.method, target, "", cookie); w.Code >= 500 {
						p.Errorf("%s %s: %d %s", parameter.Name, short(value), w.Code, w.Body)
					}
				}
			}
		case "query":
			p.queries(parameter.Name, parameter.Required, parameter.Schema)
		}
	}
}

func (p *wrongTypes) queries(name string, required bool, schema *jsonschema.Schema) {
	base := p.plain() + p.query(name) + "&"
	if !strings.Contains(base, "?") {
		base = p.plain() + "?"
	}
	body := p.body()
	refused := func(what, query, received string) {
		p.tried++
		p.wantsRefusal(what, "[query", received, p.api.ask(p.method, base+query, body, ""))
	}
	if schema.Type == "string" { // given twice it is a list
		refused(name+" twice", name+"=a&"+name+"=b", "array")
	}
	if required {
		refused(name+" left out", "x=y", "undefined")
	}
	for _, value := range []string{"", "%00", "%ff", "%zz", ";", "a%00b", "%0d%0aSet-Cookie:x=1", strings.Repeat("a", 70_000), "//evil.test", deep[:2000]} {
		if w := p.api.ask(p.method, base+name+"="+value, body, ""); w.Code >= 500 || strings.Contains(w.Header().Get("Location"), "//evil.test") {
			p.Errorf("%s is %s: %d %s %s", name, short(value), w.Code, w.Body, w.Header().Get("Location"))
		}
	}
	if w := p.api.ask(p.method, base+strings.Repeat("a=b&", 10_001), body, ""); w.Code >= 500 {
		p.Errorf("10,001 parameters: %d %s", w.Code, w.Body)
	}
}

// target is the endpoint with good parameters.
func (p *wrongTypes) target() string { return p.plain() + p.query("") }

func (p *wrongTypes) plain() string {
	path := p.path
	for _, parameter := range p.operation.Parameters {
		path = strings.ReplaceAll(path, "{"+parameter.Name+"}", "x")
	}
	return path
}

// query has what is required, but for one.
func (p *wrongTypes) query(without string) string {
	query := ""
	for _, parameter := range p.operation.Parameters {
		if parameter.In == "query" && parameter.Required && parameter.Name != without {
			query += "&" + parameter.Name + "=x"
		}
	}
	if query == "" {
		return ""
	}
	return "?" + query[1:]
}

func (p *wrongTypes) body() string {
	if p.operation.RequestBody == nil {
		return ""
	}
	return encode(goodBody(p.operation.RequestBody.Content["application/json"].Schema))
}

// membersOf are the fields of a body; of one of several objects, those of all.
func membersOf(schema *jsonschema.Schema) map[string]*jsonschema.Schema {
	all := maps.Clone(schema.Properties)
	for _, one := range schema.OneOf {
		if all == nil {
			all = map[string]*jsonschema.Schema{}
		}
		maps.Copy(all, one.Properties)
	}
	return all
}

// goodBody has what is required. Passwords are so long that they are refused before they are hashed, which is dear.
func goodBody(schema *jsonschema.Schema) map[string]json.RawMessage {
	if len(schema.OneOf) > 0 {
		schema = schema.OneOf[0]
	}
	body := map[string]json.RawMessage{}
	for _, name := range schema.Required {
		body[name] = goodValue(schema.Properties[name])
	}
	return body
}

func goodValue(schema *jsonschema.Schema) json.RawMessage {
	switch {
	case schema.Format == "email":
		return json.RawMessage(`"nobody@people.test"`)
	case schema.Format == "password":
		return json.RawMessage(`"` + strings.Repeat("x", 200) + `"`)
	case len(schema.Enum) > 0:
		return json.RawMessage(fmt.Sprintf("%#v", schema.Enum[0]))
	}
	kind := schema.Type
	if len(schema.Types) > 0 {
		kind = schema.Types[0]
	}
	return json.RawMessage(map[string]string{"boolean": "true", "number": "1", "array": "[]", "object": encode(goodBody(schema))}[kind] + map[bool]string{true: `"x"`}[kind == "string" || kind == ""])
}

// encode writes the body without looking into its values, which may be no JSON that Go would write.
func encode(body map[string]json.RawMessage) string {
	var members []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		members = append(members, fmt.Sprintf("%q:%s", name, body[name]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// fits tells whether the description promises to take the value.
func fits(t *testing.T, schema *jsonschema.Schema, text string) bool {
	t.Helper()
	resolved, err := schema.CloneSchemas().Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return resolved.Validate(value) == nil
}

func kindOf(value string) string {
	switch {
	case value == missing:
		return "undefined"
	case value == "null":
		return "null"
	case value[0] == '"': // wrong for its length or its content
		return ""
	case value[0] == '[':
		return "array"
	case value[0] == '{':
		return "object"
	case value == "true", value == "false":
		return "boolean"
	}
	return "number"
}

func short(value string) string {
	if value == missing {
		return "left out"
	}
	return fmt.Sprintf("%.40q", value)
}
