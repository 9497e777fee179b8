package kubernetes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if built.folder != "" {
		_ = os.RemoveAll(built.folder)
	}
	os.Exit(code)
}

var built struct {
	once         sync.Once
	folder, file string
	err          error
}

// postern is the command, static, of the present source.
func postern(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "postern-kubernetes-"); built.err != nil {
			return
		}
		built.file = filepath.Join(built.folder, "postern")
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=v1.0.0", "-o", built.file, "./cmd/postern")
		build.Dir, build.Env = repository, append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build postern: %w: %s", err, output)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.file
}
