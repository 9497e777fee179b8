package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/config"
)

func TestCallsToProvidersAreCountedAndLogged(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	var out bytes.Buffer
	m := newMetrics()
	logger := newLogger(config.Log{Level: "info", Format: "json"}, &out)
	providers, _ := newEgress(egress.Config{AllowPrivateAddresses: true}, logger, m.registry)
	client := providers.For("acme")
	ask := func(path string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path+"?code=secret", nil)
		if resp, err := client.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}
	ask("/")
	if out.Len() > 0 {
		t.Errorf("a good call makes a line: %s", out.String())
	}
	for range 7 {
		ask("/broken")
	}
	want := `
# HELP postern_provider_calls_total Calls to identity providers and other services, by how they ended.
# TYPE postern_provider_calls_total counter
postern_provider_calls_total{outcome="ok",provider="acme"} 1
postern_provider_calls_total{outcome="server_error",provider="acme"} 5
postern_provider_calls_total{outcome="unavailable",provider="acme"} 2
# HELP postern_provider_unavailable 1 while an identity provider is not asked, after failing repeatedly.
# TYPE postern_provider_unavailable gauge
postern_provider_unavailable{provider="acme"} 1
`
	if err := testutil.GatherAndCompare(m.registry, strings.NewReader(want), "postern_provider_calls_total", "postern_provider_unavailable"); err != nil {
		t.Error(err)
	}
	lines := out.String()
	if strings.Count(lines, "call to identity provider") != 5 || strings.Count(lines, "is not asked for a while") != 1 || strings.Contains(lines, "secret") {
		t.Errorf("log: %s", lines)
	}
}
