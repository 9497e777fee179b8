package main

import "github.com/prometheus/client_golang/prometheus"

// reloadMetrics are of the configuration. Those of its last state are named as Prometheus names its own.
type reloadMetrics struct {
	reloads    *prometheus.CounterVec
	successful prometheus.Gauge
	at         prometheus.Gauge
	restart    prometheus.Gauge
}

func newReloadMetrics(registry *prometheus.Registry) *reloadMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &reloadMetrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_config_reloads_total", Help: "Reloads of the configuration; a failure leaves the one before in use.",
		}, []string{"outcome"}),
		successful: gauge("postern_config_last_reload_successful", "0 while the configuration in use is not the one that is there, since that cannot be used."),
		at:         gauge("postern_config_last_reload_success_timestamp_seconds", "When the configuration in use was read, in Unix time."),
		restart:    gauge("postern_config_needs_restart", "How many settings have a new value that only a restart puts in use."),
	}
	registry.MustRegister(m.reloads, m.successful, m.at, m.restart)
	for _, outcome := range []string{"success", "failure"} {
		m.reloads.WithLabelValues(outcome) // so that a rate of zero is a zero, not a gap
	}
	return m
}

// started tells that the configuration was read at start.
func (m *reloadMetrics) started() {
	m.successful.Set(1)
	m.at.SetToCurrentTime()
}

func (m *reloadMetrics) reloaded(err error, needRestart int) {
	m.reloads.WithLabelValues(outcomeOf(err)).Inc()
	if err != nil {
		m.successful.Set(0)
		return
	}
	m.started()
	m.restart.Set(float64(needRestart))
}
