// Package attack tries, on an installation of one's own, the safe part of the attacks that docs/security-tests.md lists: requests that change nothing, need no
// account, and put no load on anything. Each is judged by its answer alone: a path that wants a session must not be shown, nothing may be a fault.
//
//	attack.go    what is tried on what, and how it is told
//	corpus.go    the attacks, by id
//	wire.go      bytes that no client library would send
package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Target is an installation.
type Target struct {
	URL      *url.URL
	BasePath string // of the auth API
	Path     string // wants a session
	Insecure bool   // certificates are not checked
	// Alone says that nobody else uses the way to the target, so that requests may be tried that could end up in the answers of others (request smuggling).
	Alone bool
}

// Result is what became of one attack.
type Result struct {
	ID, Name string
	Problems []string // what went wrong; none: the attack failed, as it should
	Skipped  string   // why it was not tried
}

// ErrOpen means that the path is shown to anybody, so that nothing can be learnt from it.
var ErrOpen = errors.New("is shown without a session; choose a path that wants one, with --path")

// Run tries everything. An error means that there is nothing to be tried on.
func Run(ctx context.Context, t Target) ([]Result, error) {
	a := &attacker{ctx: ctx, Target: t}
	plain, err := a.send(request{target: t.Path})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", t.URL, err)
	case plain.status < 300:
		return nil, fmt.Errorf("%s %w", t.Path, ErrOpen)
	case plain.status >= 500:
		return nil, fmt.Errorf("%s answers %d; 'postern doctor' tells what is wrong", t.Path, plain.status)
	}
	var results []Result
	for _, one := range corpus() {
		r := Result{ID: one.id, Name: one.name}
		if one.alone && !t.Alone {
			r.Skipped = "others may use the way to the target"
		} else {
			a.problems = nil
			one.try(a)
			r.Problems = a.problems
		}
		results = append(results, r)
	}
	return results, nil
}

type attacker struct {
	Target
	ctx      context.Context // of one Run
	problems []string
}

func (a *attacker) problem(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// refused sends requests for the path that wants a session, and none may be shown it, nor be a fault.
func (a *attacker) refused(requests ...request) {
	for _, r := range requests {
		got, err := a.send(r)
		switch {
		case errors.Is(err, errNoAnswer):
			// A closed connection is an answer, too.
		case err != nil:
			a.problem("%s: %v", r, err)
		case got.status < 300 && got.status >= 200 && !strings.Contains(got.body, `"ok":true`):
			a.problem("%s is shown (%d)", r, got.status)
		case got.status == 101:
			a.problem("%s is upgraded", r)
		case got.status >= 500:
			a.problem("%s is a fault (%d)", r, got.status)
		}
	}
}

// Tell writes results for people, and says how many attacks succeeded.
func Tell(out io.Writer, results []Result) (succeeded int, err error) {
	for _, r := range results {
		verdict := "held"
		switch {
		case r.Skipped != "":
			verdict = "skip"
		case len(r.Problems) > 0:
			verdict = "FAIL"
			succeeded++
		}
		line := fmt.Sprintf("%-4s  %-3s  %s\n", verdict, r.ID, r.Name)
		if r.Skipped != "" {
			line = fmt.Sprintf("%-4s  %-3s  %s (%s)\n", verdict, r.ID, r.Name, r.Skipped)
		}
		for _, p := range r.Problems {
			line += "           " + p + "\n"
		}
		if _, err := io.WriteString(out, line); err != nil {
			return succeeded, err
		}
	}
	return succeeded, nil
}
