package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestReadmeWalkThroughWorks runs what README tells a newcomer to type, against "postern dev" as they would have it. Not
// parallel: see startDev.
func TestReadmeWalkThroughWorks(t *testing.T) {
	script := readmeScript(t)
	host := startDev(t)
	shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(script, "localhost:8080", host))
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range []string{`"token":null`, "ada@example.com", "X-Postern-User-Id", "401"} {
		if !bytes.Contains(output, []byte(want)) {
			t.Errorf("no %q in:\n%s", want, output)
		}
	}
}

// startDev runs "postern dev" until the test ends, and returns its host and port. It changes the folder, in which dev keeps its
// things, so the test cannot be parallel.
func startDev(t *testing.T, environ ...string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	address, admin := freeAddress(t), freeAddress(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	greeted := make(chan struct{})
	go func() {
		ended <- run(ctx, streams{
			args:    []string{"dev", "--listen", address, "--admin-listen", admin},
			environ: append(environ, "POSTERN_LOG_LEVEL=error"),
			stdout:  &signalWriter{written: greeted},
			stderr:  io.Discard,
		})
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitFine {
			t.Errorf("dev ended with %d", code)
		}
	})
	select {
	case <-greeted:
	case code := <-ended:
		ended <- code
		t.Fatal("dev did not start")
	}
	_, port, _ := net.SplitHostPort(address)
	return "localhost:" + port
}

// readmeScript is the block of shell that signs up by curl.
func readmeScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```sh\n")[1:] {
		if script, _, ok := strings.Cut(block, "```"); ok && strings.Contains(script, "curl") {
			return script
		}
	}
	t.Fatal("README has no block that uses curl")
	return ""
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// signalWriter closes written at the first write.
type signalWriter struct{ written chan struct{} }

func (w *signalWriter) Write(p []byte) (int, error) {
	select {
	case <-w.written:
	default:
		close(w.written)
	}
	return len(p), nil
}
