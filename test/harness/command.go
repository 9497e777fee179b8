package harness

import (
	"fmt"
	"os/exec"
	"testing"
)

// RunPostern runs the command in a folder with nothing but these settings in its environment, and returns all that it wrote. An error
// is that of its exit code.
func RunPostern(t testing.TB, dir string, settings map[string]string, args ...string) (string, error) {
	t.Helper()
	file, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), file, args...)
	command.Dir, command.Env = dir, environment(settings)
	out, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("postern %v: %w", args, err)
	}
	return string(out), err
}
