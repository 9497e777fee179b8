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

// Python is a Python application of a few lines, served on a Unix socket, whose name is known before it runs.
type Python struct {
	Socket  string
	journal journal
}

// NewPython chooses the socket. Folders of tests have names too long for one.
func NewPython(t testing.TB) *Python {
	t.Helper()
	dir, err := os.MkdirTemp("", "python-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &Python{Socket: filepath.Join(dir, "app.sock")}
}

// StartASGI has uvicorn serve the variable app of a module until the test ends, with the packages of the FastAPI example's tests.
func (a *Python) StartASGI(t testing.TB, source string) {
	t.Helper()
	a.start(t, source, "uvicorn", "main:app", "--uds", a.Socket)
}

// StartWSGI is the same by gunicorn.
func (a *Python) StartWSGI(t testing.TB, source string, options ...string) {
	t.Helper()
	a.start(t, source, append([]string{"gunicorn", "main:app", "--bind", "unix:" + a.Socket, "--worker-tmp-dir", filepath.Dir(a.Socket)}, options...)...)
}

func (a *Python) start(t testing.TB, source string, module ...string) {
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
	run, err := launch(&a.journal, &a.journal, dir, env, append([]string{python, "-m"}, module...)...)
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
func (a *Python) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", a.Socket)
	}}}
}
