package main

import (
	"sync"
	"time"

	"github.com/posternhq/postern/authflow/pages"
)

// healthWindow is at least what the figures of the page are about: what is counted since the start tells of yesterday.
const healthWindow = time.Minute

// healthGauge reads from the metrics what administrators are shown.
type healthGauge struct {
	app     *app
	started time.Time

	mu        sync.Mutex
	old, last healthCounts // at least a window old, and younger
}

// healthCounts only rise.
type healthCounts struct {
	at                     time.Time
	lookups, hits, changes float64
	lag                    float64 // seconds, of all changes
}

func newHealthGauge(a *app) *healthGauge {
	now := time.Now()
	return &healthGauge{app: a, started: now, old: healthCounts{at: now}, last: healthCounts{at: now}}
}

func (g *healthGauge) read() pages.Health {
	health, now := g.gather()
	g.mu.Lock()
	if now.at.Sub(g.last.at) > healthWindow {
		g.old, g.last = g.last, now
	}
	before := g.old
	g.mu.Unlock()
	health.Version, health.Started, health.Database = buildVersion(), g.started, string(g.app.store.Condition().State)
	health.Window = now.at.Sub(before.at)
	health.Lookups, health.Hits = uint64(now.lookups-before.lookups), uint64(now.hits-before.hits)
	if health.Invalidations = uint64(now.changes - before.changes); health.Invalidations > 0 {
		health.InvalidationLag = time.Duration((now.lag - before.lag) / (now.changes - before.changes) * float64(time.Second))
	}
	return health
}

// gather reads what the metrics say at the moment.
func (g *healthGauge) gather() (health pages.Health, now healthCounts) {
	now.at = time.Now()
	families, err := g.app.metrics.registry.Gather()
	if err != nil { // some could not be read; the others are there
		g.app.logger.Warn("metrics for the page of health are incomplete", "err", err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			label := ""
			if len(m.GetLabel()) > 0 {
				label = m.GetLabel()[0].GetValue()
			}
			switch family.GetName() {
			case "postern_session_cache_total":
				now.lookups += m.GetCounter().GetValue()
				if label != "miss" {
					now.hits += m.GetCounter().GetValue()
				}
			case "postern_invalidation_lag_seconds":
				now.changes, now.lag = float64(m.GetHistogram().GetSampleCount()), m.GetHistogram().GetSampleSum()
			case "postern_password_queue_depth":
				health.Hashing = int(m.GetGauge().GetValue())
			case "postern_password_rejected_total":
				health.HashingRejected = uint64(m.GetCounter().GetValue())
			case "postern_streams_open":
				health.Streams = int(m.GetGauge().GetValue())
			case "postern_mail_total":
				if label == "dead" {
					health.MailFailed += uint64(m.GetCounter().GetValue())
				}
			}
		}
	}
	return health, now
}
