package harness

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// FastAPI is examples/fastapi, served by uvicorn.
type FastAPI struct {
	URL     string
	journal journal
}

// StartFastAPI applies the example's migrations to the database and serves until the test ends. The address of the database is
// Postern's for PostgreSQL, and SQLAlchemy's for SQLite.
func StartFastAPI(t testing.TB, databaseURL string) *FastAPI {
	t.Helper()
	dir, python, err := findExample()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	app := &FastAPI{URL: fmt.Sprintf("http://127.0.0.1:%d", port)}
	// Without .pyc files: several of these start at once.
	env := []string{"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + databaseURL, "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"}
	run, err := launch(&app.journal, &app.journal, dir, env, python, "-m", "app", "--port", strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		app.journal.attach(t, "FastAPI example at "+app.URL)
	})
	if err := app.await(run); err != nil {
		t.Fatal(err)
	}
	return app
}

// Log is all that uvicorn wrote.
func (a *FastAPI) Log() string { return a.journal.String() }

// ExamplePython is the interpreter that has the packages of all Python examples.
func ExamplePython(t testing.TB) string {
	t.Helper()
	_, python, err := findExample()
	if err != nil {
		t.Fatal(err)
	}
	return python
}

func findExample() (dir, python string, err error) {
	module, err := root()
	if err != nil {
		return "", "", err
	}
	dir = filepath.Join(module, "examples", "fastapi")
	python = filepath.Join(dir, ".venv", "bin", "python")
	if !installed(dir) {
		return "", "", errors.New("the packages of examples/fastapi/requirements.txt are not installed: run 'make setup'")
	}
	_, err = os.Stat(python)
	return dir, python, err
}

// installed tells whether install.sh was run with the requirements as they are now, which its stamps begin with.
func installed(example string) bool {
	wanted, err := os.ReadFile(filepath.Join(example, "requirements.txt"))
	if err != nil {
		return false
	}
	for _, stamp := range []string{"installed-requirements.txt", "installed-requirements-test.txt"} {
		if have, err := os.ReadFile(filepath.Join(example, ".venv", stamp)); err == nil && bytes.HasPrefix(have, wanted) {
			return true
		}
	}
	return false
}

func (a *FastAPI) await(run *process) error {
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(a.URL + "/public/hello")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		select {
		case <-run.exited:
			return fmt.Errorf("FastAPI example ended while starting: %w", errors.Join(run.err, errors.New("see its log")))
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for the FastAPI example: %w", err)
		}
	}
}
