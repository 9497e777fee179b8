package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// fileConfigured is a stack whose routes and secrets are in files, where they can change.
func fileConfigured(t *testing.T, settings map[string]string) *stack {
	t.Helper()
	db, mail := harness.PostgreSQL(t), harness.StartResend(t)
	s := &stack{db: db, mail: mail, app: harness.StartFastAPI(t, db.ApplicationURL()), secrets: map[string]string{}}
	s.Postern = harness.NewPostern(t, harness.Settings(db.Settings(), mail.Settings(), map[string]string{
		"config":      "postern.yaml", // POSTERN_CONFIG names the file
		"auth.secret": "", "auth.secret_file": "secret", "auth.previous_secrets_file": "previous",
		"upstream.url": s.app.URL, "server.reload_interval": "100ms",
	}, settings))
	s.write(t, "secret", harness.Secret)
	s.write(t, "previous", "a secret of long ago, of many characters")
	s.write(t, "postern.yaml", "routes: []\n")
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stack) write(t *testing.T, name, text string) {
	t.Helper()
	// By renaming, as whoever is careful does: the process must not meet half a file.
	if err := os.WriteFile(s.File(name+".new"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.File(name+".new"), s.File(name)); err != nil {
		t.Fatal(err)
	}
}

// TestHundredWebSocketsSurviveTwentyReloads changes the routes twenty times, and once the secret, under open sockets (users-ask 39).
func TestHundredWebSocketsSurviveTwentyReloads(t *testing.T) {
	t.Parallel()
	s := fileConfigured(t, nil)
	p := s.user(t)
	sockets := make([]*harness.WebSocket, 100)
	for i := range sockets {
		socket, _, err := p.WebSocket("/api/ws")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = socket.Close() }()
		sockets[i] = socket
	}
	say := func(text string) {
		t.Helper()
		var all sync.WaitGroup
		for i, socket := range sockets {
			all.Go(func() {
				err := socket.Send(text)
				if err == nil {
					var answer string
					var echo struct{ User, Text string }
					answer, err = socket.Receive()
					if err == nil && (json.Unmarshal([]byte(answer), &echo) != nil || echo.User != p.id || echo.Text != text) {
						err = fmt.Errorf("echo %s", answer)
					}
				}
				if err != nil {
					t.Errorf("socket %d, %q: %v", i, text, err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	say("hello")
	s.AwaitMetric(t, "postern_streams_open 100")
	const reloads = 20
	for i := 1; i <= reloads; i++ {
		if i == reloads/2 {
			s.write(t, "previous", harness.Secret)
			s.write(t, "secret", "the secret that comes after, of many characters")
			s.AwaitMetric(t, `postern_config_last_reload_successful 1`)
		}
		path := fmt.Sprintf("/opened/%d", i)
		s.write(t, "postern.yaml", "routes:\n  - {path: "+path+", auth: public}\n")
		if i%2 == 0 {
			if err := s.Hangup(); err != nil { // sooner than it would notice, and maybe as well
				t.Fatal(err)
			}
		}
		harness.Eventually(t, path+" to be open", func() bool {
			return s.visitor().Get(t, path).Status == http.StatusNotFound // the application's
		})
		say(path)
	}
	p.isIn(t) // by a cookie that the former secret signed
	s.AwaitMetric(t, "postern_streams_open 100")
	s.AwaitMetric(t, `postern_config_reloads_total{outcome="failure"} 0`)
	if ended := s.LogLines(t, "requests cut off"); len(ended) > 0 {
		t.Error(ended)
	}
}

// TestReloadWaitsForTheDatabase: a new secret seals a new key, which must be kept. When that can not be done, the configuration is not at
// fault, and nobody needs to change it again.
func TestReloadWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	s := fileConfigured(t, nil)
	p := s.user(t)
	s.db.Exec(t, `ALTER TABLE postern.assertion_key RENAME TO away`)
	s.write(t, "previous", harness.Secret)
	s.write(t, "secret", "the secret that comes after, of many characters")
	s.AwaitMetric(t, "postern_config_last_reload_successful 0")
	harness.Eventually(t, "a second attempt", func() bool {
		return !strings.Contains(s.Metrics(t), `postern_config_reloads_total{outcome="failure"} 1`+"\n")
	})
	p.isIn(t)
	s.db.Exec(t, `ALTER TABLE postern.away RENAME TO assertion_key`)
	s.AwaitMetric(t, "postern_config_last_reload_successful 1")
	p.isIn(t)
	p.elsewhere().signIn(t)
	if lines := s.LogLines(t, "configuration not reloaded; the one before stays in use"); len(lines) == 0 || len(lines) > 3 {
		t.Errorf("told %d times: %v", len(lines), lines)
	}
}
