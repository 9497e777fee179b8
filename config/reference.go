package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const referenceHead = `# Configuration

Generated from the program; every key that exists stands here. [config.example.yaml](../config.example.yaml) is the same
as a file to start from.

## When something is wrong

| to find out | run |
| --- | --- |
| is this configuration valid | ` + "`postern config check --config FILE`" + ` |
| which value is in effect, and where it came from | ` + "`postern config print --config FILE`" + ` |

Postern does not start with a wrong configuration. It reports all mistakes together,
one per line: file and line (or the variable), key, what was expected, what to do. An unknown key is a mistake too, in
the file as well as in a ` + "`POSTERN_`" + ` variable; the nearest valid name is given.

## Changing it while it runs

Postern looks at its configuration file and at all files of secrets every ` + "`server.reload_interval`" + `, and at once on SIGHUP. What is new is
read and checked as at start, and then takes the place of what was before, at one moment and for all requests that begin from then on.
When anything is wrong, nothing changes, and log, metrics and ` + "`/readyz`" + ` say what. Keys marked *needs a restart* keep their value until then,
and the log names them. [operations.md](operations.md) has more.

## Where a value comes from

The first of these that gives the key wins:

1. a flag of the command, where there is one;
2. the environment variable ` + "`POSTERN_…`" + `: the key in upper case, with ` + "`_`" + ` for every ` + "`.` and `-`" + ` (` + "`database.url`" + ` is ` + "`POSTERN_DATABASE_URL`" + `);
3. the file given by ` + "`--config`" + ` or by the variable ` + "`POSTERN_CONFIG`" + `;
4. a conventional variable, where the tables below name one (` + "`DATABASE_URL`" + `);
5. the default. ` + "`postern dev`" + ` has a few defaults of its own, which ` + "`config print`" + ` shows as such.

No file is needed: the environment alone will do. An empty variable counts as not set.

**Forms.** A duration is a number with a unit: ` + "`500ms`, `30s`, `15m`, `24h`, `1h30m`" + `. In a variable, a list of text is
separated by commas, and everything with more structure is YAML or JSON on one line:
` + "`POSTERN_ROUTES='[{path: /public/**, auth: public}]'`" + `.

**Secrets.** Keys marked *secret* are never printed or logged. Each can be kept out of file and environment: the key with ` + "`_file`" + `,
or its variable with ` + "`_FILE`" + `, names a file that holds the value. One newline at its end is ignored; a list has one
secret on each line. A relative path begins at the working directory. Giving both the secret and its file is a mistake.

**Strictness.** A key given twice, an alias, a second document and a value of another type than the table says are mistakes.
Only text is lenient: numbers and ` + "`true`" + ` are taken literally, as written. Variables that Kubernetes sets for a Service named
` + "`postern…`" + ` (` + "`POSTERN_SERVICE_HOST`, `POSTERN_PORT_8080_TCP`" + `) are ignored.
`

// Reference is the text of docs/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString("\n## Required by `postern serve`\n\n")
	for _, key := range slices.Sorted(maps.Keys(required(Serve))) {
		fmt.Fprintf(&b, "- `%s`: %s.\n", key, required(Serve)[key])
	}
	fields := describeConfig()
	var plain []*field
	for _, f := range fields {
		if f.kind != kindSection && !f.kind.repeats() {
			plain = append(plain, f)
		}
	}
	for _, f := range fields {
		if f.kind == kindSection || f.kind.repeats() {
			referenceSection(&b, f)
		}
	}
	if len(plain) > 0 {
		b.WriteString("\n## At the top level\n")
		referenceTable(&b, plain)
	}
	return b.String()
}

func referenceSection(b *strings.Builder, f *field) {
	fmt.Fprintf(b, "\n## `%s`\n", f.shown)
	if f.doc != "" {
		b.WriteString("\n" + literal(f.doc) + "\n")
	}
	if f.entries {
		fmt.Fprintf(b, "\nA mapping of names to sections. Variables have the name in upper case, with `_` for each `-`: `%s`. The keys of each:\n",
			variable(f.key+".<name>."+leaves(f.children)[0].key))
	} else if f.kind == kindNamed {
		fmt.Fprintf(b, "\nA mapping of names to sections; by the environment as YAML in `%s`. The keys of each:\n", variable(f.key))
	}
	if f.kind == kindSections {
		fmt.Fprintf(b, "\nA list of sections; by the environment as YAML in `%s`. The keys of each item:\n", variable(f.key))
	}
	referenceTable(b, leaves(f.children))
}

func referenceTable(b *strings.Builder, fields []*field) {
	b.WriteString("\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
	var lists []*field
	for _, f := range fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.shown, typeCell(f), defaultCell(f), meaning(f))
		if f.kind.repeats() {
			lists = append(lists, f)
		}
	}
	for _, f := range lists {
		referenceSection(b, f)
	}
}

func typeCell(f *field) string {
	text := f.kind.String()
	if f.unit != "" {
		text += ", " + f.unit
	}
	if f.secret {
		text += ", *secret*"
	}
	return text
}

func defaultCell(f *field) string {
	if f.def == "" {
		return "none"
	}
	return "`" + strings.ReplaceAll(f.def, "|", `\|`) + "`"
}

// meaning is the description with the variables that can give the key.
func meaning(f *field) string {
	text := literal(f.doc)
	if f.restart {
		text += " Needs a restart."
	}
	if f.example != "" && f.def == "" {
		text += " Example: `" + f.example + "`."
	}
	if f.inItem {
		return text
	}
	var names []string
	for _, name := range f.variables() {
		names = append(names, "`"+name+"`")
	}
	return text + " <br>" + strings.Join(names, ", ")
}

// literal keeps a text from being taken for Markdown or HTML, and from ending its table cell.
func literal(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`, "__", `\_\_`).Replace(text)
}
