package config

import (
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

const exampleHead = `# Postern's configuration, for "postern serve --config FILE". Generated; "postern config check" validates yours.
#
# Every key stands here with its meaning. The commented value is the default, or, behind "Example:", a value to imitate.
# To set a key, remove the # directly before it. What you leave out keeps its default; three keys have none that
# could work, and "postern serve" asks for them: server.public_url, upstream.url and auth.secret.
#
# Any key can be given by the environment instead: POSTERN_ and the key in upper case, with _ for each dot
# (database.url is POSTERN_DATABASE_URL). The environment wins over this file. Secrets need not stand here: each also
# has a key ending in _file, and a variable ending in _FILE, which names a file that holds it.
# All of this in full: docs/configuration.md
`

// Example is the text of config.example.yaml.
func Example() string {
	var b strings.Builder
	b.WriteString(exampleHead)
	for _, f := range describeConfig() {
		b.WriteByte('\n')
		exampleField(&b, f, "")
	}
	return b.String()
}

func exampleField(b *strings.Builder, f *field, indent string) {
	comment(b, indent, f.doc)
	switch f.kind {
	case kindSection:
		name := f.name()
		if f.inItem {
			name = "#" + name // as the item is
		}
		fmt.Fprintf(b, "%s%s:\n", indent, name)
		for i, below := range f.children {
			if i > 0 && below.kind == kindSection {
				b.WriteByte('\n')
			}
			exampleField(b, below, indent+"  ")
		}
	case kindSections:
		// An item begins with a line of its own, so that each key of it can be switched on alone.
		fmt.Fprintf(b, "%s%s:\n%s  #-\n", indent, f.name(), indent)
		for _, below := range f.children {
			exampleField(b, below, indent+"    ")
		}
	case kindNamed:
		// The name is commented out with its keys, since an empty one would be a section of that name.
		fmt.Fprintf(b, "%s%s:\n%s  #%s:\n", indent, f.name(), indent, cmp.Or(f.example, "name"))
		for _, below := range f.children {
			exampleField(b, below, indent+"    ")
		}
	default:
		exampleValue(b, f, indent)
	}
}

func exampleValue(b *strings.Builder, f *field, indent string) {
	if why, ok := required(Serve)[f.key]; ok && !f.inItem {
		comment(b, indent, "Required by 'postern serve': "+why+".")
	}
	if f.secret {
		comment(b, indent, fmt.Sprintf("Secret; may be in a file instead: %s%s: /run/secrets/%s", f.name(), fileSuffix, strings.ReplaceAll(f.key, ".", "_")))
	}
	text := f.def
	if text == "" && f.example != "" {
		text = f.example
		comment(b, indent, "Example:")
	}
	fmt.Fprintf(b, "%s#%s: %s\n", indent, f.name(), inline(f.kind, text))
}

// inline writes a value, given in its text form, on one line of YAML.
func inline(k kind, text string) string {
	n := emptyNode(k)
	if text != "" {
		given, err := nodeOf(k, text)
		if err != nil {
			// A constant of the program, read by the tests.
			panic(fmt.Sprintf("config: example %q: %v", text, err))
		}
		n = given
	}
	quote(n)
	line, err := yaml.Marshal(n)
	if err != nil {
		panic(fmt.Sprintf("config: example %q: %v", text, err))
	}
	return strings.TrimSuffix(string(line), "\n")
}

// quote marks text as text where a reader might take it for something else, and keeps lists on one line.
func quote(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	} else if n.Tag == "!!str" && (n.Value == "" || strings.ContainsAny(n.Value, ":/@*{}[],&#?|<>=!%` ")) {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		quote(c)
	}
}

// comment breaks a text into comment lines that fit a terminal.
func comment(b *strings.Builder, indent, text string) {
	const width = 118
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width && line != indent+"#" {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	if line != indent+"#" {
		b.WriteString(line + "\n")
	}
}
