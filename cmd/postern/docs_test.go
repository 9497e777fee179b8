package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
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

// TestWhatDocsSayOfProvidersIsValid loads every example of docs/providers.md. Not parallel: it changes the folder.
func TestWhatDocsSayOfProvidersIsValid(t *testing.T) {
	text, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("apple.p8", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 11 {
		t.Errorf("%d examples", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		block = strings.Replace(block, "/run/secrets/", "", 1)
		block = strings.Replace(block, "auth:\n", "server: {public_url: https://app.example.com}\nupstream: {url: http://127.0.0.1:8000}\nauth:\n  secret: 0f8b1c9a7d2e4f6a3b5c8d1e9f7a2b4c\n", 1)
		if err := os.WriteFile("postern.yaml", []byte(block), 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), streams{args: []string{"config", "check", "--config", "postern.yaml"}, stdout: &stdout, stderr: &stderr}); code != exitFine {
			t.Errorf("exit code %d\n%s%s%s", code, block, stdout.String(), stderr.String())
		}
	}
}
