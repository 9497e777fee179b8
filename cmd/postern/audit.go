package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/sessionstore"
)

// newRecorder is the audit log of a configuration.
func newRecorder(cfg config.Config, store *sessionstore.Store, logger *slog.Logger, observe func(authflow.EventName, authflow.EventOutcome)) (*audit.Recorder, error) {
	signer, err := auditKeys(cfg)
	if err != nil {
		return nil, err
	}
	return audit.New(store, logger, audit.Options{Observe: observe, Off: !cfg.Audit.Enabled, Signer: signer})
}

// auditKeys sign rows and seals: with a secret of their own, or with one derived from the API's.
func auditKeys(cfg config.Config) (audit.Signer, error) {
	if cfg.Audit.SigningKey != "" {
		return authflow.NewKeys(cfg.Audit.SigningKey), nil
	}
	return authflow.NewKeys(cfg.Auth.Core.Secret, cfg.Auth.Core.PreviousSecrets...).For("audit")
}

// auditWorks seal and stream in the background.
func (a *app) auditWorks(r *audit.Recorder) ([]func(context.Context) error, error) {
	if !a.cfg.Audit.Enabled {
		return nil, nil
	}
	works := []func(context.Context) error{func(ctx context.Context) error { return r.Run(ctx, a.cfg.Audit.SealInterval) }}
	sinks, err := a.cfg.Audit.Stream.Sinks(a.lasting.outside.For("audit"))
	if err != nil {
		return nil, err
	}
	streamed := newStreamMetrics(a.metrics.registry)
	for _, sink := range sinks {
		works = append(works, audit.NewStreamer(r, sink, streamed.of(sink.Name())).Run)
	}
	return works, nil
}

// streamMetrics are of events that are sent elsewhere.
type streamMetrics struct {
	batches *prometheus.CounterVec
	waiting *prometheus.GaugeVec
}

func newStreamMetrics(registry prometheus.Registerer) *streamMetrics {
	m := &streamMetrics{
		batches: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_audit_stream_total", Help: "Batches of audit events that were to be sent elsewhere."}, []string{"sink", "outcome"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "postern_audit_stream_waiting", Help: "Batches of audit events that wait to be sent elsewhere, as of the last attempt of this replica."}, []string{"sink"}),
	}
	registry.MustRegister(m.batches, m.waiting)
	return m
}

func (m *streamMetrics) of(sink string) func(outcome string, behind int) {
	for _, outcome := range []string{"delivered", "failed"} {
		m.batches.WithLabelValues(sink, outcome) // so that a rate of zero is a zero, not a gap
	}
	return func(outcome string, behind int) {
		m.batches.WithLabelValues(sink, outcome).Inc()
		m.waiting.WithLabelValues(sink).Set(float64(behind))
	}
}

// openAudit is the record as commands read it.
func openAudit(ctx context.Context, cfg config.Config) (*audit.Recorder, func(), error) {
	store, err := openForReading(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	r, err := newRecorder(cfg, store, nil, nil)
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return r, store.Close, nil
}

// parseMoment reads a time as people give it to a command: RFC 3339, a day, or how long ago.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}
