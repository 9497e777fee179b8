package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a file, or rewrites the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it)\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

// TestProblemsReadWell holds every class of mistake to the exact text an operator gets. An archive has the files to
// load (postern.yaml, env, and secret files), flags, and the error; $DIR is the folder they are in.
func TestProblemsReadWell(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := problemsOf(t, archive)
			for i := range archive.Files {
				if archive.Files[i].Name == "problems" {
					archive.Files[i].Data = []byte(got)
				}
			}
			golden(t, path, string(txtar.Format(archive)))
		})
	}
}

// problemsOf loads what an archive holds for "serve" and returns the error's text.
func problemsOf(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	s := Sources{Mode: Serve}
	for _, f := range archive.Files {
		text := strings.ReplaceAll(string(f.Data), "$DIR", dir)
		switch f.Name {
		case "problems":
			continue
		case "env":
			s.Environ = strings.Split(strings.TrimSpace(text), "\n")
			continue
		case "flags":
			s.Flags = map[string]string{}
			for line := range strings.Lines(text) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				s.Flags[key] = value
			}
			continue
		}
		path := filepath.Join(dir, f.Name)
		if f.Name == "postern.yaml" {
			s.File = path
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Load()
	if err == nil {
		return "none\n"
	}
	return strings.ReplaceAll(err.Error(), dir, "$DIR") + "\n"
}
