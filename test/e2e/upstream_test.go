package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// mirror stands in for the example where only identity matters: it starts in no time, answers /api/me as the example does, and
// lets /api/slow wait for the test.
type mirror struct {
	URL     string
	arrived chan struct{} // one for each slow request
	release chan struct{}
}

func startMirror(t *testing.T) *mirror {
	t.Helper()
	m := &mirror{arrived: make(chan struct{}, 16), release: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/me", m.me)
	mux.HandleFunc("/public/", m.me)
	mux.HandleFunc("/api/slow", func(w http.ResponseWriter, r *http.Request) {
		m.arrived <- struct{}{}
		select {
		case <-m.release:
		case <-r.Context().Done():
		}
		m.me(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

func (m *mirror) me(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{ // a client that left needs no answer
		"id": r.Header.Get("X-Postern-User-Id"), "email": r.Header.Get("X-Postern-User-Email"), "name": r.Header.Get("X-Postern-User-Name"),
	})
}
