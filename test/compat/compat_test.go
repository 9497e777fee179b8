package compat

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/posternhq/postern/test/harness"
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

// run plays the scenarios and makes a subtest of each. The tests of this package are not parallel: each keeps both cores busy.
func run(t *testing.T, postern string, args ...string) {
	t.Helper()
	requirePackages(t)
	harness.RunCases(t, []string{"DATABASE_URL=" + postgres.URL(t), "COMPAT_POSTERN=" + postern}, append([]string{"run.mjs"}, args...)...)
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
