package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ASGI is a Python application of a few lines, served by uvicorn on a Unix socket, whose name is known before it runs.
type ASGI struct {
	Socket  string
	journal journal
}

// NewASGI chooses the socket. Folders of tests have names too long for one.
func NewASGI(t testing.TB) *ASGI {
	t.Helper()
	dir, err := os.MkdirTemp("", "asgi-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &ASGI{Socket: filepath.Join(dir, "app.sock")}
}

// Start serves the variable app of a module until the test ends, with the packages of the FastAPI example's tests.
func (a *ASGI) Start(t testing.TB, source string) {
	t.Helper()
	_, python, err := findExample()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(a.Socket)
	if err := os.WriteFile(filepath.Join(dir, "main.py"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"}
	run, err := launch(&a.journal, &a.journal, dir, env, python, "-m", "uvicorn", "main:app", "--uds", a.Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		a.journal.attach(t, "application at "+a.Socket)
	})
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("unix", a.Socket)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-run.exited:
			t.Fatal(fmt.Errorf("application ended while starting: %w", errors.Join(run.err, errors.New("see its log"))))
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("wait for the application: %v", err)
		}
	}
}

// Client speaks to the application itself, past Postern. Its host is localhost.
func (a *ASGI) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", a.Socket)
	}}}
}
