package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileSuffix makes the key, and in upper case the variable, that names a file holding a secret.
const fileSuffix = "_file"

// reader turns YAML into values by key. It keeps to the nodes, because they know their lines and keep the case of
// names, and refuses what could hide
// a mistake: unknown keys, a key given twice, aliases.
type reader struct {
	origin   Origin
	problems *problems
}

// document reads a whole file; false when nothing of it could be.
func (r reader) document(fields []*field, text []byte) (map[string]value, bool) {
	root, err := parse(text)
	if err != nil {
		at, message := lineOf(err)
		r.problems.add("", r.origin.at(at), "not valid YAML: %s", message)
		return nil, false
	}
	if root == nil {
		return nil, true
	}
	r.prune(root, "")
	return r.section(fields, root, ""), root.Kind == yaml.MappingNode
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line ([0-9]+): `)

// lineOf takes the line out of the YAML library's message. That of an unknown anchor repeats what stands behind the *,
// which may be a password.
func lineOf(err error) (int, string) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.HasPrefix(message, "unknown anchor") {
		return 0, "an alias (*…) to nothing; put text that begins with * in quotes"
	}
	m := yamlLine.FindStringSubmatch(message)
	if m == nil {
		return 0, message
	}
	line, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, message
	}
	return line, message[len(m[0]):]
}

// parse reads at most one YAML document; nil stands for an empty one.
func parse(text []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document; keep only the first, without '---'")
	}
	if len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
		return nil, nil
	}
	return doc.Content[0], nil
}

// prune reports aliases, keys given twice, and keys that are not plain words, anywhere in the tree, and takes them out,
// so that the rest can be read on. A setting should be readable where it stands; and aliases can be nested until
// they fill the memory.
func (r reader) prune(n *yaml.Node, key string) {
	var kept []*yaml.Node
	switch n.Kind {
	case yaml.MappingNode:
		seen := map[string]int{}
		for name, v := range pairs(n) {
			below := join(key, shorten(name.Value))
			if r.fitKey(name, below, seen) && r.fit(v, below) {
				kept = append(kept, name, v)
			}
		}
	case yaml.SequenceNode:
		for i, v := range n.Content {
			if r.fit(v, fmt.Sprintf("%s[%d]", key, i)) {
				kept = append(kept, v)
			}
		}
	}
	n.Content = kept
}

func (r reader) fit(n *yaml.Node, key string) bool {
	if n.Kind == yaml.AliasNode {
		r.problems.add(key, r.origin.at(n.Line), "aliases (*%s) are not supported; write the value out", shorten(n.Value))
		return false
	}
	r.prune(n, key)
	return true
}

func (r reader) fitKey(name *yaml.Node, key string, seen map[string]int) bool {
	at := r.origin.at(name.Line)
	first, twice := seen[name.Value]
	switch {
	case !isText(name):
		r.problems.add(key, at, "a key must be a plain word")
		return false
	case twice && at.Line > 0:
		r.problems.add(key, at, "given twice, first in line %d; keep one", first)
	case twice:
		r.problems.add(key, at, "given twice; keep one")
	}
	seen[name.Value] = name.Line
	return !twice
}

// section reads one mapping, and those below it. Prefix is the full key of the list item or named section the
// fields belong to.
func (r reader) section(fields []*field, n *yaml.Node, prefix string) map[string]value {
	values := map[string]value{}
	r.sectionInto(values, fields, keys(fields, prefix), n, scope{prefix: prefix, section: strings.TrimSuffix(prefix, ".")})
	return values
}

// scope is where the reader stands: the list item, and the section in it.
type scope struct{ prefix, section string }

func (r reader) sectionInto(values map[string]value, fields []*field, valid []string, n *yaml.Node, in scope) {
	if n.Kind != yaml.MappingNode {
		r.problems.add(in.section, r.origin.at(n.Line), "expected %s, found %s", kindSection.expected(), found(n, nil))
		return
	}
	for name, v := range pairs(n) {
		at := r.origin.at(name.Line)
		f, isFile := lookup(fields, name.Value)
		switch {
		case f == nil:
			r.unknown(join(in.section, shorten(name.Value)), at, valid)
		case (f.kind == kindSection || f.kind.repeats()) && v.ShortTag() == "!!null":
			// All that was below is commented out, as in the example file.
		case f.kind == kindSection:
			r.sectionInto(values, f.children, valid, v, scope{in.prefix, in.prefix + f.key})
		default:
			r.leaf(values, f, isFile, value{v, at}, in.prefix+f.key)
		}
	}
}

func (r reader) leaf(values map[string]value, f *field, isFile bool, v value, key string) {
	if _, given := values[key]; given {
		r.problems.add(key, v.origin, "given both directly and by %s%s; keep one", key, fileSuffix)
		return
	}
	if isFile {
		v = readSecret(f, v, key, r.problems)
	}
	values[key] = v
}

func (r reader) unknown(key string, at Origin, valid []string) {
	if slices.Contains(valid, key) {
		words := strings.ReplaceAll(key, ".", ":, ") + ":"
		r.problems.add(key, at, "dots do not nest here; write one word per line, each indented below the one before: %s", words)
		return
	}
	r.problems.add(key, at, "unknown key; the nearest valid key is %s", nearest(key, valid))
}

// lookup finds the field for a key as written in its section, and whether it was given by KEY_file.
func lookup(fields []*field, name string) (f *field, isFile bool) {
	for _, f := range fields {
		if f.name() == name {
			return f, false
		}
		if f.secret && f.name()+fileSuffix == name {
			return f, true
		}
	}
	return nil, false
}

// readSecret replaces the path of a file by what the file holds, less one newline at its end, which editors add.
// A list of secrets has one on each line. The value is null when the file cannot be used; that has been reported.
func readSecret(f *field, path value, key string, ps *problems) value {
	if !isText(path.node) {
		ps.add(key+fileSuffix, path.origin, "expected the path of a file, found %s", found(path.node, nil))
		return value{nil, path.origin}
	}
	path.origin.SecretFile = path.node.Value
	text, err := os.ReadFile(path.node.Value)
	if err != nil {
		ps.add(key+fileSuffix, path.origin, "%v", err)
		return value{nil, path.origin}
	}
	content := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if content == "" {
		ps.add(key+fileSuffix, path.origin, "%s is empty", path.node.Value)
		return value{nil, path.origin}
	}
	if f.kind == kindTexts {
		return value{textList(strings.Split(content, "\n")), path.origin}
	}
	return value{textNode(content), path.origin}
}

// pairs walks a mapping in the order it was written.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}
