package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

func webSocket(t *testing.T, s *stack) {
	p := s.user(t)
	if _, refused, err := s.visitor().WebSocket("/api/ws"); err == nil || refused == nil || refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a session: %v, %v", refused, err)
	}
	if _, refused, err := p.WebSocket("/api/ws", harness.Header("Origin", "https://evil.test")); err == nil || refused == nil || refused.StatusCode != http.StatusForbidden {
		t.Errorf("from a strange page: %v, %v", refused, err)
	}
	socket, _, err := p.WebSocket("/api/ws", harness.Header("X-Postern-User-Id", "forged"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	for _, text := range []string{"hello", "hello again"} {
		if err := socket.Send(text); err != nil {
			t.Fatal(err)
		}
		answer, err := socket.Receive()
		if err != nil {
			t.Fatal(err)
		}
		var echo struct{ User, Text string }
		if err := json.Unmarshal([]byte(answer), &echo); err != nil || echo.User != p.id || echo.Text != text {
			t.Errorf("echo of %q: %s", text, answer)
		}
	}
}

// eventStream reads the first event of a stream that has no end.
func eventStream(t *testing.T, s *stack) {
	p := s.user(t)
	p.elsewhere().Get(t, "/api/events").WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	stream, err := p.Stream(t.Context(), "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	if kind := stream.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		t.Fatalf("%s %s", stream.Status, kind)
	}
	if strings.Contains(s.Metrics(t), "postern_streams_open 0\n") {
		t.Error("an open stream is not counted")
	}
	events := 0
	for lines := bufio.NewScanner(stream.Body); events < 2 && lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			events++
			if !strings.Contains(data, p.id) {
				t.Errorf("event %d: %s", events, data)
			}
		}
	}
	if events != 2 {
		t.Errorf("the stream ended after %d events", events)
	}
}
