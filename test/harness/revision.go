package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Revision is the postern command of another revision of the repository, such as a release's tag.
func Revision(t testing.TB, revision string) string {
	t.Helper()
	module, err := root()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	archive, file := filepath.Join(folder, "source.tar"), filepath.Join(folder, "postern")
	build := exec.Command("go", "build", "-o", file, "./cmd/postern")
	build.Dir, build.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	for _, command := range []*exec.Cmd{
		exec.Command("git", "-C", module, "archive", "--output", archive, revision),
		exec.Command("tar", "-C", folder, "-xf", archive),
		build,
	} {
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("build postern of %s: %v: %s", revision, err, output)
		}
	}
	return file
}
