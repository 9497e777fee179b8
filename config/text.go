package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// nodeOf reads a value written as one line of text: in a variable, a flag or a default tag. Lists of text are separated
// by commas; what has more structure (routes, mappings) is written as YAML, of which JSON is a part.
func nodeOf(k kind, text string) (*yaml.Node, error) {
	switch {
	case k == kindText || k == kindDuration:
		return textNode(text), nil
	case k == kindTexts && !strings.HasPrefix(text, "["):
		var items []string
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		return textList(items), nil
	}
	n, err := parse([]byte(text))
	if err != nil {
		return nil, err
	}
	if n == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	return n, nil
}

// defaultOf is the value of a key that nobody gave; false when it has no default.
func defaultOf(f *field) (value, bool) {
	if f.def == "" {
		return value{}, false
	}
	n, err := nodeOf(f.kind, f.def)
	if err != nil {
		// A constant of the program; the tests read every default.
		panic(fmt.Sprintf("config: default of %s: %v", f.shown, err))
	}
	return value{node: n}, true
}

func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func textList(items []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, item := range items {
		n.Content = append(n.Content, textNode(item))
	}
	return n
}
