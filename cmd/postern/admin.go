package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/posternhq/postern/sessionstore"
)

// readyTimeout bounds how long /readyz waits for the database.
const readyTimeout = 2 * time.Second

// adminListener is the handler of the admin listener. Its paths are exact, and no browser has any business here: a page that can reach
// the port must not get it to answer.
type adminListener struct {
	mux      *http.ServeMux
	database prober
	draining atomic.Bool
	// configProblem is why the configuration that is there is not the one in use; nil when it is. Requests are served well by the
	// one before, so that this is no reason not to be ready.
	configProblem atomic.Pointer[string]
}

// prober is the database, as readiness asks for it.
type prober interface {
	Ping(ctx context.Context) error
	Condition() sessionstore.Condition
}

func newAdmin(m *metrics, database prober) *adminListener {
	a := &adminListener{mux: http.NewServeMux(), database: database}
	a.mux.HandleFunc("GET /livez", a.live)
	a.mux.HandleFunc("GET /readyz", a.ready)
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return a
}

// passOn adds what probes of the application ask for.
func (a *adminListener) passOn(p *probes) {
	if p != nil {
		a.mux.HandleFunc("GET "+probeHTTP+"/", p.http)
		a.mux.HandleFunc("GET "+probeTCP, p.tcp)
	}
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

// ready tells whether to send us requests. A database that is degraded is no reason not to: the other replicas have the same.
func (a *adminListener) ready(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		answerState(w, http.StatusServiceUnavailable, "draining", "")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	err := a.database.Ping(ctx)
	condition := a.database.Condition()
	if err != nil {
		state{Status: "not ready", Reason: "database: " + err.Error(), Database: string(condition.State)}.answer(w, http.StatusServiceUnavailable)
		return
	}
	s := state{Status: "ready", Database: string(condition.State)}
	if condition.State != sessionstore.Available && condition.Cause != nil {
		s.Reason = "database: " + condition.Cause.Error()
	}
	if problem := a.configProblem.Load(); problem != nil {
		s.Configuration = "not reloaded: " + *problem
	}
	s.answer(w, http.StatusOK)
}

type state struct {
	Status        string `json:"status"`
	Reason        string `json:"reason,omitempty"`
	Database      string `json:"database,omitempty"` // ok, degraded or away
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
