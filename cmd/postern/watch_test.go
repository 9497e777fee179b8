package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWatchedFilesWaitUntilWritingIsOver(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	w := watchedFiles{paths: []string{file}}
	w.settle(w.digest())
	expect := func(what string, want bool) {
		t.Helper()
		if w.changed() != want {
			t.Errorf("%s: changed is %t", what, !want)
		}
	}
	expect("nothing", false)
	write("tw")
	expect("half written", false)
	write("two")
	expect("written", false)
	expect("at rest", true)
	read := w.digest()
	w.watch(w.paths, read)
	expect("acted upon", false)

	write("three")
	w.watch(w.paths, read) // written after what was acted upon had been read
	expect("changed meanwhile", false)
	expect("changed meanwhile, at rest", true)

	w.settle(w.digest())
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("gone", false)
	expect("still gone", true)
	w.settle(w.digest())
	w.retry()
	expect("to be tried again", true)
	expect("and again", true)
}
