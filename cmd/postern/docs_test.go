package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// docsBlock is the first fenced block of a page with that language and text.
func docsBlock(t *testing.T, page, language, with string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```"+language+"\n")[1:] {
		if block, _, ok := strings.Cut(block, "```"); ok && strings.Contains(block, with) {
			return block
		}
	}
	t.Fatalf("docs/%s has no block of %s with %q", page, language, with)
	return ""
}

// TestWhatDocsSayOfRoutesIsTrue runs the examples of docs/proxy.md. Not parallel: it changes the folder.
func TestWhatDocsSayOfRoutesIsTrue(t *testing.T) {
	routes := docsBlock(t, "proxy.md", "yaml", "routes:")
	policy := docsBlock(t, "proxy.md", "yaml", "people:")
	command, want, _ := strings.Cut(docsBlock(t, "proxy.md", "console", "postern explain"), "\n")
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"postern.yaml": routes, "policy.yaml": policy} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	postern := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), streams{args: args, stdout: &stdout, stderr: &stderr}); code != exitFine {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout.String(), stderr.String())
		}
		return stdout.String()
	}
	postern("config", "test", "policy.yaml", "--config", "postern.yaml")
	args := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(command, "$ postern "), "'", ""))
	if got := postern(args...); got != want {
		t.Errorf("%s says\n%s\nbut the page\n%s", command, got, want)
	}
}
