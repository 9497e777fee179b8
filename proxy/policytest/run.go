package policytest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/posternhq/postern/proxy"
)

// Asker makes the request of an example and tells what would become of it. The second is nil when no route is consulted, as
// it is for what the auth API answers.
type Asker func(Test, *Person) (*proxy.Explanation, error)

// Difference is one thing that is not as an example has it.
type Difference struct{ What, Want, Got string }

// Failure is an example that is not so.
type Failure struct {
	Test  Test
	Err   error // the request could not even be made
	Why   string
	Found []Difference
}

// Run asks for every example and returns those that are not so.
func (f *File) Run(ask Asker) []Failure {
	var failures []Failure
	for _, t := range f.Tests {
		var person *Person
		if p, known := f.People[t.Who]; known {
			person = &p
		}
		e, err := ask(t, person)
		switch {
		case err != nil:
			failures = append(failures, Failure{Test: t, Err: err})
		case e == nil:
			failures = append(failures, Failure{Test: t, Why: "the auth API answers; no route is consulted", Found: []Difference{{"decision", t.Expect.Decision, "none"}}})
		default:
			if found := t.Expect.compare(e); len(found) > 0 {
				failures = append(failures, Failure{Test: t, Why: e.Why, Found: found})
			}
		}
	}
	return failures
}

// compare lists the differences, what was decided first.
func (e Expectation) compare(got *proxy.Explanation) []Difference {
	var found []Difference
	differ := func(what, want, got string) {
		if want != "" && want != got {
			found = append(found, Difference{what, want, got})
		}
	}
	differ("decision", e.Decision, decision(got))
	differ("route", e.Route, route(got))
	differ("reason", e.Reason, got.Reason)
	differ("location", e.Location, got.Location)
	differ("target", e.Target, got.Target)
	differ("host", e.Host, got.Host)
	if e.Upstream != "" && !slices.Contains(got.Upstreams, e.Upstream) {
		differ("upstream", e.Upstream, strings.Join(got.Upstreams, " or "))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		want, lines := e.Headers[name], got.Header[http.CanonicalHeaderKey(name)]
		switch {
		case want == nil && len(lines) > 0:
			found = append(found, Difference{"header " + name, "none", quoted(lines)})
		case want != nil && (len(lines) != 1 || lines[0] != *want):
			found = append(found, Difference{"header " + name, strconv.Quote(*want), quoted(lines)})
		}
	}
	return found
}

func quoted(lines []string) string {
	if len(lines) == 0 {
		return "none"
	}
	var all []string
	for _, line := range lines {
		all = append(all, strconv.Quote(line))
	}
	return strings.Join(all, ", ")
}

func decision(e *proxy.Explanation) string {
	switch {
	case e.Status == 0:
		return "forward"
	case e.Location != "":
		return "redirect"
	}
	return strconv.Itoa(e.Status)
}

func route(e *proxy.Explanation) string {
	switch {
	case e.Route == nil:
		return "none"
	case e.Route.Position < 0:
		return e.Route.Name()
	}
	return e.Route.Pattern
}

// String is the failure for people: which example, and each difference on a line.
func (f Failure) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "line %d: %s\n", f.Test.Line, f.Test.Title())
	if f.Test.Name != "" {
		fmt.Fprintf(&out, "    %s %s as %s\n", f.Test.Method, f.Test.Target, f.Test.whom())
	}
	if f.Err != nil {
		fmt.Fprintf(&out, "    %v\n", f.Err)
		return out.String()
	}
	for _, d := range f.Found {
		fmt.Fprintf(&out, "    %s\n      - %s\n      + %s\n", d.What, d.Want, d.Got)
	}
	fmt.Fprintf(&out, "    since %s\n", f.Why)
	return out.String()
}
