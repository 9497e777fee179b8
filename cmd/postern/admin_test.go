package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posternhq/postern/sessionstore"
)

// probed is a database in some state.
type probed struct {
	condition sessionstore.Condition
	ping      error
}

func (p probed) Ping(context.Context) error        { return p.ping }
func (p probed) Condition() sessionstore.Condition { return p.condition }

func TestReadinessNamesTheDatabasesState(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("ping: %w for 3s: dial tcp", sessionstore.ErrUnavailable)
	for _, c := range []struct {
		state  sessionstore.DatabaseState
		cause  error
		ping   error
		status int
		want   state
	}{
		{sessionstore.Available, nil, nil, 200, state{Status: "ready", Database: "ok"}},
		{sessionstore.Degraded, errors.New("read only"), nil, 200, state{Status: "ready", Database: "degraded", Reason: "database: read only"}},
		{sessionstore.Away, errors.New("dial tcp"), away, 503, state{Status: "not ready", Database: "away", Reason: "database: " + away.Error()}},
	} {
		m := newMetrics()
		m.databaseCondition(sessionstore.Condition{State: c.state})
		admin := newAdmin(m, probed{sessionstore.Condition{State: c.state, Cause: c.cause}, c.ping})
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		var got state
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != c.status || got != c.want {
			t.Errorf("%s: %d %+v, %v", c.state, w.Code, got, err)
		}
		w = httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		for _, state := range sessionstore.DatabaseStates() {
			line := fmt.Sprintf("postern_database_state{state=%q} %d\n", state, map[bool]int{true: 1}[state == c.state])
			if !strings.Contains(w.Body.String(), line) {
				t.Errorf("%s: no line %s", c.state, line)
			}
		}
	}
}

// The admin listener is no page's business, whatever page reaches the port, and its paths are exact.
func TestD91PagesDoNotReachTheAdminListener(t *testing.T) {
	t.Parallel()
	admin := newAdmin(newMetrics(), probed{})
	ask := func(method, path string, header ...string) int {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, r)
		return w.Code
	}
	for _, path := range []string{"/livez", "/metrics"} {
		if got := ask("GET", path); got != 200 {
			t.Errorf("%s: %d", path, got)
		}
		for _, origin := range []string{"https://evil.test", "null", "http://127.0.0.1:9090", "http://localhost:9090"} {
			if got := ask("GET", path, "Origin", origin); got != 403 {
				t.Errorf("%s from %s: %d", path, origin, got)
			}
		}
		if got := ask("GET", path, "Sec-Fetch-Site", "cross-site"); got != 403 {
			t.Errorf("%s across sites: %d", path, got)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			if got := ask(method, path); got == 200 {
				t.Errorf("%s %s is answered", method, path)
			}
		}
	}
	for _, path := range []string{"/metrics/", "/metricsx", "/livez/x", "//metrics", "/", "/debug/pprof/"} {
		if got := ask("GET", path); got == 200 {
			t.Errorf("%s is answered", path)
		}
	}
}
