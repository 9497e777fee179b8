package e2e

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// deliveryNever is longer than any test takes.
const deliveryNever = time.Hour

// TestDrain follows a process through its end: readiness fails first while requests are still served, then nobody new is let
// in while what has begun may finish.
func TestDrain(t *testing.T) {
	t.Parallel()
	app := startMirror(t)
	s := newStackBefore(t, harness.PostgreSQL(t), app.URL, map[string]string{"server.drain_delay": "8s", "server.drain_timeout": "1m"})
	p := s.user(t)
	slow := make(chan *harness.Response, 1)
	go func() {
		r, err := p.Try(context.Background(), http.MethodGet, "/api/slow", nil)
		if err != nil {
			t.Errorf("the request that was under way: %v", err)
		}
		slow <- r
	}()
	<-app.arrived
	if err := s.Terminate(); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "readiness to fail", func() bool {
		status, err := s.Ready(t.Context())
		if err != nil {
			t.Fatalf("readiness: %v", err)
		}
		return status == http.StatusServiceUnavailable
	})
	p.elsewhere().isIn(t, harness.Bearer(p.token(t))) // on a new connection
	p.elsewhere().signIn(t)

	harness.Eventually(t, "the listener to close", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(app.release)
	if r := <-slow; r != nil {
		r.Want(t, http.StatusOK)
	}
	if err := s.AwaitExit(); err != nil {
		t.Errorf("after draining: %v", err)
	}
	if len(s.LogLines(t, "drained")) != 1 {
		t.Error("no line says that all requests finished")
	}
}
