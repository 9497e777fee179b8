package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout bounds how long /readyz waits for the database.
const readyTimeout = 2 * time.Second

// adminListener is the handler of the admin listener. Its paths are exact, and no browser has any business here: a page that can reach
// the port must not get it to answer.
type adminListener struct {
	mux      *http.ServeMux
	ping     func(context.Context) error
	draining atomic.Bool
	// configProblem is why the configuration that is there is not the one in use; nil when it is. Requests are served well by the
	// one before, so that this is no reason not to be ready.
	configProblem atomic.Pointer[string]
}

func newAdmin(m *metrics, ping func(context.Context) error) *adminListener {
	a := &adminListener{mux: http.NewServeMux(), ping: ping}
	a.mux.HandleFunc("GET /livez", a.live)
	a.mux.HandleFunc("GET /readyz", a.ready)
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return a
}

func (a *adminListener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		http.Error(w, "no browsers here", http.StatusForbidden)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// live tells that the process is not stuck. It must not ask the database: restarting us does not mend it.
func (a *adminListener) live(w http.ResponseWriter, _ *http.Request) {
	answerState(w, http.StatusOK, "live", "")
}

// ready tells whether to send us requests.
func (a *adminListener) ready(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		answerState(w, http.StatusServiceUnavailable, "draining", "")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := a.ping(ctx); err != nil {
		answerState(w, http.StatusServiceUnavailable, "not ready", "database: "+err.Error())
		return
	}
	s := state{Status: "ready"}
	if problem := a.configProblem.Load(); problem != nil {
		s.Configuration = "not reloaded: " + *problem
	}
	s.answer(w, http.StatusOK)
}

type state struct {
	Status        string `json:"status"`
	Reason        string `json:"reason,omitempty"`
	Configuration string `json:"configuration,omitempty"`
}

func answerState(w http.ResponseWriter, code int, status, reason string) {
	state{Status: status, Reason: reason}.answer(w, code)
}

func (s state) answer(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(s) // a prober that left needs no answer
}
