package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the module's folder: tests run in that of their package.
var root = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the module's folder: %w", err)
		}
		dir = filepath.Dir(dir)
	}
})

var built struct {
	sync.Mutex
	dirs []string // to be removed
}

// noteSources opens every folder of the module. That tells the go command what the tests depend on (go help test: cached
// results); without it, it would not know that a change of Postern makes an old result worthless.
func noteSources(module string) error {
	return filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // somebody's temporary folder, gone by now
			return nil
		case err != nil || path == module || !entry.IsDir():
			return err
		case strings.HasPrefix(entry.Name(), "."), entry.Name() == "node_modules", entry.Name() == "bin":
			return fs.SkipDir
		}
		return nil
	})
}

// executable is the postern command, built from the present source.
var executable = sync.OnceValues(func() (string, error) {
	module, err := root()
	if err != nil {
		return "", err
	}
	if err := noteSources(module); err != nil {
		return "", fmt.Errorf("look at the source: %w", err)
	}
	dir, err := os.MkdirTemp("", "postern-binary-")
	if err != nil {
		return "", fmt.Errorf("make folder for the binary: %w", err)
	}
	built.Lock()
	built.dirs = append(built.dirs, dir)
	built.Unlock()
	file := filepath.Join(dir, "postern")
	build := exec.Command("go", "build", "-o", file, "./cmd/postern")
	build.Dir = module
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build postern: %w: %s", err, output)
	}
	return file, nil
})

// Main runs the tests of a package and removes what they share. It is for TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	built.Lock()
	defer built.Unlock()
	for _, dir := range built.dirs {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, "remove binary:", err)
		}
	}
	return code
}
