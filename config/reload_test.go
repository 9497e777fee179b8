package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const unchangeable = "server: {public_url: \"https://app.example.test\", listen: \":8080\"}\nupstream: {url: \"http://127.0.0.1:8000\"}\n"

// written is a configuration in a file, with a secret in another.
func written(t *testing.T) (l *Loaded, file, secret string) {
	t.Helper()
	file, secret = filepath.Join(t.TempDir(), "postern.yaml"), filepath.Join(t.TempDir(), "secret")
	rewrite(t, secret, "the first secret, of enough characters\n")
	rewrite(t, file, unchangeable+"routes:\n  - {path: /a, auth: public}\n")
	l, err := Sources{File: file, Environ: []string{"POSTERN_AUTH_SECRET_FILE=" + secret}, Mode: Serve}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return l, file, secret
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReloadTakesWhatCanChange(t *testing.T) {
	t.Parallel()
	l, file, secret := written(t)
	rewrite(t, secret, "the second secret, of enough characters\n")
	rewrite(t, file, unchangeable+"routes:\n  - {path: /b, auth: public}\n")
	next, kept, err := l.Reload()
	if err != nil || len(kept) != 0 {
		t.Fatalf("%v, kept %v", err, kept)
	}
	if next.Config.Proxy.Routes[0].Path != "/b" || next.Config.Auth.Core.Secret != "the second secret, of enough characters" {
		t.Errorf("got %+v", next.Config)
	}
	if l.Config.Proxy.Routes[0].Path != "/a" {
		t.Error("what runs was changed")
	}
}

func TestReloadKeepsWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	l, file, _ := written(t)
	rewrite(t, file, "server:\n  public_url: https://app.example.test\n  listen: \":9999\"\nupstream: {url: \"http://127.0.0.1:8000\"}\ndatabase: {max_conns: 3}\nroutes:\n  - {path: /b, auth: public}\n")
	for range 2 { // the second time compares with what runs, too
		next, kept, err := l.Reload()
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, k := range kept {
			keys = append(keys, k.Key)
			if k.Origin != file || k.Line == 0 {
				t.Errorf("%s is not told where it is: %+v", k.Key, k)
			}
		}
		if !slices.Equal(keys, []string{"server.listen", "database.max_conns"}) {
			t.Errorf("kept %v", keys)
		}
		if next.Config.Server.Listen != ":8080" || next.Config.Database.MaxConns != 10 || next.Config.Proxy.Routes[0].Path != "/b" {
			t.Errorf("got %+v", next.Config)
		}
		l = next
	}
}

// TestReloadValidatesWhatComesOfIt: the new value alone would be right, beside the old one of another key it is not.
func TestReloadValidatesWhatComesOfIt(t *testing.T) {
	t.Parallel()
	l, file, _ := written(t)
	rewrite(t, file, unchangeable+"auth: {base_path: /other, user: {additional_fields: {team: {type: string}}}}\nidentity: {templates: {X-Team: \"{user.fields.team}\"}}\n")
	_, _, err := l.Reload()
	var problems *Error
	if !errors.As(err, &problems) || problems.Problems[0].Key != "identity.templates.X-Team" || problems.Problems[0].Line != 4 {
		t.Fatalf("a template of a field that needs a restart: %v", err)
	}
}

func TestFilesAreThoseThatWereReadOrShouldHaveBeen(t *testing.T) {
	t.Parallel()
	l, file, secret := written(t)
	want := []string{file, secret}
	slices.Sort(want)
	if got := l.Files(); !slices.Equal(got, want) {
		t.Errorf("files are %v, want %v", got, want)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	next, _, err := l.Reload()
	if got := next.Files(); err == nil || !slices.Equal(got, want) {
		t.Errorf("without the secret: %v, files %v", err, got)
	}
}
