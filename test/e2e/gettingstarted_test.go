package e2e

import (
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGettingStartedWorks does what docs/getting-started.md says, from nothing. What each step takes is printed and not judged.
func TestGettingStartedWorks(t *testing.T) {
	t.Parallel()
	script := exec.CommandContext(t.Context(), "../../tools/getting-started.sh")
	script.Cancel = func() error { return script.Process.Signal(syscall.SIGTERM) } // it ends what it has started
	script.WaitDelay = 30 * time.Second
	out, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	said := string(out)
	_, answers, _ := strings.Cut(said, "== 5. Ask the application\n")
	for what, pattern := range map[string]string{
		"the application knows who is calling": `\{"id":"\w+","email":"ada@example.com","name":"Ada"\}`,
		"and nobody without a session":         `(?s)"UNAUTHORIZED".*\n401\n`,
		"nor with a forged header":             `(?s)"UNAUTHORIZED".*"UNAUTHORIZED"`,
		"each step was timed":                  `(?s) s  1\. .* s  2\. .* s  3\. .* s  4\. .* s  5\. .* s  in all\n`,
	} {
		if !regexp.MustCompile(pattern).MatchString(answers) {
			t.Errorf("not so: %s\n%s", what, said)
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^ *[0-9.]+ s  .*$`).FindAllString(said, -1) {
		t.Log(line)
	}
}
