package openapi_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/pb33f/libopenapi/datamodel"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/openapi"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// served is the description as a stranger gets it.
func served(t *testing.T, flow *authflowtest.Flow) map[string]any {
	t.Helper()
	var document map[string]any
	flow.Browser().Get("/openapi.json").Is(200).Decode(&document)
	return document
}

func TestTheDescriptionIsOpenAPI31(t *testing.T) {
	t.Parallel()
	var schema jsonschema.Schema
	if err := json.Unmarshal([]byte(datamodel.OpenAPI31SchemaData), &schema); err != nil {
		t.Fatal(err)
	}
	specification, err := schema.Resolve(&jsonschema.ResolveOptions{Loader: func(u *url.URL) (*jsonschema.Schema, error) {
		t.Errorf("asks for %s", u)
		return &jsonschema.Schema{}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	document := served(t, authflowtest.Start(t))
	if err := specification.Validate(document); err != nil {
		t.Error(err)
	}
	delete(document["info"].(map[string]any), "title")
	if err := specification.Validate(document); err == nil {
		t.Error("anything is good")
	}
}

// Within an OpenAPI 3.1 document schemas are those of JSON Schema 2020-12, which its own schema does not look into.
func TestEverySchemaOfTheDescriptionIsASchema(t *testing.T) {
	t.Parallel()
	document := served(t, authflowtest.Start(t))
	named := map[string]*jsonschema.Schema{}
	for name, schema := range at(document, "components", "schemas").(map[string]any) {
		named[name] = read(t, schema)
	}
	found := 0
	walk(document["paths"], func(key string, value any) {
		if key != "schema" {
			return
		}
		found++
		whole := &jsonschema.Schema{Defs: map[string]*jsonschema.Schema{}, AllOf: []*jsonschema.Schema{read(t, value)}}
		for name, schema := range named {
			whole.Defs[name] = schema.CloneSchemas()
		}
		if _, err := whole.Resolve(nil); err != nil {
			t.Errorf("%v: %v", value, err)
		}
	})
	if found < 100 {
		t.Errorf("only %d schemas", found)
	}
}

func read(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), "#/components/schemas/", "#/$defs/")), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// walk visits every member of every object.
func walk(value any, visit func(key string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			visit(key, member)
			walk(member, visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

func at(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func TestEveryReferenceOfTheDescriptionLeadsSomewhere(t *testing.T) {
	t.Parallel()
	document := served(t, authflowtest.Start(t))
	walk(document, func(key string, value any) {
		if path, isText := value.(string); key == "$ref" && isText && at(document, strings.Split(strings.TrimPrefix(path, "#/"), "/")...) == nil {
			t.Errorf("%s leads nowhere", path)
		}
	})
}

func TestTheDescriptionIsWhereBetterAuthHasItToo(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	browser := flow.Browser()
	browser.Get("/open-api/generate-schema").Says(200, browser.Get("/openapi.json").Body)
	document := served(t, flow)
	for _, key := range []string{"openapi", "info", "components", "security", "servers", "tags", "paths"} { // as its generator writes them
		if document[key] == nil {
			t.Errorf("no %s", key)
		}
	}
	if got := at(document["servers"].([]any)[0], "url"); got != flow.Core.APIURL {
		t.Errorf("server %v", got)
	}
	if got := at(document, "components", "securitySchemes", "apiKeyCookie", "name"); got != "better-auth.session_token" {
		t.Errorf("cookie %v", got)
	}
	for path, id := range map[string]string{"/sign-in/email": "signInEmail", "/sign-up/email": "signUpWithEmailAndPassword", "/sign-out": "signOut", "/change-email": "changeEmail"} {
		if got := at(document, "paths", path, "post", "operationId"); got != id {
			t.Errorf("%s is %v", path, got)
		}
	}
}

func TestTheCookieHasTheNameThatTheSettingsGiveIt(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.BaseURL, s.Auth.Cookie.Prefix = "https://app.test", "shop" })
	if got := at(served(t, flow), "components", "securitySchemes", "apiKeyCookie", "name"); got != "__Secure-shop.session_token" {
		t.Errorf("cookie %v", got)
	}
}

func TestWithoutTheRoomNothingIsToldToStrangers(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.OpenAPI.Enabled = false })
	for _, path := range []string{"/openapi.json", "/open-api/generate-schema", "/reference", "/reference.js", "/reference.css"} {
		flow.Browser().Get(path).Says(404, "")
	}
}

func TestWhatARouteTakesIsDescribed(t *testing.T) {
	t.Parallel()
	text, err := openapi.Describe(openapi.About{ServerURL: "/auth", CookieName: "c"}, slices.Values([]*authflow.Route{{
		Method: "POST", Path: "/things/:id", Summary: "Change a thing",
		Params: []authflow.Field{authflow.Text("id", "Which.").Max(32)},
		Query:  []authflow.Field{authflow.Present("dry", "Change nothing.")},
		Body: []authflow.Field{
			authflow.Text("name", "Its name.").Needed().Max(10), authflow.Text("note", "").Opt().Null().Any(), authflow.Flag("ok", ""), authflow.Email("owner", ""),
		},
		Session: authflow.SessionFresh, BodyOptional: true, Form: true,
	}}))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	operation := at(document, "paths", "/things/{id}", "post")
	for want, got := range map[string]any{
		`[{"in":"path","name":"id","required":true,"description":"Which.","schema":{"maxLength":32,"type":"string"}},{"in":"query","name":"dry","description":"Change nothing.","schema":true}]`: at(operation, "parameters"),
		`[{"apiKeyCookie":[]},{"bearerAuth":[]}]`: at(operation, "security"),
		`"thingsId"`: at(operation, "operationId"),
		`{"type":"object","required":["name","owner"],"properties":{"name":{"description":"Its name.","type":"string","minLength":1,"maxLength":10},"note":{"type":["string","null"]},
			"ok":{"type":"boolean"},"owner":{"type":"string","format":"email","maxLength":254}}}`: at(operation, "requestBody", "content", "application/x-www-form-urlencoded", "schema"),
		`["SESSION_NOT_FRESH","MISSING_OR_NULL_ORIGIN","INVALID_ORIGIN","INVALID_CALLBACK_URL","INVALID_REDIRECT_URL","INVALID_ERROR_CALLBACK_URL","INVALID_NEW_USER_CALLBACK_URL"]`: codes(operation, "403"),
	} {
		if !sameJSON(t, want, got) {
			t.Errorf("%v, want %s", got, want)
		}
	}
	if required := at(operation, "requestBody", "required"); required != nil {
		t.Errorf("the body is required: %v", required)
	}
}

// codes are those of a status, in any order.
func codes(operation any, status string) any {
	for _, part := range at(operation, "responses", status, "content", "application/json", "schema", "allOf").([]any) {
		if some, _ := at(part, "properties", "code", "enum").([]any); some != nil {
			slices.SortFunc(some, func(a, b any) int { return rank(a.(string)) - rank(b.(string)) })
			return some
		}
	}
	return nil
}

func rank(code string) int {
	return slices.Index([]string{
		"SESSION_NOT_FRESH", "MISSING_OR_NULL_ORIGIN", "INVALID_ORIGIN", "INVALID_CALLBACK_URL", "INVALID_REDIRECT_URL", "INVALID_ERROR_CALLBACK_URL", "INVALID_NEW_USER_CALLBACK_URL",
	}, code)
}

func sameJSON(t *testing.T, want string, got any) bool {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(wanted)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	return string(a) == string(b)
}

func TestFieldsOfEveryKindAreDescribed(t *testing.T) {
	t.Parallel()
	text, err := openapi.Describe(openapi.About{}, slices.Values([]*authflow.Route{
		{Method: "POST", Path: "/a", Body: []authflow.Field{
			authflow.Number("n", ""), authflow.Choice("c", "").Any(), authflow.Texts("l", ""), authflow.TextMap("m", ""), authflow.Record("r", ""),
			authflow.Object("o", "", authflow.Text("x", "").Any(), authflow.Flag("y", "")), {Name: "t", Kind: authflow.KindTrue},
		}},
		{Method: "POST", Path: "/b", BodyShape: authflow.ShapeEither, Body: []authflow.Field{
			authflow.Text("id", "").Any().Or(), authflow.Flag("cookie", "").Or(), authflow.Text("user", "").Any().Opt(),
		}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/a": `{"type":"object","required":["n","c","l","m","r","o","t"],"properties":{"n":{"type":"number"},"c":{"type":"string"},"l":{"type":"array","items":{"type":"string"}},
			"m":{"type":"object","additionalProperties":{"type":"string"}},"r":{"type":"object"},"t":{"type":"boolean","enum":[true]},
			"o":{"type":"object","required":["x"],"properties":{"x":{"type":"string"},"y":{"type":"boolean"}}}}}`,
		"/b": `{"oneOf":[
			{"type":"object","additionalProperties":false,"required":["id"],"properties":{"id":{"type":"string"},"user":{"type":"string"}}},
			{"type":"object","additionalProperties":false,"properties":{"cookie":{"type":"boolean"},"user":{"type":"string"}}}]}`,
	} {
		if got := at(document, "paths", path, "post", "requestBody", "content", "application/json", "schema"); !sameJSON(t, want, got) {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestAdditionalFieldsAreDescribed(t *testing.T) {
	t.Parallel()
	plan, note := storetest.Required("string", "free"), storetest.Field("string")
	plan.Input, note.Returned = false, false
	document := served(t, authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.UserFields = sessionstore.FieldConfigs{"age": storetest.Field("number"), "born": storetest.Field("date"), "plan": plan, "note": note, "any": storetest.Field("json")}
		s.Auth.Session.AdditionalFields = sessionstore.FieldConfigs{"tags": storetest.Field("string[]")}
	}))
	user := at(document, "components", "schemas", "User", "properties")
	for name, want := range map[string]string{
		"age": `{"type":["number","null"]}`, "born": `{"type":["string","null"],"format":"date-time"}`, "plan": `{"type":"string"}`, "note": `null`, "any": `true`,
	} {
		if got := at(user, name); !sameJSON(t, want, got) {
			t.Errorf("%s is shown as %v, want %s", name, got, want)
		}
	}
	signUp := at(document, "paths", "/sign-up/email", "post", "requestBody", "content", "application/json", "schema", "properties")
	for name, want := range map[string]string{
		"age": `{"type":["number","null"],"description":"Additional field."}`, "note": `{"type":["string","null"],"description":"Additional field."}`,
		"plan": `{"description":"Additional field, which clients may not set."}`, // whatever its type
	} {
		if got := at(signUp, name); !sameJSON(t, want, got) {
			t.Errorf("%s is taken as %v, want %s", name, got, want)
		}
	}
	if got := at(document, "paths", "/update-session", "post", "requestBody", "content", "application/json", "schema", "properties", "tags", "items", "type"); got != "string" {
		t.Errorf("tags are %v", got)
	}
}

func TestWhatCannotBeDescribedIsAnError(t *testing.T) {
	t.Parallel()
	type Device struct{ A int }
	type device struct{ B int }
	for name, routes := range map[string][]*authflow.Route{
		"a field of a kind without schema": {{Method: "POST", Path: "/a", Body: []authflow.Field{{Name: "x", Kind: "thing"}}}},
		"an answer that is no JSON":        {{Method: "GET", Path: "/a", Answer: struct{ F func() }{}}},
		"two operations of one name":       {{Method: "GET", Path: "/a", OperationID: "x"}, {Method: "GET", Path: "/b", OperationID: "x"}, {Method: "GET", Path: "/c", OperationID: "x"}},
		"two objects of one name":          {{Method: "GET", Path: "/a", Answer: []Device{}}, {Method: "GET", Path: "/b", Answer: []device{}}},
	} {
		if _, err := openapi.Describe(openapi.About{}, slices.Values(routes)); err == nil {
			t.Errorf("%s is described", name)
		}
	}
}

func TestThePageShowsEveryOperationAndLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	page := flow.Browser().Get("/reference").Is(200)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for path, methods := range served(t, flow)["paths"].(map[string]any) {
		for _, operation := range methods.(map[string]any) {
			if id := at(operation, "operationId").(string); !strings.Contains(page.Body, `id="`+id+`"`) || !strings.Contains(page.Body, `<code class="path">`+path+`</code>`) {
				t.Errorf("%s is not on the page", id)
			}
		}
	}
	if inline := regexp.MustCompile(`(?i)<script(?:>|[^>]*>[^<])|<style|\son\w+=|\sstyle=|javascript:|https?://`).FindString(page.Body); inline != "" {
		t.Errorf("the page has %q", inline)
	}
	for _, file := range []string{"reference.js", "reference.css"} {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		answer := flow.Browser().Get("/"+file).Says(200, string(want))
		if media := answer.Header.Get("Content-Type"); media != map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}[filepath.Ext(file)] {
			t.Errorf("%s is %s", file, media)
		}
		if strings.Contains(answer.Body, "http://") || strings.Contains(answer.Body, "https://") || strings.Contains(answer.Body, "innerHTML") {
			t.Errorf("%s loads or writes what it must not", file)
		}
	}
}
