package certfile

import (
	"crypto/sha256"
	"fmt"
	"os"
	"sync"
)

// File is what can be read again.
type File interface {
	// Reload reads the file. It returns whether something new is in use from now on; an error leaves in use what was.
	// Several goroutines may call it.
	Reload() (changed bool, err error)
	// String is the path, for logs.
	String() string
}

// files are the paths of one thing, and a digest of what it was made of.
type files struct {
	paths []string
	mu    sync.Mutex // held while reading, so that nobody puts back what is older
	inUse [sha256.Size]byte
}

// reload hands the content to use if it is another than last time. What use refuses counts as not yet read.
func (f *files) reload(use func(contents [][]byte) error) (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	digest, contents := sha256.New(), make([][]byte, len(f.paths))
	for i, path := range f.paths {
		if contents[i], err = os.ReadFile(path); err != nil {
			return false, err // it names the path
		}
		fmt.Fprintf(digest, "%d:", len(contents[i])) // a hash cannot fail
		digest.Write(contents[i])
	}
	if [sha256.Size]byte(digest.Sum(nil)) == f.inUse {
		return false, nil
	}
	if err := use(contents); err != nil {
		return false, err
	}
	f.inUse = [sha256.Size]byte(digest.Sum(nil))
	return true, nil
}

// String is the path of the first file.
func (f *files) String() string { return f.paths[0] }
