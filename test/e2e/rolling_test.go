package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// balancer sends requests to replicas that say they are ready, in turns, as a load balancer does: by looking now and then.
type balancer struct {
	replicas []*harness.Postern
	ready    []atomic.Bool
	turn     atomic.Uint32
}

// watch looks until ctx ends. Whoever is not ready is not there.
func (b *balancer) watch(ctx context.Context) {
	for ctx.Err() == nil {
		for i, r := range b.replicas {
			status, err := r.Ready(ctx)
			b.ready[i].Store(err == nil && status == http.StatusOK)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (b *balancer) pick() (url string, ok bool) {
	start := int(b.turn.Add(1))
	for i := range b.replicas {
		if at := (start + i) % len(b.replicas); b.ready[at].Load() {
			return b.replicas[at].URL, true
		}
	}
	return "", false
}

// TestRollingRestartFailsNoRequest restarts two replicas, one after the other, under load that is never sent twice: POST, and each on a
// connection that is kept.
func TestRollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	db, mail, app := harness.PostgreSQL(t), harness.StartResend(t), startMirror(t)
	b := &balancer{ready: make([]atomic.Bool, 2)}
	for range b.ready {
		b.replicas = append(b.replicas, harness.StartPostern(t, harness.Settings(db.Settings(), mail.Settings(), map[string]string{
			"upstream.url": app.URL, "server.drain_delay": "4s", "log.level": "warn",
		})))
	}
	s := &stack{Postern: b.replicas[0], db: db, mail: mail, secrets: map[string]string{}}
	p := s.user(t)
	token := p.token(t)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { b.watch(ctx) })
	harness.Eventually(t, "both replicas to be ready", func() bool { return b.ready[0].Load() && b.ready[1].Load() })
	var answered, failed atomic.Int64
	for i := range 8 {
		clients := map[string]*harness.Client{}
		for _, r := range b.replicas {
			clients[r.URL] = harness.NewClient(r.URL)
		}
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				url, ok := b.pick()
				if !ok {
					t.Error("no replica is ready")
					return
				}
				method, path := http.MethodPost, "/api/me"
				if n%10 == 9 {
					path = "/api/auth/verify-token"
				}
				// Not by ctx: a request that has begun is to be answered.
				r, err := clients[url].Try(context.Background(), method, path, map[string]any{"n": n}, harness.Bearer(token))
				if err != nil || r.Status != http.StatusOK {
					failed.Add(1)
					t.Errorf("client %d, request %d to %s%s: %s", i, n, url, path, fmt.Sprint(r, err))
					return
				}
				answered.Add(1)
			}
		})
	}
	for _, r := range b.replicas {
		before := answered.Load()
		if err := r.Terminate(); err != nil {
			t.Fatal(err)
		}
		if err := r.AwaitExit(); err != nil {
			t.Error(err)
		}
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "the balancer to see it, and a hundred requests", func() bool {
			return b.ready[0].Load() && b.ready[1].Load() && answered.Load() > before+100
		})
	}
	stop()
	running.Wait()
	t.Logf("%d requests, %d failed", answered.Load(), failed.Load())
}
