package main

import (
	"cmp"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/outbox"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/proxy"
)

// metrics are the program's. Their names are part of the public contract.
type metrics struct {
	registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	overhead  prometheus.Histogram
	rejected  *prometheus.CounterVec
	inFlight  prometheus.Gauge
	streams   prometheus.Gauge
	cutOff    *prometheus.CounterVec
	conns     prometheus.Gauge
	upstream  *prometheus.GaugeVec

	cache  *prometheus.CounterVec
	lookup prometheus.Histogram
	lag    prometheus.Histogram
	polls  *prometheus.CounterVec

	*backgroundMetrics
	*reloadMetrics
	*newPasswordMetrics

	events   *prometheus.CounterVec
	mail     *prometheus.CounterVec
	hashing  prometheus.Histogram
	queue    prometheus.Gauge
	hashFull prometheus.Counter
	alone    prometheus.Gauge

	certificates *prometheus.CounterVec
	expiry       *prometheus.GaugeVec

	// Finding a child by its labels costs a hash of them and a lock each; those of one kind of request are found once.
	mu       sync.RWMutex
	children map[requestKey]requestChildren
}

type requestKey struct {
	route, method, auth string
	status              int
}

type requestChildren struct {
	count    prometheus.Counter
	duration prometheus.Observer
}

// latencyBuckets reach from what a cache hit costs to what a slow upstream takes, in seconds.
var latencyBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics() *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("postern_http_requests_total", "Requests on the public listener.", "route", "method", "code", "auth"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_http_request_duration_seconds", Help: "Time from the request's headers to the end of its answer.", Buckets: latencyBuckets,
		}, []string{"route"}),
		overhead:     histogram("postern_overhead_seconds", "Time inside Postern, the application's excluded.", latencyBuckets),
		rejected:     counters("postern_rejected_requests_total", "Proxied requests that were not forwarded.", "reason"),
		inFlight:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "postern_http_requests_in_flight", Help: "Requests on the public listener that are not over yet, open WebSockets and event streams among them."}),
		streams:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "postern_streams_open", Help: "WebSockets and event streams that are open."}),
		cutOff:       counters("postern_streams_ended_total", "Requests, streams and WebSockets among them, that were ended before either side had finished.", "reason"),
		conns:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "postern_connections_open", Help: "Connections to the public listener; see server.max_connections."}),
		upstream:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "postern_upstream_up", Help: "0 while one of several addresses of an application is left out because it failed."}, []string{"upstream"}),
		cache:        counters("postern_session_cache_total", "Session look-ups, by how the cache served them.", "result"),
		lookup:       histogram("postern_session_lookup_seconds", "Time of one session look-up in the database.", latencyBuckets),
		lag:          histogram("postern_invalidation_lag_seconds", "Time from a change in the database, whoever made it, to this replica's cache having forgotten what it concerns.", latencyBuckets),
		polls:        counters("postern_invalidation_polls_total", "Questions to the database for what has changed.", "outcome"),
		events:       counters("postern_auth_events_total", "Authentication events, as in the audit log.", "event", "outcome"),
		mail:         counters("postern_mail_total", "Attempts to hand a letter to the mail service.", "outcome"),
		hashing:      histogram("postern_password_hash_seconds", "Time of one password hash, waiting excluded.", latencyBuckets),
		queue:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "postern_password_queue_depth", Help: "Requests that wait for password hashing."}),
		hashFull:     prometheus.NewCounter(prometheus.CounterOpts{Name: "postern_password_rejected_total", Help: "Requests that got 503 because password hashing had no room."}),
		alone:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "postern_rate_limit_alone", Help: "1 while rate limits are not shared with other replicas, since the database is away."}),
		certificates: counters("postern_certificate_reloads_total", "Certificates that changed and were read again; a failure leaves the one before in use.", "outcome"),
		expiry:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "postern_certificate_expiry_timestamp_seconds", Help: "When the certificate in use expires, in Unix time."}, []string{"file"}),
		children:     map[requestKey]requestChildren{},
	}
	m.backgroundMetrics, m.reloadMetrics = newBackgroundMetrics(m.registry), newReloadMetrics(m.registry)
	m.newPasswordMetrics = newNewPasswordMetrics(m.registry)
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "postern_build_info", Help: "Always 1; the labels tell what is running.",
		ConstLabels: prometheus.Labels{"version": buildVersion(), "go": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.durations, m.overhead, m.rejected, m.inFlight, m.streams, m.cutOff, m.conns, m.upstream, m.certificates, m.expiry, m.cache, m.lookup, m.lag, m.polls, m.events, m.mail,
		m.hashing, m.queue, m.hashFull, m.alone, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range []string{"hit", "miss", "negative", "stale"} {
		m.cache.WithLabelValues(result) // so that a rate of zero is a zero, not a gap
	}
	for _, why := range []proxy.Ending{proxy.SessionEnded, proxy.NoLongerAllowed, proxy.SessionUnknown, proxy.Draining} {
		m.cutOff.WithLabelValues(why.String())
	}
	for _, outcome := range []string{"success", "failure"} {
		m.polls.WithLabelValues(outcome)
		m.certificates.WithLabelValues(outcome)
	}
	return m
}

func (m *metrics) request(r *http.Request, status int, took time.Duration, info *requestInfo) {
	c := m.childrenFor(requestKey{route: info.route, method: knownMethod(cmp.Or(info.method, r.Method)), auth: info.auth, status: status})
	c.count.Inc()
	c.duration.Observe(took.Seconds())
	if info.upstream > 0 || info.frontEnd != "" {
		m.overhead.Observe((took - info.upstream).Seconds())
	}
	if info.reason != "" {
		m.rejected.WithLabelValues(info.reason).Inc()
	}
}

func (m *metrics) invalidated(lag time.Duration) { m.lag.Observe(lag.Seconds()) }

func (m *metrics) invalidationPoll(err error) { m.polls.WithLabelValues(outcomeOf(err)).Inc() }

// outcomeOf is the label of something that works or does not.
func outcomeOf(err error) string {
	if err != nil {
		return "failure"
	}
	return "success"
}

func (m *metrics) childrenFor(key requestKey) requestChildren {
	m.mu.RLock()
	c, ok := m.children[key]
	m.mu.RUnlock()
	if ok {
		return c
	}
	c = requestChildren{
		count:    m.requests.WithLabelValues(key.route, key.method, strconv.Itoa(key.status), key.auth),
		duration: m.durations.WithLabelValues(key.route),
	}
	m.mu.Lock()
	m.children[key] = c
	m.mu.Unlock()
	return c
}

// knownMethod keeps a client from inventing label values.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func (m *metrics) cacheResult(result string)      { m.cache.WithLabelValues(result).Inc() }
func (m *metrics) cacheLookup(took time.Duration) { m.lookup.Observe(took.Seconds()) }
func (m *metrics) mailOutcome(o outbox.Outcome)   { m.mail.WithLabelValues(o).Inc() }
func (m *metrics) streamsOpen(delta int)          { m.streams.Add(float64(delta)) }
func (m *metrics) streamEnded(why proxy.Ending)   { m.cutOff.WithLabelValues(why.String()).Inc() }
func (m *metrics) event(name authflow.EventName, outcome authflow.EventOutcome) {
	m.events.WithLabelValues(string(name), string(outcome)).Inc()
}

func (m *metrics) pool() password.PoolObserver {
	return password.PoolObserver{
		Hashed:   func(took time.Duration) { m.hashing.Observe(took.Seconds()) },
		Depth:    func(waiting int) { m.queue.Set(float64(waiting)) },
		Rejected: m.hashFull.Inc,
	}
}

// forgetUpstreams is for when nobody knows any more how the addresses are.
func (m *metrics) forgetUpstreams() { m.upstream.Reset() }

func (m *metrics) upstreamHealth(address string, well bool) {
	up := m.upstream.WithLabelValues(address)
	up.Set(0)
	if well {
		up.Set(1)
	}
}

// countsAlone tells that rate limits are, or are no longer, counted by this replica alone.
func (m *metrics) countsAlone(alone bool) {
	m.alone.Set(0)
	if alone {
		m.alone.Set(1)
	}
}
