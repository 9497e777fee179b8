package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestStreamsEndWhenTheirSessionDoes holds a WebSocket and an event stream open at a replica, and ends the session in every way, here and
// elsewhere. Sessions stay in memory for an hour: what ends was heard of.
func TestStreamsEndWhenTheirSessionDoes(t *testing.T) {
	t.Parallel()
	s := newStack(t, harness.PostgreSQL(t), map[string]string{"session_cache.ttl": "1h"})
	s.db.Exec(t, `ALTER TABLE "user" ADD COLUMN IF NOT EXISTS banned boolean, ADD COLUMN IF NOT EXISTS "banReason" text, ADD COLUMN IF NOT EXISTS "banExpires" timestamptz`)
	if err := errors.Join(s.Terminate(), s.AwaitExit(), s.Start()); err != nil { // columns are looked for at start
		t.Fatal(err)
	}
	bystander := s.user(t)
	kept, _, err := bystander.WebSocket("/api/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }()
	for name, end := range map[string]func(p *person){
		"signed out":           func(p *person) { p.Post(t, "/api/auth/sign-out", nil).Want(t, http.StatusOK) },
		"deleted by hand":      func(p *person) { s.db.Exec(t, `DELETE FROM session WHERE "userId" = $1`, p.id) },
		"expired by hand":      func(p *person) { s.db.Exec(t, `UPDATE session SET "expiresAt" = now() WHERE "userId" = $1`, p.id) },
		"banned":               func(p *person) { s.db.Exec(t, `UPDATE "user" SET banned = true WHERE id = $1`, p.id) },
		"the user was deleted": func(p *person) { s.db.Exec(t, `DELETE FROM "user" WHERE id = $1`, p.id) },
	} {
		t.Run(name, func(t *testing.T) {
			p := s.user(t)
			socket, _, err := p.WebSocket("/api/ws")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = socket.Close() }()
			events, err := p.Stream(t.Context(), "/api/events")
			if err != nil || events.StatusCode != http.StatusOK {
				t.Fatal(events, err)
			}
			defer func() { _ = events.Body.Close() }()
			end(p)
			if _, err := socket.Receive(); err != harness.Closed(1008) {
				t.Errorf("the WebSocket: %v", err)
			}
			if _, err := io.Copy(io.Discard, events.Body); err == nil {
				t.Error("the event stream looks complete")
			}
		})
	}
	if err := kept.Send("still here"); err != nil {
		t.Error(err)
	}
	if text, err := kept.Receive(); err != nil || !strings.Contains(text, "still here") {
		t.Errorf("somebody else's WebSocket: %q, %v", text, err)
	}
	s.AwaitMetric(t, fmt.Sprintf(`postern_streams_ended_total{reason="session_ended"} %d`, 2*5))
	s.AwaitMetric(t, "postern_streams_open 1")
}

// TestDrainTellsWebSocketsGoodbye: they may stay until drain_timeout, and count as cut off.
func TestDrainTellsWebSocketsGoodbye(t *testing.T) {
	t.Parallel()
	s := newStack(t, harness.PostgreSQL(t), map[string]string{"server.drain_timeout": "2s"})
	p := s.user(t)
	socket, _, err := p.WebSocket("/api/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	if err := s.Terminate(); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "draining", func() bool { return len(s.LogLines(t, "draining")) > 0 })
	if err := socket.Send("not yet"); err != nil {
		t.Error(err)
	}
	if text, err := socket.Receive(); err != nil || !strings.Contains(text, "not yet") {
		t.Errorf("while draining: %q, %v", text, err)
	}
	if _, err := socket.Receive(); err != harness.Closed(1001) {
		t.Errorf("at the end: %v", err)
	}
	if err := s.AwaitExit(); err != nil {
		t.Error(err)
	}
	if lines := s.LogLines(t, "requests cut off"); len(lines) != 1 || lines[0]["count"] != 1.0 {
		t.Errorf("told %v", lines)
	}
}
