package config

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// namePlaceholder stands for the name of a section in the conventional variables of its keys: {NAME}_CLIENT_ID.
const namePlaceholder = "{NAME}"

// overlay is what variables say about keys in named sections, by full key. A mapping that is tagged entries:"env" has lower-case
// names, so that POSTERN_AUTH_SOCIAL_GOOGLE_CLIENT_ID can be read: the longest key at its end counts, and what is before is
// the name.
type overlay struct {
	over  map[string]value // our variables, above the file
	under map[string]value // conventional ones, below it
}

// entries are the keys that variables may give in named sections: all of each section that a variable names.
func (env environment) entries(fields []*field, file map[string]value) []*field {
	var list []*field
	for _, f := range leaves(fields) {
		if !f.entries {
			continue
		}
		for _, name := range env.names(f, namesIn(file[f.key].node)) {
			for _, leaf := range leaves(f.children) {
				list = append(list, leaf.under(f, name))
			}
		}
	}
	return list
}

// under is the key of one section, of those that parent holds.
func (f *field) under(parent *field, name string) *field {
	e := *f
	e.key = join(join(parent.key, name), f.key)
	e.shown, e.inItem, e.fallback = e.key, false, nil
	if slices.Contains(parent.conventional, name) {
		for _, variable := range f.fallback {
			e.fallback = append(e.fallback, strings.ReplaceAll(variable, namePlaceholder, strings.ToUpper(name)))
		}
	}
	return &e
}

// names lists the sections that variables name. A name of the file counts as it is written there, since a variable cannot tell '-'
// from '_'.
func (env environment) names(f *field, inFile []string) []string {
	found := map[string]bool{}
	for name := range env {
		rest, ok := strings.CutPrefix(name, variable(f.key)+"_")
		if !ok {
			continue
		}
		if section := sectionOf(rest, f.children); section != "" {
			found[spelled(section, inFile)] = true
		}
	}
	for _, name := range f.conventional {
		for _, leaf := range leaves(f.children) {
			for _, variable := range leaf.under(f, name).fallback {
				if env[variable] != "" {
					found[name] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// sectionOf is what stands before the longest key at the end of a variable.
func sectionOf(rest string, children []*field) string {
	section, longest := "", 0
	for _, leaf := range leaves(children) {
		suffixes := []string{strings.TrimPrefix(variable(leaf.key), prefix)}
		if leaf.secret {
			suffixes = append(suffixes, strings.TrimPrefix(fileVariable(leaf.key), prefix))
		}
		for _, suffix := range suffixes {
			if before, ok := strings.CutSuffix(rest, "_"+suffix); ok && before != "" && len(suffix) > longest {
				section, longest = before, len(suffix)
			}
		}
	}
	return section
}

func spelled(section string, inFile []string) string {
	for _, name := range inFile {
		if strings.TrimPrefix(variable(name), prefix) == section {
			return name
		}
	}
	return strings.ToLower(section)
}

func namesIn(n *yaml.Node) []string {
	var names []string
	if n != nil && n.Kind == yaml.MappingNode {
		for name := range pairs(n) {
			names = append(names, name.Value)
		}
	}
	return names
}

// take moves the values of entries out of a layer.
func take(layer map[string]value, entries []*field) map[string]value {
	taken := map[string]value{}
	for _, e := range entries {
		if v, ok := layer[e.key]; ok {
			taken[e.key] = v
			delete(layer, e.key)
		}
	}
	return taken
}

// names lists the sections below key that the overlay speaks of.
func (o overlay) names(key string) []string {
	found := map[string]bool{}
	for _, layer := range []map[string]value{o.over, o.under} {
		for full := range layer {
			if rest, ok := strings.CutPrefix(full, key+"."); ok {
				name, _, _ := strings.Cut(rest, ".")
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// pick chooses among what the file says of a key and what variables do.
func (o overlay) pick(key string, v value, given bool) (value, bool) {
	if over, ok := o.over[key]; ok {
		return over, true
	}
	if under, ok := o.under[key]; ok && !given {
		return under, true
	}
	return v, given
}

// withNames is a mapping with empty sections for the names it lacks.
func withNames(n *yaml.Node, names []string) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Content: slices.Clone(n.Content)}
	have := namesIn(n)
	for _, name := range names {
		if !slices.Contains(have, name) {
			m.Content = append(m.Content, textNode(name), &yaml.Node{Kind: yaml.MappingNode})
		}
	}
	return m
}
