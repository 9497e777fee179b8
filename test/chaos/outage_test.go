package chaos

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
	"github.com/posternhq/postern/test/postgres"
)

// outage is how long PostgreSQL is away. It is longer than session_cache.ttl, so that sessions are served stale, too.
const outage = 32 * time.Second

// phases of the test, as those who load Postern see them.
const (
	before int32 = iota
	going        // from when PostgreSQL is told to stop
	down         // from when it is gone
	coming       // from when it is started again
	after        // from when everything works again
)

// TestPostgreSQLIsAwayForHalfAMinute is: cached sessions go on, everything else that needs the database gets 503 with Retry-After,
// never 401 and never a pass, public routes do not notice, and it all comes back by itself.
func TestPostgreSQLIsAwayForHalfAMinute(t *testing.T) {
	t.Parallel()
	cluster, err := postgres.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	mail := harness.StartResend(t)
	db := harness.OpenPostgreSQL(t, cluster.URL("postgres"))
	p := harness.StartPostern(t, settings(db, mail, startMirror(t)))
	pid := p.PID()
	crowd := newCrowd(t, p.URL, mail)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var phase atomic.Int32
	var working sync.WaitGroup
	for _, c := range crowd {
		working.Go(func() { c.work(ctx, &phase) })
	}
	time.Sleep(time.Second)
	phase.Store(going)
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	phase.Store(down)
	t.Log("PostgreSQL is gone")
	began := time.Now()
	if status, err := p.Ready(t.Context()); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answered %d, %v", status, err)
	}
	health := harness.NewClient(p.URL).Get(t, "/api/auth/health").Want(t, http.StatusServiceUnavailable)
	if health.Header.Get("Retry-After") == "" {
		t.Error("/health: no Retry-After")
	}
	time.Sleep(outage - time.Since(began))
	if status, err := p.Ready(t.Context()); status != http.StatusServiceUnavailable {
		t.Errorf("at the end of the outage /readyz answered %d, %v", status, err)
	}
	phase.Store(coming)
	if err := cluster.Restart(); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	if err := p.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("ready %s after PostgreSQL was back", time.Since(back).Round(time.Millisecond))
	phase.Store(after)
	time.Sleep(3 * time.Second)
	stop()
	working.Wait()

	for _, c := range crowd {
		c.judge(t)
	}
	if p.PID() != pid {
		t.Error("another process answers")
	}
	checkStale(t, p)
}

// checkStale makes sure that the outage lasted longer than the cache's ttl.
func checkStale(t *testing.T, p *harness.Postern) {
	t.Helper()
	metrics := p.Metrics(t)
	for _, result := range []string{"hit", "stale"} {
		if strings.Contains(metrics, `postern_session_cache_total{result="`+result+`"} 0`+"\n") {
			t.Errorf("no look-up was answered as a %s", result)
		}
	}
}

// caller repeats one kind of request and notes what became of each.
type caller struct {
	name  string
	ask   func(ctx context.Context) (*harness.Response, error)
	right func(r *harness.Response) bool // how it is answered with PostgreSQL
	calm  func(r *harness.Response) bool // and without
	pause time.Duration
	from  int32 // the phase in which it begins

	counts [after + 1]map[int]int // by phase and status
	wrong  []string
}

// work asks until ctx ends. A request counts for a phase in which it was both sent and answered.
func (c *caller) work(ctx context.Context, phase *atomic.Int32) {
	for i := range c.counts {
		c.counts[i] = map[int]int{}
	}
	for ctx.Err() == nil {
		if sent := phase.Load(); sent >= c.from {
			r, err := c.ask(ctx)
			if ctx.Err() != nil {
				return
			}
			c.note(sent, phase.Load(), r, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(c.pause):
		}
	}
}

func (c *caller) note(sent, answered int32, r *harness.Response, err error) {
	if err != nil {
		c.wrong = append(c.wrong, fmt.Sprintf("phases %d to %d: %v", sent, answered, err))
		return
	}
	// Who is sent or answered while PostgreSQL goes or comes may meet either.
	allowed := c.right(r) || c.calm(r)
	switch {
	case sent == answered && (sent == before || sent == after):
		allowed = c.right(r)
	case sent == answered && sent == down:
		allowed = c.calm(r)
	}
	c.counts[answered][r.Status]++
	if !allowed {
		c.wrong = append(c.wrong, fmt.Sprintf("phases %d to %d: %d %v %s", sent, answered, r.Status, r.Header, r.Body))
	}
}

func (c *caller) judge(t *testing.T) {
	t.Helper()
	t.Logf("%-38s answers by status before, going, down, coming, after: %v", c.name, c.counts)
	if len(c.counts[down]) == 0 || len(c.counts[after]) == 0 {
		t.Errorf("%s: was not asked in every phase", c.name)
	}
	if len(c.wrong) > 0 {
		t.Errorf("%s: %d wrong answers, such as %q", c.name, len(c.wrong), c.wrong[:min(3, len(c.wrong))])
	}
}

// newCrowd is everybody who will use Postern.
func newCrowd(t *testing.T, base string, mail *harness.Resend) []*caller {
	t.Helper()
	known, anyone := user(t, base, mail), harness.NewClient(base)
	forged := harness.Header("Cookie", harness.SessionCookie+"=abcdefghijklmnopqrstuvwxyzABCDEF.bm90IGEgc2lnbmF0dXJl")
	ok, refused := status(http.StatusOK), status(http.StatusUnauthorized)
	// Look-ups of sessions that are not cached are rare, so that it is those of cached ones that find PostgreSQL gone.
	const often, seldom, rare = 25 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond
	crowd := []*caller{
		{name: "public route", ask: get(anyone, "/public/page"), right: ok, calm: ok, pause: often},
		{name: "public route with a session", ask: get(known.Client, "/public/page"), right: ok, calm: ok, pause: often},
		{name: "no session", ask: get(anyone, "/private"), right: refused, calm: refused, pause: often},
		{name: "badly signed cookie", ask: get(anyone, "/private", forged), right: refused, calm: refused, pause: often},
		{name: "sign-in", ask: func(ctx context.Context) (*harness.Response, error) {
			p := known.elsewhere()
			return p.Try(ctx, http.MethodPost, "/api/auth/sign-in/email", p.credentials())
		}, right: ok, calm: busy, pause: seldom},
		{name: "sign-up", ask: func(ctx context.Context) (*harness.Response, error) {
			p := newcomer(base)
			return p.Try(ctx, http.MethodPost, "/api/auth/sign-up/email", p.registration())
		}, right: ok, calm: busy, pause: seldom},
		{name: "reset request", ask: func(ctx context.Context) (*harness.Response, error) {
			return harness.NewClient(base).Try(ctx, http.MethodPost, "/api/auth/request-password-reset", map[string]any{"email": known.email})
		}, right: ok, calm: busy, pause: seldom},
		{name: "list of sessions", ask: get(known.Client, "/api/auth/list-sessions"), right: ok, calm: busy, pause: rare},
	}
	for _, path := range []string{"/private", "/optional/page"} {
		cached, uncached := user(t, base, mail), known.elsewhere()
		if r := cached.Get(t, path); !cached.greeted(r) { // which puts the session into the cache
			t.Fatalf("%s answered %d %s", path, r.Status, r.Body)
		}
		uncached.Post(t, "/api/auth/sign-in/email", uncached.credentials()).Want(t, http.StatusOK)
		crowd = append(crowd,
			&caller{name: "cached session on " + path, ask: get(cached.Client, path), right: cached.greeted, calm: cached.greeted, pause: often},
			&caller{name: "session not cached on " + path, ask: get(uncached.Client, path), right: uncached.greeted, calm: busy, pause: rare, from: down})
	}
	return crowd
}

func status(want int) func(*harness.Response) bool {
	return func(r *harness.Response) bool { return r.Status == want }
}

func get(c *harness.Client, path string, edits ...harness.Edit) func(context.Context) (*harness.Response, error) {
	return func(ctx context.Context) (*harness.Response, error) {
		return c.Try(ctx, http.MethodGet, path, nil, edits...)
	}
}

// busy is the answer of Postern's that says: not now.
func busy(r *harness.Response) bool {
	return r.Status == http.StatusServiceUnavailable && r.Header.Get("Retry-After") != "" && r.Header.Get("Content-Type") == "application/json"
}
