package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// caseResult is one line of a program that plays cases: the result of one, or, at the end, how many there were.
type caseResult struct {
	File     string   `json:"file"`
	Name     string   `json:"name"`
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`

	Done    bool `json:"done"`
	Count   int  `json:"count"`
	Seconds int  `json:"seconds"`
}

// RunCases runs a Node program in the test's folder and makes a subtest of each case that it reports. The program prints one
// JSON line for each, and exits with 1 if any failed. env is added to the test's own environment.
func RunCases(t *testing.T, env []string, args ...string) {
	t.Helper()
	lines, output := io.Pipe()
	var stderr journal
	run, err := launch(output, &stderr, ".", append(os.Environ(), env...), append([]string{"node"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.kill)
	go func() {
		<-run.exited
		_ = output.Close() // fails never
	}()

	announced, reported, err := subtests(t, lines)
	if err != nil {
		run.kill()
		t.Errorf("read results: %v", err)
	}
	<-run.exited
	var exit *exec.ExitError
	// Exit code 1 says that cases failed, which their subtests say better.
	if run.err != nil && (!errors.As(run.err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), run.err, stderr.String())
	}
	if reported == 0 || reported != announced {
		t.Errorf("%d cases reported, %d announced\n%s", reported, announced, stderr.String())
	}
}

// subtests turns result lines into subtests as they come.
func subtests(t *testing.T, lines *io.PipeReader) (announced, reported int, err error) {
	t.Helper()
	defer func() { _ = lines.Close() }() // whoever still writes is not kept waiting
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		var r caseResult
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			return announced, reported, fmt.Errorf("line %q: %w", scanner.Text(), err)
		}
		if r.Done {
			announced = r.Count
			t.Logf("%d cases in %d s", r.Count, r.Seconds)
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
