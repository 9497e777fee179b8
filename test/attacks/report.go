package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const introduction = `# Security tests

<!-- Generated from the names of tests. Do not edit; run: make generate -->

Attacks that have worked on authenticating proxies, auth servers and the libraries they stand on, and the tests that try them on Postern. Each
id is in the name of its tests, so that ` + "`go test -run D36 ./...`" + ` runs them.

| Id | What goes wrong | Seen in | Tests |
| --- | --- | --- | --- |
`

// document writes the table of attacks and what tries them.
func document(tests []named) string {
	byID := map[string][]string{}
	for _, n := range tests {
		byID[n.id] = append(byID[n.id], fmt.Sprintf("[%s](../%s)", n.test, n.file))
	}
	var out strings.Builder
	out.WriteString(introduction)
	for _, a := range catalogue {
		tried := strings.Join(byID[a.id], "<br>")
		switch {
		case a.never != "":
			tried = "cannot happen: " + a.never
		case tried == "":
			continue
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", a.id, a.class, a.seen, tried)
	}
	return out.String()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: attacks FOLDER")
		os.Exit(2)
	}
	tests, err := scan(os.Args[1])
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Args[1], "docs", "security-tests.md"), []byte(document(tests)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
