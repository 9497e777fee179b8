package compat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posternhq/postern/test/postgres"
)

// TestComparisonSeesEveryDifference keeps the judge honest, and the fake identity providers strict.
func TestComparisonSeesEveryDifference(t *testing.T) {
	requirePackages(t)
	out, err := exec.CommandContext(t.Context(), "node", "--test", "lib/transcript.test.mjs", "providers/providers.test.mjs").CombinedOutput()
	if err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}

// TestReferenceAgreesWithItself shows that the scenarios are deterministic: a difference found against Postern is Postern's.
func TestReferenceAgreesWithItself(t *testing.T) {
	run(t, "", "--targets", "reference,reference")
}

// update writes the document that this run proves: go test ./test/compat -run Like -update
var update = flag.Bool("update", false, "write docs/compatibility.md")

// TestPosternAnswersLikeTheReference is also where docs/compatibility.md comes from: what it says is what this run has shown.
func TestPosternAnswersLikeTheReference(t *testing.T) {
	shown := filepath.Join(t.TempDir(), "compatibility.md")
	run(t, buildPostern(t), "--targets", "reference,postern", "--report", shown)
	if t.Failed() {
		return
	}
	document := filepath.Join("..", "..", "docs", "compatibility.md")
	want, err := os.ReadFile(shown)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(document, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(document); err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/compatibility.md does not say what this run has shown; run: make compat-report (%v)", err)
	}
}

func TestPosternAndTheReferenceShareADatabase(t *testing.T) {
	run(t, buildPostern(t), "--targets", "reference,postern", "--interop")
}

// TestPosternTakesOverDatabasesOfOlderVersions starts a server of each version of better-auth on an empty database, then Postern on what
// that left, then the older server again.
func TestPosternTakesOverDatabasesOfOlderVersions(t *testing.T) {
	run(t, buildPostern(t), "--moving")
}

// result is one line of run.mjs.
type result struct {
	File     string   `json:"file"`
	Name     string   `json:"name"`
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`

	Done    bool `json:"done"`
	Count   int  `json:"count"`
	Seconds int  `json:"seconds"`
}

// run plays the scenarios and makes a subtest of each. The tests of this package are not parallel: each keeps both cores busy.
func run(t *testing.T, postern string, args ...string) {
	t.Helper()
	requirePackages(t)

	cmd := exec.CommandContext(t.Context(), "node", append([]string{"run.mjs"}, args...)...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+postgres.URL(t), "COMPAT_POSTERN="+postern)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	endWithItsServers(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start node: %v", err)
	}

	announced, reported, err := report(t, stdout)
	if err != nil {
		t.Errorf("read results: %v", err)
	}
	var exit *exec.ExitError
	// Exit code 1 says that scenarios failed, which their subtests say better.
	if err := cmd.Wait(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("run.mjs: %v\n%s", err, stderr.String())
	}
	if reported == 0 || reported != announced {
		t.Errorf("%d scenarios reported, %d announced\n%s", reported, announced, stderr.String())
	}
}

// report turns result lines into subtests as they come.
func report(t *testing.T, lines io.Reader) (announced, reported int, err error) {
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		var r result
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			return announced, reported, fmt.Errorf("line %q: %w", scanner.Text(), err)
		}
		if r.Done {
			announced = r.Count
			t.Logf("%d scenarios in %d s", r.Count, r.Seconds)
			continue
		}
		reported++
		t.Run(r.File+"/"+r.Name, func(t *testing.T) {
			if !r.OK {
				t.Errorf("\n%s", strings.Join(r.Problems, "\n"))
			}
		})
	}
	return announced, reported, scanner.Err()
}

// endWithItsServers makes the end of the test the end of node and of the servers node started: they form one process group,
// whose number is node's own process id.
func endWithItsServers(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
}

// requirePackages fails when the npm packages are not there: a suite that is skipped proves nothing.
func requirePackages(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", "better-auth")); err != nil {
		t.Fatal("the packages of test/compat are not installed: run `make setup`, or `npm ci` in test/compat")
	}
}

func buildPostern(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "postern")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/postern")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build postern: %v\n%s", err, out)
	}
	return binary
}
