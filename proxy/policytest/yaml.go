package policytest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// reader takes a tree of YAML apart and collects what is wrong with it. A key that nobody knows is wrong: a test that says
// something in a misspelt word would say nothing.
type reader struct {
	problems []error
	key      string // whose value is being read
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...)))
}

// mapping gives each value to what is named for its key.
func (r *reader) mapping(n *yaml.Node, what string, keys map[string]func(*yaml.Node)) {
	r.each(n, what, func(name string, n *yaml.Node) {
		if take, known := keys[name]; known {
			r.key = name
			take(n)
			return
		}
		r.wrong(n.Line, "%s has no key %q; there are %s", what, name, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
	})
}

func (r *reader) each(n *yaml.Node, what string, do func(name string, n *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n.Line, "%s: expected keys with values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if seen[name] {
			r.wrong(n.Content[i].Line, "%s: %q is given twice", what, name)
		}
		seen[name] = true
		do(name, n.Content[i+1])
	}
}

func (r *reader) list(n *yaml.Node, what string, do func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n.Line, "%s: expected a list", what)
		return
	}
	for _, item := range n.Content {
		do(item)
	}
}

func (r *reader) scalar(n *yaml.Node, expected string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.wrong(n.Line, "%s: expected %s", r.key, expected)
		return "", false
	}
	return n.Value, true
}

func (r *reader) text(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if value, ok := r.scalar(n, "text"); ok {
			*to = value
		}
	}
}

func (r *reader) truth(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.ShortTag() != "!!bool" || n.Decode(to) != nil {
			r.wrong(n.Line, "%s: expected true or false", r.key)
		}
	}
}

func (r *reader) duration(to *time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		value, ok := r.scalar(n, "a duration such as 90m")
		if !ok {
			return
		}
		d, err := time.ParseDuration(value)
		if err != nil {
			r.wrong(n.Line, "%s: %q is not a duration such as 90m", r.key, value)
		}
		*to = d
	}
}

func (r *reader) texts(to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, r.key, func(n *yaml.Node) {
			if value, ok := r.scalar(n, "text"); ok {
				*to = append(*to, value)
			}
		})
	}
}

func (r *reader) names(to *map[string]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = map[string]string{}
		r.each(n, r.key, func(name string, n *yaml.Node) {
			if value, ok := r.scalar(n, "text"); ok {
				(*to)[name] = value
			}
		})
	}
}

// optional is names whose values may be null.
func (r *reader) optional(to *map[string]*string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = map[string]*string{}
		r.each(n, r.key, func(name string, n *yaml.Node) {
			if n.ShortTag() == "!!null" {
				(*to)[name] = nil
			} else if value, ok := r.scalar(n, "text, or ~ for a header that is not sent"); ok {
				(*to)[name] = &value
			}
		})
	}
}
