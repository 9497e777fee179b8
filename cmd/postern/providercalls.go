package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternhq/postern/authflow/social/egress"
)

// providerCalls tells of the calls to identity providers. Their names come from the configuration, so the labels are few.
type providerCalls struct {
	logger *slog.Logger
	total  *prometheus.CounterVec
	took   *prometheus.HistogramVec
	closed *prometheus.GaugeVec
}

func newProviderCalls(logger *slog.Logger, registry prometheus.Registerer) *providerCalls {
	p := &providerCalls{
		logger: logger,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_provider_calls_total", Help: "Calls to identity providers and other services, by how they ended.",
		}, []string{"provider", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_provider_call_seconds", Help: "Time of one call to an identity provider, its answer read.", Buckets: latencyBuckets,
		}, []string{"provider"}),
		closed: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "postern_provider_unavailable", Help: "1 while an identity provider is not asked, after failing repeatedly.",
		}, []string{"provider"}),
	}
	registry.MustRegister(p.total, p.took, p.closed)
	return p
}

// newEgress is the way out to identity providers, and that to other services. Where the latter are is the operator's word alone, so they may be in the operator's own network.
func newEgress(cfg egress.Config, logger *slog.Logger, registry prometheus.Registerer) (providers, services *egress.Client) {
	calls := newProviderCalls(logger, registry)
	providers = egress.New(cfg)
	cfg.AllowPrivateAddresses = true
	services = egress.New(cfg)
	for _, client := range []*egress.Client{providers, services} {
		client.Observe, client.ObserveBreaker = calls.call, calls.breaker
	}
	return providers, services
}

// call counts, and logs what an operator can do something about. What was not asked is only counted: the breaker has said why.
func (p *providerCalls) call(c egress.Call) {
	p.total.WithLabelValues(c.Provider, string(c.Outcome)).Inc()
	level := slog.LevelDebug
	switch c.Outcome {
	case egress.OutcomeUnavailable:
		return
	case egress.OutcomeOK, egress.OutcomeRefused, egress.OutcomeCanceled:
	default:
		level = slog.LevelWarn
	}
	p.took.WithLabelValues(c.Provider).Observe(c.Took.Seconds())
	p.logger.LogAttrs(context.Background(), level, "call to identity provider",
		slog.String("provider", c.Provider), slog.String("method", c.Method), slog.String("host", c.Host), slog.Int("status", c.Status),
		slog.String("outcome", string(c.Outcome)), milliseconds("duration_ms", c.Took), slog.Any("err", c.Err))
}

func (p *providerCalls) breaker(provider string, open bool) {
	if open {
		p.closed.WithLabelValues(provider).Set(1)
		p.logger.LogAttrs(context.Background(), slog.LevelError, "identity provider fails and is not asked for a while", slog.String("provider", provider))
		return
	}
	p.closed.WithLabelValues(provider).Set(0)
	p.logger.LogAttrs(context.Background(), slog.LevelInfo, "identity provider answers again", slog.String("provider", provider))
}
