package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxWatchedFile bounds what is read of a file to see whether it has changed.
const maxWatchedFile = 16 << 20

type digest [sha256.Size]byte

// watchedFiles notices that any of them has other content, whatever happened to links, times and folders.
type watchedFiles struct {
	paths   []string
	settled digest // of what was acted upon
	seen    digest // of the last look
}

// changed tells whether there is something new that two looks in a row have seen, so that nothing is acted upon while it is
// being written.
func (w *watchedFiles) changed() bool {
	now := w.digest()
	stable := now == w.seen
	w.seen = now
	return stable && now != w.settled
}

// settle notes that something was acted upon, well or not: it is not to be acted upon again.
func (w *watchedFiles) settle(on digest) { w.settled, w.seen = on, on }

// retry has the same content be acted upon again after two looks.
func (w *watchedFiles) retry() { w.settled = digest{} }

// watch replaces the paths. What was acted upon is what is in them, if the ones before hold what they did then; else the next looks
// find a change.
func (w *watchedFiles) watch(paths []string, acted digest) {
	same := w.digest() == acted
	w.paths = paths
	if same {
		w.settle(w.digest())
	} else {
		w.retry()
	}
}

// digest covers names and contents, and for what cannot be read, that it cannot.
func (w *watchedFiles) digest() (d digest) {
	all := sha256.New()
	for _, path := range w.paths {
		content := sha256.New()
		fmt.Fprintf(all, "%q %v ", path, readInto(content, path)) // a hash cannot fail
		all.Write(content.Sum(nil))
	}
	all.Sum(d[:0])
	return d
}

func readInto(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, io.LimitReader(file, maxWatchedFile))
	return err
}

// union is sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
