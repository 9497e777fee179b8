package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

var (
	here      = regexp.MustCompile(`(?s)<<'?(\w+)'?\n.*?\n(\w+)\n`)
	comment   = regexp.MustCompile(`(?m)(^|\s)#.*$`)
	separator = regexp.MustCompile(`\n|&&|\|\||[;|&()]`)
	flag      = regexp.MustCompile(`^--?[a-z][a-z-]*`)
	apiPath   = regexp.MustCompile(`/api/auth(/[a-z0-9/.-]*)`)
)

func shell(t *testing.T, text string) {
	run(t, ".", text, "bash", "-n")
	text = comment.ReplaceAllString(here.ReplaceAllString(strings.ReplaceAll(text, "\\\n", " "), "\n"), "")
	for _, command := range separator.Split(text, -1) {
		words := strings.Fields(command)
		if i := slices.Index(words, "--"); i >= 0 { // what follows is the command of another
			words = words[i+1:]
		}
		for len(words) > 0 && (strings.Contains(words[0], "=") || words[0] == "sudo" || words[0] == "exec") {
			words = words[1:]
		}
		if len(words) > 0 && (words[0] == "postern" || strings.HasSuffix(words[0], "bin/postern")) {
			invocation(t, words[1:])
		}
		if len(words) > 1 && words[0] == "make" && words[1] != "-C" {
			target(t, words[1])
		}
	}
	for _, found := range apiPath.FindAllStringSubmatch(text, -1) {
		described(t, found[1])
	}
}

// target fails unless the Makefile has it.
func target(t *testing.T, name string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `:`).MatchString(text(t, filepath.Join(root, "Makefile"))) {
		t.Errorf("there is no make %s", name)
	}
}

// help is what the command says of itself, asked once.
var help sync.Map

func helpOf(t *testing.T, subcommands []string) (string, error) {
	t.Helper()
	name := strings.Join(subcommands, " ")
	if known, ok := help.Load(name); ok {
		return known.(string), nil
	}
	text, err := harness.RunPostern(t, t.TempDir(), nil, append(slices.Clone(subcommands), "--help")...)
	if err == nil {
		help.Store(name, text)
	}
	return text, err
}

// invocation holds a call of postern to what the command says of itself.
func invocation(t *testing.T, words []string) {
	t.Helper()
	subcommands := slices.Clone(words)
	for i, word := range words {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(word) {
			subcommands = words[:i]
			break
		}
	}
	help, err := helpOf(t, subcommands)
	if err != nil || !strings.Contains(help, "postern "+strings.Join(subcommands, " ")) {
		t.Errorf("postern %s: %v\n%s", strings.Join(words, " "), err, help)
		return
	}
	for _, word := range words[len(subcommands):] {
		if name := flag.FindString(word); name != "" && !regexp.MustCompile(`(?m)^\s+(-\w, )?`+name+`\b`).MatchString(help) {
			t.Errorf("postern %s has no flag %s", strings.Join(subcommands, " "), name)
		}
	}
}

// described fails unless the API's description has the path.
func described(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var api struct{ Paths map[string]any }
	if err := json.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	for known := range api.Paths {
		pattern := "^" + regexp.MustCompile(`\\\{[^}]*\}`).ReplaceAllString(regexp.QuoteMeta(known), "[^/]+") + "$"
		if regexp.MustCompile(pattern).MatchString(strings.TrimSuffix(path, "/")) {
			return
		}
	}
	t.Errorf("/api/auth%s is not in the API's description", path)
}

func console(t *testing.T, text string) {
	for line := range strings.Lines(text) {
		if command, isCommand := strings.CutPrefix(line, "$ "); isCommand {
			shell(t, command)
		}
	}
}
