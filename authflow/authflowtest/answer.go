package authflowtest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// Answer is what came back. Its checks report and go on, so they may be used in any goroutine.
type Answer struct {
	Status int
	Header http.Header
	Body   string

	t       testing.TB
	request string
}

// Is wants a status.
func (a *Answer) Is(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Errorf("%s: status %d, want %d: %s", a.request, a.Status, status, a.Body)
	}
	return a
}

// Says wants a status and exactly this body.
func (a *Answer) Says(status int, body string) *Answer {
	a.t.Helper()
	if a.Is(status); a.Body != body {
		a.t.Errorf("%s: body %s, want %s", a.request, a.Body, body)
	}
	return a
}

// Fails wants a status and an error code.
func (a *Answer) Fails(status int, code string) *Answer {
	a.t.Helper()
	return a.Is(status).Has("code", code)
}

// Invalid wants better-auth's validation error with this message.
func (a *Answer) Invalid(message string) *Answer {
	a.t.Helper()
	return a.Fails(http.StatusBadRequest, "VALIDATION_ERROR").Has("message", message)
}

// Has wants a value at a dotted path of the body: "user.emailVerified". Numbers are float64, as in encoding/json.
func (a *Answer) Has(path string, want any) *Answer {
	a.t.Helper()
	if got, ok := a.lookup(path); !ok || !reflect.DeepEqual(got, want) {
		a.t.Errorf("%s: %s is %#v, want %#v: %s", a.request, path, got, want, a.Body)
	}
	return a
}

// Lacks wants no value at a dotted path of the body.
func (a *Answer) Lacks(path string) *Answer {
	a.t.Helper()
	if got, ok := a.lookup(path); ok {
		a.t.Errorf("%s: %s is %#v, want none", a.request, path, got)
	}
	return a
}

// Text is the string at a dotted path of the body, or "".
func (a *Answer) Text(path string) string {
	value, _ := a.lookup(path)
	text, _ := value.(string)
	return text
}

func (a *Answer) lookup(path string) (any, bool) {
	var value any
	if json.Unmarshal([]byte(a.Body), &value) != nil {
		return nil, false
	}
	for _, name := range strings.Split(path, ".") {
		object, _ := value.(map[string]any)
		var ok bool
		if value, ok = object[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

// Decode reads the body as JSON.
func (a *Answer) Decode(into any) *Answer {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.Body), into); err != nil {
		a.t.Errorf("%s: %v: %s", a.request, err, a.Body)
	}
	return a
}

// RedirectsTo wants a 302 to the target.
func (a *Answer) RedirectsTo(target string) *Answer {
	a.t.Helper()
	if a.Is(http.StatusFound); a.Header.Get("Location") != target {
		a.t.Errorf("%s: leads to %q, want %q", a.request, a.Header.Get("Location"), target)
	}
	return a
}

// Sets wants exactly these cookies to be set, by name; a name after "-" is one that is taken away.
func (a *Answer) Sets(names ...string) *Answer {
	a.t.Helper()
	got := []string{}
	for _, line := range a.Header["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(line, ";")
		name, _, _ := strings.Cut(pair, "=")
		name = name[strings.LastIndexByte(name, '.')+1:]
		if strings.Contains(attributes, "Max-Age=0") {
			name = "-" + name
		}
		got = append(got, name)
	}
	if len(got)+len(names) > 0 && !reflect.DeepEqual(got, names) {
		a.t.Errorf("%s: sets cookies %v, want %v", a.request, got, names)
	}
	return a
}

// TakesSessionAway wants the session's cookies to be expired.
func (a *Answer) TakesSessionAway() *Answer {
	a.t.Helper()
	return a.Sets("-session_token", "-session_data", "-dont_remember")
}
