package browser

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestReactExample has people use examples/react as its README starts it: Vite serves the page, "postern dev" trusts its origin, and
// the FastAPI example is behind.
func TestReactExample(t *testing.T) {
	dir := example(t, "react")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "vite")); err != nil {
		t.Fatal("the packages of examples/react are not installed: run `make setup`, or `npm ci` there")
	}
	address, port := freeAddress(t)
	page := "http://" + strings.Replace(address, "127.0.0.1", "localhost", 1)
	postern := harness.StartDev(t, map[string]string{"auth.trusted_origins": page, "rate_limit.enabled": "false"},
		"--upstream", harness.StartFastAPI(t, "sqlite+aiosqlite:///"+filepath.Join(t.TempDir(), "tasks.db")).URL)
	harness.StartProgram(t, dir, address, "env", "HOME="+t.TempDir(), "VITE_POSTERN_URL="+postern.URL, "npm", "start", "--", "--port", port)
	stack{Page: page, Postern: postern.URL, Direct: postern.URL}.play(t, "react")
}

// TestReactExampleBuilds is for its static build, of which only what a browser makes of it could differ.
func TestReactExampleBuilds(t *testing.T) {
	t.Parallel()
	build := exec.CommandContext(t.Context(), "npm", "run", "build", "--", "--outDir", t.TempDir())
	build.Dir = example(t, "react")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestLiveExample has one user in two browsers, one of which ends the other's session.
func TestLiveExample(t *testing.T) {
	address, port := freeAddress(t)
	harness.StartProgram(t, example(t, "live"), address, harness.ExamplePython(t), "-m", "app", "--port", port)
	settings := map[string]string{"auth.email_password.require_email_verification": "false", "rate_limit.enabled": "false"}
	postern := harness.StartDev(t, settings, "--upstream", "http://"+address)
	stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL}.play(t, "live")
}

func freeAddress(t *testing.T) (address, port string) {
	t.Helper()
	address = harness.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return address, port
}

func example(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
