package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternhq/postern/config"
)

func TestTheAPIIsLimitedByDefault(t *testing.T) {
	t.Parallel()
	loaded, err := config.Sources{Mode: config.Serve, Flags: map[string]string{
		"server.public_url":      "http://postern.test",
		"server.trusted_proxies": "10.0.0.1",
		"upstream.url":           "http://127.0.0.1:1",
		"database.path":          filepath.Join(t.TempDir(), "postern.db"),
		"auth.secret":            newRandomSecret(),
	}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := newLogs(loaded.Config.Log, &out)
	a, err := newApp(t.Context(), loaded.Config, log, extras{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	statuses := func(peer, forwarded string, n int) (statuses []int) {
		for range n {
			r := httptest.NewRequest(http.MethodPost, "http://postern.test/api/auth/sign-in/email", strings.NewReader(`{"email":"x","password":"x"}`))
			r.RemoteAddr = peer + ":4711"
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Forwarded-For", forwarded)
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			statuses = append(statuses, w.Code)
		}
		return statuses
	}
	if got := statuses("10.0.0.1", "192.0.2.1", 4); got[2] != 400 || got[3] != 429 {
		t.Errorf("a client of a trusted proxy: %v", got)
	}
	if got := statuses("10.0.0.1", "192.0.2.2", 1); got[0] != 400 {
		t.Errorf("another client of it: %v", got)
	}
	log.lines.flush()
	const suspicion = "name it in server.trusted_proxies"
	if strings.Contains(out.String(), suspicion) {
		t.Error("a trusted proxy is suspected")
	}
	if got := append(statuses("10.0.0.2", "192.0.2.3", 3), statuses("10.0.0.2", "192.0.2.4", 3)...); got[2] != 400 || got[3] != 429 {
		t.Errorf("clients of a peer that is not trusted: %v", got)
	}
	log.lines.flush()
	if n := strings.Count(out.String(), suspicion); n != 1 {
		t.Errorf("warned %d times: %s", n, out.String())
	}
	metrics := httptest.NewRecorder()
	a.admin.ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`postern_rejected_requests_total{reason="rate_limited"} 4`, "postern_rate_limit_alone 0"} {
		if !strings.Contains(metrics.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}
