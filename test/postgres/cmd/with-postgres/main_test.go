package main

import (
	"strings"
	"testing"

	"github.com/posternhq/postern/test/postgres"
)

func TestCommandFindsTheServerAndItsExitCodeIsPassedOn(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	code := run([]string{"--", "sh", "-c", `echo "$` + postgres.EnvURL + `"; exit 7`}, strings.NewReader(""), &stdout, &stderr)
	if code != 7 {
		t.Errorf("exit code %d, want 7; %s", code, stderr.String())
	}
	if !strings.HasPrefix(stdout.String(), "postgres://") {
		t.Errorf("the command saw %q", stdout.String())
	}
}

func TestUsageIsShownWithoutACommand(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	if code := run([]string{"--"}, strings.NewReader(""), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "usage") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}
