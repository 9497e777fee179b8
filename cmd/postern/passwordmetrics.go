package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternhq/postern/authflow/compromised"
)

// newPasswordMetrics are of passwords that people choose.
type newPasswordMetrics struct{ chosen *prometheus.CounterVec }

func newNewPasswordMetrics(registry prometheus.Registerer) *newPasswordMetrics {
	m := &newPasswordMetrics{chosen: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "postern_compromised_passwords_total",
		Help: "New passwords, by whether others know them: fine, common or pwned (both refused), unavailable (taken, since the service did not answer).",
	}, []string{"result"})}
	registry.MustRegister(m.chosen)
	for _, result := range compromised.Results() {
		m.chosen.WithLabelValues(string(result)) // so that a rate of zero is a zero, not a gap
	}
	return m
}

func (m *newPasswordMetrics) compromised(result compromised.Result) {
	m.chosen.WithLabelValues(string(result)).Inc()
}
