package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Targets of cold look-ups.
const (
	coalescedTarget = 3.0                   // times the look-ups per second of one query each, at 64 callers
	crowdedTarget   = 50 * time.Millisecond // 95th percentile at 1,000 callers
	sizeTarget      = 1.3                   // times the CPU time of the small database's, for the large one
)

// lookups measures what a session costs that is not in the cache: the database's part alone, by the package that Postern asks,
// in this process. Each look-up is for another token.
func (b *bench) lookups(ctx context.Context) (table, error) {
	if b.postgres == "" || b.sessions == 0 {
		return nil, nil
	}
	small, err := b.smallCrowd(ctx)
	if err != nil {
		return nil, err
	}
	large, err := b.gather(ctx, b.sessions)
	if err != nil {
		return nil, err
	}
	single := &seeker{crowd: small, callers: 64, count: 20_000, single: true}
	all := []*seeker{
		single,
		{crowd: small, callers: 1, count: 3_000},
		{crowd: small, callers: 64, count: 20_000},
		{crowd: small, callers: 1000, count: 40_000},
		{crowd: large, callers: 1, count: 3_000},
		{crowd: large, callers: 64, count: 20_000},
		{crowd: large, callers: 1000, count: 40_000},
	}
	cpu, err := newDatabaseCPU(ctx, b.postgres)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
		defer s.store.Close()
	}
	b.tell("looking sessions up")
	for n := range b.rounds + 1 {
		for i := range all {
			s := all[(n+i)%len(all)]
			r, err := s.measure(ctx, cpu)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				s.rounds = append(s.rounds, r)
			}
		}
	}
	var t table
	for i, s := range all {
		r := s.row()
		switch {
		case s == single:
			r.ratio = "1.00"
		case s.callers == 64 && s.crowd == small:
			faster := s.faster(single)
			r.ratio = fmt.Sprintf("%.2f", faster)
			r.judge(faster >= coalescedTarget, fmt.Sprintf(">= %.1f x", coalescedTarget))
		case s.crowd == large:
			dearer := s.dearer(all[i-3])
			r.ratio = fmt.Sprintf("%.2f", dearer)
			r.judge(dearer <= sizeTarget, fmt.Sprintf("<= %.2f", sizeTarget))
		}
		t = append(t, r)
		if s.callers == 1000 {
			late := medianOf(s.rounds, func(r round) time.Duration { return r.answers.percentile(.95) })
			r := row{name: "  their 95th percentile", value: milliseconds(late)}
			r.judge(late <= crowdedTarget, "<= "+milliseconds(crowdedTarget))
			t = append(t, r)
		}
	}
	return t, nil
}

// seeker looks sessions up.
type seeker struct {
	crowd   *crowd
	callers int
	count   int
	single  bool // one query for each, without the cache's coalescing
	store   *sessionstore.Store
	next    atomic.Int64
	rounds  []round
}

func (s *seeker) open(ctx context.Context) (err error) {
	s.store, err = sessionstore.Open(ctx, sessionstore.Config{URL: s.crowd.url}, sessionstore.Options{})
	if err != nil {
		return fmt.Errorf("open crowd: %w", err)
	}
	return nil
}

// seek does a round's look-ups, with a cache that is empty.
func (s *seeker) seek(ctx context.Context) (answers, error) {
	find := s.store.FindSession
	if !s.single {
		cache := sessionstore.NewCache(s.store, sessionstore.CacheConfig{Size: s.count, TTL: time.Minute}, sessionstore.CacheOptions{})
		find = func(ctx context.Context, token sessionstore.Token) (*sessionstore.Identity, error) {
			return cache.Find(ctx, sessionstore.Lookup{Token: token, Vouched: true})
		}
	}
	var left atomic.Int64
	left.Store(int64(min(s.count, s.crowd.size))) // no token twice in a round
	each, failed := make([][]time.Duration, s.callers), make([]error, s.callers)
	var running sync.WaitGroup
	began := time.Now()
	for i := range s.callers {
		running.Go(func() {
			for left.Add(-1) >= 0 && failed[i] == nil {
				token := sessionstore.Token(s.crowd.token(int(s.next.Add(1))))
				asked := time.Now()
				_, failed[i] = find(ctx, token)
				each[i] = append(each[i], time.Since(asked))
			}
		})
	}
	running.Wait()
	a := answers{took: time.Since(began), latencies: slices.Concat(each...)}
	a.count = len(a.latencies)
	slices.Sort(a.latencies)
	return a, errors.Join(failed...)
}

func (s *seeker) measure(ctx context.Context, cpu databaseCPU) (round, error) {
	before, err := cpu.used()
	if err != nil {
		return round{}, err
	}
	a, err := s.seek(ctx)
	if err != nil {
		return round{}, err
	}
	after, err := cpu.used()
	return round{perRequest: (after - before) / time.Duration(a.count), answers: a}, err
}

// faster is how many times the other's look-ups per second these are: the median of the rounds.
func (s *seeker) faster(other *seeker) float64 {
	return s.compared(other, func(r round) float64 { return r.answers.perSecond() })
}

// dearer is how many times the other's CPU time a look-up takes.
func (s *seeker) dearer(other *seeker) float64 {
	return s.compared(other, func(r round) float64 { return float64(r.perRequest) })
}

func (s *seeker) compared(other *seeker, value func(round) float64) float64 {
	ratios := make([]float64, len(s.rounds))
	for i := range s.rounds {
		ratios[i] = value(s.rounds[i]) / value(other.rounds[i])
	}
	return median(ratios)
}

func (s *seeker) row() row {
	how := "coalesced"
	if s.single {
		how = "one query each"
	}
	return row{
		name:  fmt.Sprintf("cold look-up, %s, %d callers, %s sessions", how, s.callers, thousands(s.crowd.size)),
		value: microseconds(medianOf(s.rounds, func(r round) time.Duration { return r.perRequest })) + " CPU",
		rate:  fmt.Sprintf("%.0f", medianOf(s.rounds, func(r round) float64 { return r.answers.perSecond() })),
		p50:   milliseconds(medianOf(s.rounds, func(r round) time.Duration { return r.answers.percentile(.50) })),
		p99:   milliseconds(medianOf(s.rounds, func(r round) time.Duration { return r.answers.percentile(.99) })),
	}
}

// thousands writes 1000000 as 1,000,000.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
