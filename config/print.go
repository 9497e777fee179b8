package config

import (
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Print writes the effective configuration as YAML: every key in the order of the reference, secrets redacted, and
// behind each value where it came from.
func (l *Loaded) Print(w io.Writer) error {
	return l.print(w)
}

func (r reading) print(w io.Writer) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(r.tree(r.fields, "")); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return e.Close()
}

// tree renders the values below fields. Prefix is the full key of the list item or named section they belong to.
func (r reading) tree(fields []*field, prefix string) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields {
		name := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name()}
		if f.kind == kindSection {
			m.Content = append(m.Content, name, r.tree(f.children, prefix))
			continue
		}
		v, given := r.values[prefix+f.key]
		if !given && f.inItem {
			continue // an item shows what it says, not all it could say
		}
		n := r.shown(f, prefix+f.key, v)
		comment := "not set"
		if given {
			comment = v.origin.String()
		}
		if n.Kind == yaml.ScalarNode || len(n.Content) == 0 {
			n.LineComment = comment
		} else {
			name.LineComment = comment
		}
		m.Content = append(m.Content, name, n)
	}
	return m
}

func (r reading) shown(f *field, key string, v value) *yaml.Node {
	switch {
	case v.node == nil:
		return emptyNode(f.kind)
	case f.kind == kindSections && v.node.Kind == yaml.SequenceNode:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.node.Content {
			list.Content = append(list.Content, r.tree(f.children, fmt.Sprintf("%s[%d].", key, i)))
		}
		return list
	case f.kind == kindNamed && v.node.Kind == yaml.MappingNode:
		m := &yaml.Node{Kind: yaml.MappingNode}
		for name := range pairs(v.node) {
			m.Content = append(m.Content, &yaml.Node{Kind: name.Kind, Tag: name.Tag, Value: name.Value}, r.tree(f.children, join(key, name.Value)+"."))
		}
		return m
	}
	return redactTree(f, v.node)
}

// emptyNode is how a key without a value looks.
func emptyNode(k kind) *yaml.Node {
	switch k {
	case kindTexts, kindSections:
		return &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	case kindMap, kindNamed:
		return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	case kindText, kindCustom:
		return textNode("")
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}
