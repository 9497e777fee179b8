package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// printed is what "postern openapi" prints with these arguments.
func printed(t *testing.T, environ []string, args ...string) []byte {
	t.Helper()
	var out, errors bytes.Buffer
	if code := run(t.Context(), streams{args: append([]string{"openapi"}, args...), environ: environ, stdout: &out, stderr: &errors}); code != exitFine || errors.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, errors.String())
	}
	return out.Bytes()
}

func TestTheDescriptionInTheDocumentationIsFresh(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, printed(t, []string{"POSTERN_SERVER_TRUSTED_PROXIES=127.0.0.1", "POSTERN_FORWARD_AUTH_ENABLED=true", "POSTERN_AUTH_ADMIN_ENABLED=true"})) {
		t.Error("docs/openapi.json is not what the routes say: run make generate")
	}
}

func TestTheDescriptionFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	text := string(printed(t, []string{"POSTERN_SERVER_PUBLIC_URL=https://app.test", "POSTERN_AUTH_BASE_PATH=/auth", "POSTERN_AUTH_JWT_ENABLED=false"}))
	if !strings.Contains(text, `"https://app.test/auth"`) || !strings.Contains(text, `"__Secure-better-auth.session_token"`) || strings.Contains(text, `"/jwks"`) {
		t.Errorf("%.2000s", text)
	}
}

// What is answered elsewhere, or not at all, is not described.
func TestForwardAuthIsDescribedWhereItIsAnswered(t *testing.T) {
	t.Parallel()
	enabled := []string{"POSTERN_SERVER_TRUSTED_PROXIES=127.0.0.1", "POSTERN_FORWARD_AUTH_ENABLED=true"}
	for name, row := range map[string]struct {
		environ []string
		want    bool
	}{
		"off": {nil, false}, "on": {enabled, true}, "at a listener of its own": {append(enabled, "POSTERN_FORWARD_AUTH_LISTEN=127.0.0.1:9091"), false},
	} {
		text := string(printed(t, row.environ))
		if strings.Contains(text, `"/forward/nginx"`) != row.want || !strings.Contains(text, `"/assertion/jwks"`) {
			t.Errorf("%s: %.2000s", name, text)
		}
	}
}

// described is the part of a description that must not be missing.
type described struct {
	Summary    string
	Parameters []struct {
		Name, In, Description string
	}
	RequestBody struct {
		Content map[string]struct {
			Schema struct {
				Properties map[string]struct{ Description string }
			}
		}
	}
	Responses map[string]struct {
		Content map[string]struct{ Examples map[string]any }
	}
}

// Every route of every room says what it is for, what it takes and what it answers.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]described
	}
	if err := json.Unmarshal(printed(t, nil), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Paths) < 30 {
		t.Errorf("only %d paths", len(document.Paths))
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if what := operation.missing(path); what != "" {
				t.Errorf("%s %s has no %s", strings.ToUpper(method), path, what)
			}
		}
	}
}

func (d described) missing(path string) string {
	for i, part := range strings.Split(path, "{") {
		if name, _, _ := strings.Cut(part, "}"); i > 0 && !d.takes(name) {
			return "description of the path's " + name
		}
	}
	for _, p := range d.Parameters {
		if p.Description == "" {
			return "description of the parameter " + p.Name
		}
	}
	for _, content := range d.RequestBody.Content {
		for name, field := range content.Schema.Properties {
			if field.Description == "" {
				return "description of the field " + name
			}
		}
	}
	switch _, succeeds := d.Responses["200"]; {
	case d.Summary == "":
		return "summary"
	case !succeeds && !d.redirects() && !d.onlyRefuses():
		return "answer"
	}
	return ""
}

func (d described) takes(name string) bool {
	for _, p := range d.Parameters {
		if p.In == "path" && p.Name == name {
			return true
		}
	}
	return false
}

func (d described) redirects() bool { _, ok := d.Responses["302"]; return ok }

// onlyRefuses tells of a route that is there to say no: it says so in words of its own.
func (d described) onlyRefuses() bool {
	for _, status := range []string{"400", "405"} {
		for _, content := range d.Responses[status].Content {
			if len(content.Examples) > 0 {
				return strings.HasPrefix(d.Summary, "Refused: ")
			}
		}
	}
	return false
}
