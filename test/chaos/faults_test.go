package chaos

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// fault is something that goes wrong on the way between Postern and another.
type fault struct {
	name   string
	toxics []harness.Toxic
	closed bool
	breaks bool // answers may end before they are complete, which a client sees as a broken connection
}

func bothWays(kind string, attributes map[string]int) []harness.Toxic {
	return []harness.Toxic{{Type: kind, Stream: "upstream", Attributes: attributes}, {Type: kind, Stream: "downstream", Attributes: attributes}}
}

var faults = []fault{
	{name: "latency", toxics: bothWays("latency", map[string]int{"latency": 200, "jitter": 100})},
	{name: "resets", toxics: []harness.Toxic{{Type: "reset_peer", Stream: "downstream", Attributes: map[string]int{"timeout": 20}}}},
	{name: "half-open: what is sent is lost", toxics: []harness.Toxic{{Type: "timeout", Stream: "upstream", Attributes: map[string]int{"timeout": 0}}}},
	{name: "half-open: what is answered is lost", toxics: []harness.Toxic{{Type: "timeout", Stream: "downstream", Attributes: map[string]int{"timeout": 0}}}},
	{name: "blackhole", toxics: bothWays("timeout", map[string]int{"timeout": 0})},
	{name: "slow close", toxics: append(bothWays("slow_close", map[string]int{"delay": 1500}), harness.Toxic{Type: "limit_data", Stream: "downstream", Attributes: map[string]int{"bytes": 3000}}), breaks: true},
	{name: "cut in the middle", toxics: []harness.Toxic{{Type: "limit_data", Stream: "downstream", Attributes: map[string]int{"bytes": 700}}}, breaks: true},
	{name: "a trickle", toxics: []harness.Toxic{{Type: "slicer", Stream: "downstream", Attributes: map[string]int{"average_size": 64, "size_variation": 32, "delay": 5000}}}},
	{name: "refused", closed: true},
}

// long is for who has the time.
var long = os.Getenv("CHAOS_LONG") != ""

// faultLasts is longer than all time-outs of the tests' settings. Reading goes on for session_cache.ttl and stale_if_error.
func faultLasts() time.Duration {
	if long {
		return time.Minute
	}
	return 1800 * time.Millisecond
}

// TestFaultsBetweenPosternAndPostgreSQL: who is known and only reads does not notice, everybody else gets 200 or 503, and what was acknowledged is there.
func TestFaultsBetweenPosternAndPostgreSQL(t *testing.T) {
	t.Parallel()
	db := harness.PostgreSQL(t)
	p, way := behindAWay(t, db, nil)
	c := newClients(t, p, db)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			c.suffer(t, way, f, map[string][]int{
				"public": {200}, "reads": {200}, "writes": {200, 503}, "signs up": {200, 503},
			})
		})
	}
	c.judge(t)
}

// TestFaultsBetweenPosternAndTheApplication: the API does not notice, and the application's routes give 502 or 504.
func TestFaultsBetweenPosternAndTheApplication(t *testing.T) {
	t.Parallel()
	db := harness.PostgreSQL(t)
	proxy := harness.StartToxiproxy(t)
	way := proxy.Way(t, "application", strings.TrimPrefix(startMirror(t), "http://"))
	p := harness.StartPostern(t, harness.Settings(db.Settings(), faultSettings, map[string]string{"upstream.url": "http://" + way.Address, "routes": routes}))
	c := newClients(t, p, db)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			proxied := []int{200, 502, 504}
			if f.breaks {
				proxied = append(proxied, broken)
			}
			c.suffer(t, way, f, map[string][]int{"public": proxied, "reads": proxied, "writes": proxied, "signs up": {200}})
		})
	}
	c.judge(t)
}

var faultSettings = map[string]string{
	"mail.transport": "log", "auth.email_password.require_email_verification": "false",
	"database.query_timeout": "1s", "session_cache.ttl": "30s", "session_cache.coherence.max_lag": "1s",
	"upstream.response_header_timeout": "1s", "upstream.dial_timeout": "1s",
}

// behindAWay is a Postern that gets to its database through a proxy.
func behindAWay(t *testing.T, db *harness.Database, settings map[string]string) (*harness.Postern, *harness.Way) {
	t.Helper()
	host, url := hostOf(t, db.URL)
	way := harness.StartToxiproxy(t).Way(t, "database", host)
	p := harness.StartPostern(t, harness.Settings(db.Settings(), faultSettings, settings, map[string]string{
		"database.url": strings.Replace(url, host, way.Address, 1), "upstream.url": startMirror(t), "routes": routes,
	}))
	return p, way
}

func hostOf(t *testing.T, url string) (host, same string) {
	t.Helper()
	_, rest, ok := strings.Cut(url, "@")
	if !ok {
		t.Fatalf("no user in the URL of a test's database")
	}
	host, _, _ = strings.Cut(rest, "/")
	return host, url
}

// broken is what counts as status when there was no whole answer.
const broken = 0

// clients use Postern while something goes wrong, and note what they are told.
type clients struct {
	p     *harness.Postern
	db    *harness.Database
	known *person
	told  promises

	mu     sync.Mutex
	counts map[string]map[int]int // by what was done and status, of the present fault
}

func newClients(t *testing.T, p *harness.Postern, db *harness.Database) *clients {
	t.Helper()
	c := &clients{p: p, db: db, known: newcomer(p.URL), told: promises{heard: make(chan struct{}, 1)}}
	c.known.Post(t, "/api/auth/sign-up/email", c.known.registration()).Want(t, http.StatusOK)
	if r := c.known.Get(t, "/private"); !c.known.greeted(r) {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	return c
}

// does are the kinds of requests.
func (c *clients) does() map[string]func(context.Context) (int, error) {
	status := func(r *harness.Response, err error) (int, error) {
		if err != nil {
			return broken, err
		}
		return r.Status, nil
	}
	anyone := harness.NewClient(c.p.URL)
	return map[string]func(context.Context) (int, error){
		"public": func(ctx context.Context) (int, error) {
			return status(anyone.Try(ctx, http.MethodGet, "/public/page", nil))
		},
		"reads": func(ctx context.Context) (int, error) {
			r, err := c.known.Try(ctx, http.MethodGet, "/private", nil)
			if err == nil && r.Status == http.StatusOK && !c.known.greeted(r) {
				return -1, fmt.Errorf("the application was told %q", r.Body)
			}
			return status(r, err)
		},
		"writes": func(ctx context.Context) (int, error) {
			return status(c.known.Try(ctx, http.MethodPost, "/private", nil))
		},
		"signs up": func(ctx context.Context) (int, error) {
			p := newcomer(c.p.URL)
			r, err := p.Try(ctx, http.MethodPost, "/api/auth/sign-up/email", p.registration())
			if err == nil && r.Status == http.StatusOK {
				c.told.note(&c.told.signedUp, p)
				c.told.note(&c.told.signedIn, p)
			}
			return status(r, err)
		},
	}
}

// suffer has everybody use Postern during a fault, and then without it until all is as before.
func (c *clients) suffer(t *testing.T, way *harness.Way, f fault, allowed map[string][]int) {
	t.Helper()
	c.during(t, f.name, allowed, func() {
		if f.closed {
			way.Close(t)
		}
		for _, toxic := range f.toxics {
			way.Add(t, toxic)
		}
		time.Sleep(faultLasts())
		way.Mend(t)
	})
	c.recover(t)
}

// during counts what everybody is told while something happens. What is not allowed is a failure.
func (c *clients) during(t *testing.T, what string, allowed map[string][]int, happens func()) {
	t.Helper()
	c.counts = map[string]map[int]int{}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for name, do := range c.does() {
		c.counts[name] = map[int]int{}
		for range 2 {
			working.Go(func() {
				for ctx.Err() == nil {
					status, err := do(ctx)
					if ctx.Err() != nil {
						return
					}
					if !slices.Contains(allowed[name], status) {
						t.Errorf("%s: %s: %d, %v", what, name, status, err)
						return
					}
					c.mu.Lock()
					c.counts[name][status]++
					c.mu.Unlock()
					wait(ctx, 20*time.Millisecond)
				}
			})
		}
	}
	happens()
	stop()
	working.Wait()
	t.Logf("%-36s answers by status: %v", what, c.counts)
}

func (c *clients) recover(t *testing.T) {
	t.Helper()
	began := time.Now()
	for name, do := range c.does() {
		harness.Eventually(t, name+" again", func() bool {
			status, err := do(t.Context())
			return err == nil && status == http.StatusOK
		})
	}
	if err := c.p.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("all is well again after %s", time.Since(began).Round(time.Millisecond))
}

// judge looks for what was acknowledged.
func (c *clients) judge(t *testing.T) {
	t.Helper()
	t.Logf("%d sign-ups acknowledged", len(c.told.signedUp))
	if len(c.told.signedUp) == 0 {
		t.Error("nothing was acknowledged")
	}
	c.told.checkUsers(t, c.db)
	c.told.checkSessions(t)
}
