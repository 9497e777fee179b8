package policytest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/posternhq/postern/sessionstore"
)

// File is a set of examples and the people in them.
type File struct {
	People map[string]Person
	Tests  []Test
}

// Person is somebody who is signed in. What is not given is taken from their name.
type Person struct {
	ID            string
	Email         string
	Name          string
	Roles         []string
	EmailVerified bool // true unless the file says otherwise
	SignedInAgo   time.Duration
	ByBearer      bool // by a bearer token, not by the cookie
	Fields        map[string]string
}

// Identity is the person as a session's look-up would give them.
func (p Person) Identity(now time.Time) *sessionstore.Identity {
	roles := strings.Join(p.Roles, ",")
	u := sessionstore.User{ID: sessionstore.UserID(p.ID), Email: p.Email, Name: p.Name, EmailVerified: p.EmailVerified, Role: &roles}
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		u.Fields = append(u.Fields, sessionstore.FieldValue{Field: &sessionstore.AdditionalField{Name: name}, Value: p.Fields[name]})
	}
	session := sessionstore.Session{ID: sessionstore.SessionID("session-of-" + p.ID), UserID: u.ID, CreatedAt: now.Add(-p.SignedInAgo)}
	return &sessionstore.Identity{User: u, Session: session}
}

// Test is one example.
type Test struct {
	Line    int // in the file
	Name    string
	Method  string
	Target  string
	Host    string            // empty: that of server.public_url
	Headers map[string]string // that the client sends
	Who     string            // a name under people; empty for nobody
	Expect  Expectation
}

// Title names the example for people.
func (t Test) Title() string {
	if t.Name != "" {
		return t.Name
	}
	return t.Method + " " + t.Target + " as " + t.whom()
}

func (t Test) whom() string {
	if t.Who == "" {
		return nobody
	}
	return t.Who
}

// nobody is the name of who is not signed in.
const nobody = "nobody"

// Expectation is what should become of a request. What is empty is not compared.
type Expectation struct {
	Decision string // forward, redirect, or the status of Postern's own answer
	Route    string // pattern, or default_auth
	Reason   string // as in the log
	Target   string // path and query as the application gets them
	Upstream string
	Host     string             // that the application sees
	Headers  map[string]*string // that the application gets; nil: it must not
	Location string             // of a redirect
}

// Parse reads a file. All mistakes are reported together, each with its line.
func Parse(text []byte) (*File, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("not valid YAML: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, errors.New("is empty; write people and tests")
	}
	r := &reader{}
	f := &File{People: map[string]Person{}}
	r.mapping(document.Content[0], "the file", map[string]func(*yaml.Node){
		"people": func(n *yaml.Node) {
			r.each(n, "people", func(name string, n *yaml.Node) { f.People[name] = r.person(name, n) })
		},
		"tests": func(n *yaml.Node) { r.list(n, "tests", func(n *yaml.Node) { f.Tests = append(f.Tests, r.test(n)) }) },
	})
	for _, t := range f.Tests {
		if _, known := f.People[t.Who]; t.Who != "" && !known {
			r.wrong(t.Line, "who: %q is nobody under people", t.Who)
		}
	}
	if len(r.problems) == 0 && len(f.Tests) == 0 {
		r.wrong(document.Content[0].Line, "there are no tests")
	}
	return f, errors.Join(r.problems...)
}

func (r *reader) person(name string, n *yaml.Node) Person {
	p := Person{ID: name, Name: name, Email: strings.ToLower(name) + "@example.com", EmailVerified: true}
	if name == nobody {
		r.wrong(n.Line, "people: %s is who is not signed in; choose another name", nobody)
	}
	if n.ShortTag() == "!!null" {
		return p
	}
	r.mapping(n, name, map[string]func(*yaml.Node){
		"id":             r.text(&p.ID),
		"email":          r.text(&p.Email),
		"name":           r.text(&p.Name),
		"roles":          r.texts(&p.Roles),
		"email_verified": r.truth(&p.EmailVerified),
		"signed_in_ago":  r.duration(&p.SignedInAgo),
		"by_bearer":      r.truth(&p.ByBearer),
		"fields":         r.names(&p.Fields),
	})
	return p
}

func (r *reader) test(n *yaml.Node) Test {
	t := Test{Line: n.Line}
	var request string
	r.mapping(n, "a test", map[string]func(*yaml.Node){
		"name":    r.text(&t.Name),
		"request": r.text(&request),
		"host":    r.text(&t.Host),
		"headers": r.names(&t.Headers),
		"who":     r.text(&t.Who),
		"expect":  func(n *yaml.Node) { t.Expect = r.expectation(n) },
	})
	var ok bool
	if t.Method, t.Target, ok = strings.Cut(request, " "); !ok {
		r.wrong(n.Line, "request: %q is not a method and a path, as in GET /tasks", request)
	}
	if t.Who == nobody {
		t.Who = ""
	}
	if t.Expect.Decision == "" {
		r.wrong(n.Line, "expect.decision: is missing; write forward, redirect, or a status such as 401")
	}
	return t
}

func (r *reader) expectation(n *yaml.Node) Expectation {
	var e Expectation
	r.mapping(n, "expect", map[string]func(*yaml.Node){
		"decision": r.text(&e.Decision),
		"route":    r.text(&e.Route),
		"reason":   r.text(&e.Reason),
		"target":   r.text(&e.Target),
		"upstream": r.text(&e.Upstream),
		"host":     r.text(&e.Host),
		"headers":  r.optional(&e.Headers),
		"location": r.text(&e.Location),
	})
	status, err := strconv.Atoi(e.Decision)
	if e.Decision != "" && e.Decision != "forward" && e.Decision != "redirect" && (err != nil || http.StatusText(status) == "") {
		r.wrong(n.Line, "expect.decision: %q is neither forward nor redirect nor a status such as 401", e.Decision)
	}
	return e
}
