package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in the configuration, told so that it can be repaired without reading the code.
type Problem struct {
	Key     string // dotted key, list items as routes[2].path; empty when the mistake belongs to no key
	Line    int    // line in the configuration file; zero when the mistake did not come from there
	Origin  string // the file's name, "env NAME" or "flag"; empty when the value is a default or missing
	Message string // what was expected, what was found, what to do
}

// String is one line: where, which key, what is wrong.
func (p Problem) String() string {
	var b strings.Builder
	if p.Origin != "" {
		b.WriteString(p.Origin)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Error holds every problem that was found, so that one run of "postern config check" is enough to see them all.
type Error struct {
	Problems []Problem
}

// Error prints one problem per line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects on the way through all sources.
type problems []Problem

func (ps *problems) add(key string, at Origin, format string, args ...any) {
	*ps = append(*ps, Problem{Key: key, Line: at.Line, Origin: at.place(), Message: fmt.Sprintf(format, args...)})
}

// has tells whether a key, or a section it lies in, has been complained about already.
func (ps problems) has(key string) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool {
		return p.Key != "" && within(key, strings.TrimSuffix(p.Key, fileSuffix))
	})
}

// err is nil when nothing was found; otherwise the problems in the order of the file, those from elsewhere after them.
func (ps problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Key, b.Key))
	})
	return &Error{Problems: slices.Compact(sorted)}
}

// within tells whether key is outer itself or lies below it.
func within(key, outer string) bool {
	rest, ok := strings.CutPrefix(key, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
