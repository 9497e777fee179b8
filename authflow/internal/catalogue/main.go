// Command catalogue writes docs/audit-events.md: the names of all audit events, with what their comments in authflow/event.go say.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const introduction = `# Audit events

<!-- Generated from authflow/event.go. Do not edit; run: make generate -->

What is recorded, by name. Names are only ever added, never changed. [audit.md](audit.md) says what else a record has, and what becomes of it.

| Event | When, and what its reason says |
| --- | --- |
`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: catalogue FOLDER")
		os.Exit(2)
	}
	text, err := document(os.Args[1])
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Args[1], "docs", "audit-events.md"), []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// document is the page, made of the constants of type EventName.
func document(root string) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "authflow", "event.go"), nil, parser.ParseComments)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(introduction)
	for _, declared := range parsed.Decls {
		group, ok := declared.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		said := ""
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			if kind, ok := value.Type.(*ast.Ident); !ok || kind.Name != "EventName" {
				continue
			}
			if value.Doc != nil { // a comment may be about the next constant, too
				said = meaning(value.Doc.Text())
			}
			name, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
			if err != nil || said == "" {
				return "", fmt.Errorf("%s has no name or no comment: %w", value.Names[0].Name, err)
			}
			fmt.Fprintf(&out, "| `%s` | %s |\n", name, said)
		}
	}
	return out.String(), nil
}

// meaning is a comment without the name it begins with.
func meaning(comment string) string {
	text := strings.Join(strings.Fields(comment), " ")
	if _, rest, ok := strings.Cut(text, ": "); ok {
		text = rest
	}
	return strings.ToUpper(text[:1]) + strings.ReplaceAll(text[1:], "|", `\|`)
}
