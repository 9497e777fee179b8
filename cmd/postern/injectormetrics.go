package main

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/posternhq/postern/deploy/k8s/injector"
)

// injectorMetrics are those of `postern injector`, which has none of the server's. Their names are part of the public contract.
type injectorMetrics struct {
	registry  *prometheus.Registry
	reviews   *prometheus.CounterVec
	seconds   prometheus.Histogram
	malformed prometheus.Counter
}

func newInjectorMetrics() *injectorMetrics {
	m := &injectorMetrics{
		registry: prometheus.NewRegistry(),
		reviews: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_injector_reviews_total", Help: "Pods that the API server asked about, by what became of them.",
		}, []string{"outcome"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "postern_injector_review_seconds", Help: "Time to answer for one pod.", Buckets: latencyBuckets,
		}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "postern_injector_malformed_reviews_total", Help: "Requests to the webhook that were no admission review.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "postern_build_info", Help: "Always 1; the labels tell what is running.",
		ConstLabels: prometheus.Labels{"version": buildVersion(), "go": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.reviews, m.seconds, m.malformed, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, outcome := range []injector.Outcome{injector.Injected, injector.Skipped, injector.Present, injector.Refused, injector.LetPass} {
		m.reviews.WithLabelValues(string(outcome)) // so that a rate of zero is a zero, not a gap
	}
	return m
}

func (m *injectorMetrics) reviewed(outcome injector.Outcome, took time.Duration) {
	m.reviews.WithLabelValues(string(outcome)).Inc()
	m.seconds.Observe(took.Seconds())
}

// expires shows when a certificate does.
func (m *injectorMetrics) expires(notAfter func() time.Time) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "postern_injector_certificate_expiry_timestamp_seconds", Help: "When the webhook's certificate expires, in Unix time; 0 while there is none.",
	}, func() float64 {
		if at := notAfter(); !at.IsZero() {
			return float64(at.Unix())
		}
		return 0
	}))
}

// admin is the handler of the admin listener.
func (m *injectorMetrics) admin(ready func() bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answerState(w, http.StatusOK, "live", "") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready() {
			answerState(w, http.StatusServiceUnavailable, "not ready", "draining, or no certificate that the API server believes yet")
			return
		}
		answerState(w, http.StatusOK, "ready", "")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
