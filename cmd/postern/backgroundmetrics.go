package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternhq/postern/sessionstore"
)

// backgroundMetrics are of what goes on behind requests, and of the database's state.
type backgroundMetrics struct {
	registry *prometheus.Registry
	renewals *prometheus.CounterVec
	clock    prometheus.Gauge
	database *prometheus.GaugeVec
}

func newBackgroundMetrics(registry *prometheus.Registry) *backgroundMetrics {
	m := &backgroundMetrics{
		registry: registry,
		renewals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_session_renewals_total", Help: "Renewals of sessions, by what became of them.",
		}, []string{"outcome"}),
		clock: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "postern_clock_offset_seconds", Help: "How far the database's clock is ahead of this machine's.",
		}),
	}
	m.database = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "postern_database_state", Help: "1 for the state that the database is in, 0 for the others.",
	}, []string{"state"})
	registry.MustRegister(m.renewals, m.clock, m.database)
	m.databaseCondition(sessionstore.Condition{State: sessionstore.Available})
	for _, outcome := range []string{"written", "superseded", "expired", "refused", "failed"} {
		m.renewals.WithLabelValues(outcome) // so that a rate of zero is a zero, not a gap
	}
	return m
}

func (m *backgroundMetrics) databaseCondition(c sessionstore.Condition) {
	for _, state := range sessionstore.DatabaseStates() {
		value := 0.0
		if state == c.State {
			value = 1
		}
		m.database.WithLabelValues(string(state)).Set(value)
	}
}

func (m *backgroundMetrics) clockOffset(ahead time.Duration) { m.clock.Set(ahead.Seconds()) }

func (m *backgroundMetrics) renewed(outcome string, n int) {
	m.renewals.WithLabelValues(outcome).Add(float64(n))
}

func (m *backgroundMetrics) waitingRenewals(count func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "postern_session_renewals_waiting", Help: "Renewals of sessions that the database has not heard of yet.",
	}, func() float64 { return float64(count()) }))
}
