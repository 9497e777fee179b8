package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// backgroundMetrics are of what goes on behind requests, and of the database's state.
type backgroundMetrics struct {
	registry *prometheus.Registry
	renewals *prometheus.CounterVec
	clock    prometheus.Gauge
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
	registry.MustRegister(m.renewals, m.clock)
	for _, outcome := range []string{"written", "superseded", "expired", "refused", "failed"} {
		m.renewals.WithLabelValues(outcome) // so that a rate of zero is a zero, not a gap
	}
	return m
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
