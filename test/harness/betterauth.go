package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StartBetterAuth runs the reference server of test/compat, which is better-auth from npm, on a PostgreSQL database, with the secret of every
// Postern. It returns the server's address, and ends with the test.
func StartBetterAuth(t testing.TB, db *Database) string {
	t.Helper()
	module, err := root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(module, "test", "compat")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "better-auth")); err != nil {
		t.Fatal("the packages of test/compat are not installed: run `make setup`, or `npm ci` in test/compat")
	}
	var said, complained journal
	env := []string{"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + db.URL, "BETTER_AUTH_SECRET=" + Secret}
	// It ends with its standard input, which what we start does not have.
	run, err := launch(&said, &complained, dir, env, "sh", "-c", "sleep 86400 | exec node reference/server.mjs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		complained.attach(t, "better-auth")
	})
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var ready struct{ URL string }
		for line := range strings.Lines(said.String()) {
			if json.Unmarshal([]byte(line), &ready) == nil && ready.URL != "" {
				return ready.URL
			}
		}
		select {
		case <-run.exited:
			t.Fatal(fmt.Errorf("better-auth ended while starting: %w", run.err))
		default:
		}
	}
	t.Fatal("better-auth is not ready")
	return ""
}
