package chaos

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternhq/postern/test/harness"
	"github.com/posternhq/postern/test/postgres"
)

const (
	// maxLag is session_cache.coherence.max_lag: the bound that is promised to requests that may change something, whatever happens.
	maxLag = time.Second
	// readLag is the bound for reading, while the database is there: one poll and what it may take on a busy machine.
	readLag = 5 * time.Second
)

// TestNoRequestOfARevokedSessionPasses revokes ten thousand sessions that another replica has in memory: at the first replica, by SQL, and at a
// better-auth server. Meanwhile other sessions are used as fast as the machine can, the listener's connection is cut every
// second, and PostgreSQL is restarted. After the bound not one request passes.
func TestNoRequestOfARevokedSessionPasses(t *testing.T) {
	r := startRevocations(t, "true")
	defer r.report(t)
	node := harness.StartBetterAuth(t, r.db)
	r.began = time.Now()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var going sync.WaitGroup
	going.Go(func() { r.load(ctx, t) })
	going.Go(func() { r.cutListeners(ctx, t) })
	r.revokeAll(t, map[string]share{"signed out at better-auth": {200, r.signOut(node)}}) // it does not outlive a restart of its database
	going.Go(func() { r.restart(ctx, t) })
	r.revokeAll(t, map[string]share{
		"signed out at the other replica": {4900 * times(), r.signOut(r.other.URL)},
		"deleted by SQL":                  {4900 * times(), r.deleteRow},
	})
	stop()
	going.Wait()
}

// TestPollingAloneIsEnough has nobody listen, as behind a transaction pooler without a direct URL.
func TestPollingAloneIsEnough(t *testing.T) {
	r := startRevocations(t, "false")
	defer r.report(t)
	r.revokeAll(t, map[string]share{"deleted by SQL": {300, r.deleteRow}, "signed out at the other replica": {300, r.signOut(r.other.URL)}})
}

// sessions is how many there are: those that are revoked, and some that are not.
func sessions() int { return 10_000*times() + 500 }

func times() int {
	if long {
		return 10
	}
	return 1
}

type share struct {
	count  int
	revoke func(ctx context.Context, token string) error
}

type revocations struct {
	cluster      *postgres.Cluster
	db           *harness.Database
	pool         *pgxpool.Pool
	other, asked *harness.Postern
	client       *http.Client
	next         atomic.Int64

	loaded   atomic.Int64 // requests of the others
	began    time.Time
	calm     atomic.Int64 // since when the database has been there, in Unix nanoseconds; 0 while it is not
	mu       sync.Mutex
	lags     []time.Duration
	calmLags []time.Duration // without those during a restart
	late     map[string]int
	done     map[string]int
	retries  int
}

func startRevocations(t *testing.T, listen string) *revocations {
	cluster, err := postgres.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &revocations{
		cluster: cluster, db: harness.OpenPostgreSQL(t, cluster.URL("postgres")), late: map[string]int{}, done: map[string]int{},
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		began: time.Now(),
	}
	upstream := startMirror(t)
	start := func() *harness.Postern {
		return harness.StartPostern(t, harness.Settings(r.db.Settings(), map[string]string{
			"mail.transport": "log", "upstream.url": upstream, "session_cache.ttl": "1h", "log.level": "warn",
			"session_cache.coherence.max_lag": maxLag.String(), "session_cache.coherence.listen": listen,
		}))
	}
	r.other, r.asked = start(), start()
	r.db.Exec(t, `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt") SELECT 'u' || n, 'N', n || '@example.test', true, now(), now() FROM generate_series(1, $1::int) n`, sessions())
	r.db.Exec(t, `INSERT INTO session (id, token, "userId", "expiresAt", "createdAt", "updatedAt") SELECT 's' || n, 'token' || n, 'u' || n, now() + interval '7 days', now(), now() FROM generate_series(1, $1::int) n`, sessions())
	if r.pool, err = pgxpool.New(t.Context(), cluster.URL("postgres")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.pool.Close)
	r.calm.Store(time.Now().UnixNano())
	return r
}

// cookie is that of a session, signed as better-auth and Postern do.
func cookie(token string) string {
	mac := hmac.New(sha256.New, []byte(harness.Secret))
	mac.Write([]byte(token))
	return harness.SessionCookie + "=" + url.QueryEscape(token+"."+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (r *revocations) send(ctx context.Context, method, base, path, token string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, base+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Cookie", cookie(token))
	req.Header.Set("Origin", base)
	answer, err := r.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

func (r *revocations) signOut(base string) func(context.Context, string) error {
	return func(ctx context.Context, token string) error {
		status, err := r.send(ctx, http.MethodPost, base, "/api/auth/sign-out", token)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("sign-out answered %d", status)
		}
		return err
	}
}

func (r *revocations) deleteRow(ctx context.Context, token string) error {
	_, err := r.pool.Exec(ctx, `DELETE FROM session WHERE token = $1`, token)
	return err
}

// load uses sessions that nobody revokes.
func (r *revocations) load(ctx context.Context, t *testing.T) {
	var working sync.WaitGroup
	for n := range 8 {
		working.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				status, err := r.send(ctx, http.MethodGet, r.asked.URL, "/private", fmt.Sprint("token", sessions()-(n+8*i)%300))
				switch {
				case ctx.Err() != nil:
				case err != nil, status != http.StatusOK && status != http.StatusServiceUnavailable:
					t.Errorf("a session that nobody revoked: %d, %v", status, err)
					return
				default:
					r.loaded.Add(1)
				}
				wait(ctx, 3*time.Millisecond) // the machine is for those who revoke, too
			}
		})
	}
	working.Wait()
}

func (r *revocations) cutListeners(ctx context.Context, t *testing.T) {
	cut := 0
	for ctx.Err() == nil {
		var n int
		// An error is the database's that is being restarted.
		if err := r.pool.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'postern listen'`).Scan(&n); err == nil {
			cut += n
		}
		wait(ctx, 2*time.Second)
	}
	t.Logf("connections of listeners cut: %d", cut)
	if cut == 0 {
		t.Error("nobody listened")
	}
}

// restart stops PostgreSQL, or kills it, and starts it again.
func (r *revocations) restart(ctx context.Context, t *testing.T) {
	restarts := 0
	for _, end := range []func() error{r.cluster.Stop, r.cluster.Kill} {
		wait(ctx, 5*time.Second)
		if ctx.Err() != nil {
			break
		}
		r.calm.Store(0)
		if err := errors.Join(end(), r.cluster.Restart()); err != nil {
			t.Error(err)
			return
		}
		if err := r.asked.AwaitReady(t.Context()); err != nil {
			t.Error(err)
		}
		r.calm.Store(time.Now().UnixNano())
		restarts++
	}
	t.Logf("PostgreSQL restarted %d times", restarts)
	if restarts == 0 {
		t.Error("it was over before PostgreSQL was restarted")
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (r *revocations) revokeAll(t *testing.T, by map[string]share) {
	t.Helper()
	var working sync.WaitGroup
	for how, s := range by {
		var left atomic.Int64
		left.Store(int64(s.count))
		for range 8 {
			working.Go(func() {
				for left.Add(-1) >= 0 && !t.Failed() {
					if err := r.revoke(t, &working, how, s.revoke); err != nil {
						t.Errorf("%s: %v", how, err)
					}
				}
			})
		}
	}
	working.Wait()
}

// revoke has the replica remember a session, ends it elsewhere, and asks until it is refused, and once more after the bound.
func (r *revocations) revoke(t *testing.T, checks *sync.WaitGroup, how string, end func(context.Context, string) error) error {
	ctx, token := t.Context(), fmt.Sprint("token", r.next.Add(1))
	if err := r.until(ctx, func() (bool, error) {
		status, err := r.send(ctx, http.MethodGet, r.asked.URL, "/private", token)
		return status == http.StatusOK, err
	}); err != nil {
		return err
	}
	// Who was not told that it worked may try again; the row may be gone then, which is all the same.
	if err := r.until(ctx, func() (bool, error) { return end(ctx, token) == nil, nil }); err != nil {
		return err
	}
	acknowledged := time.Now()
	method := []string{http.MethodGet, http.MethodPost}[len(token)%2]
	calm := r.calm.Load()
	last := acknowledged
	if err := r.until(ctx, func() (bool, error) {
		sent := time.Now()
		status, err := r.send(ctx, method, r.asked.URL, "/private", token)
		if status == http.StatusOK {
			last = sent
			r.judge(t, how, method, token, sent.Sub(acknowledged), acknowledged)
		}
		return status == http.StatusUnauthorized, err
	}); err != nil {
		return err
	}
	r.mu.Lock()
	r.lags = append(r.lags, last.Sub(acknowledged))
	if calm != 0 && calm == r.calm.Load() {
		r.calmLags = append(r.calmLags, last.Sub(acknowledged))
	}
	r.done[how]++
	r.mu.Unlock()
	checks.Go(func() {
		wait(ctx, time.Until(acknowledged.Add(maxLag+50*time.Millisecond)))
		sent := time.Now()
		if status, err := r.send(ctx, method, r.asked.URL, "/private", token); err == nil && status == http.StatusOK {
			t.Errorf("%s: %s passed %s after it was refused once", token, method, sent.Sub(acknowledged))
		}
	})
	return nil
}

// judge hears of a request that passed.
func (r *revocations) judge(t *testing.T, how, method, token string, after time.Duration, acknowledged time.Time) {
	bound := maxLag
	if method == http.MethodGet {
		bound = readLag
		calm := r.calm.Load()
		if calm == 0 || acknowledged.UnixNano() < calm {
			bound = time.Minute // the database was away in between, which is what stale_if_error is for
		}
	}
	if after > bound {
		t.Errorf("%s (%s): %s passed %s later", token, how, method, after)
		r.mu.Lock()
		r.late[how]++
		r.mu.Unlock()
	}
}

// until repeats what fails for want of a database.
func (r *revocations) until(ctx context.Context, do func() (bool, error)) error {
	for tries := 0; ; tries++ {
		done, err := do()
		if done || err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if tries == 5000 {
			return fmt.Errorf("tried %d times: %w", tries, err)
		}
		if tries > 0 {
			r.mu.Lock()
			r.retries++
			r.mu.Unlock()
		}
		wait(ctx, 5*time.Millisecond)
	}
}

func (r *revocations) report(t *testing.T) {
	took := time.Since(r.began)
	t.Logf("%d revocations in %s: %v; passed after the bound: %v", len(r.lags), took.Round(time.Second), r.done, r.late)
	for what, lags := range map[string][]time.Duration{"all": r.lags, "but for those that a restart met": r.calmLags} {
		slices.Sort(lags)
		at := func(q float64) time.Duration {
			if len(lags) == 0 {
				return 0
			}
			return lags[int(q*float64(len(lags)-1))].Round(10 * time.Microsecond)
		}
		t.Logf("from the acknowledgement to the last request that passed, %s: median %s, 99 %% %s, 99.9 %% %s, longest %s", what, at(.5), at(.99), at(.999), at(1))
	}
	t.Logf("%d requests of other sessions meanwhile, %.0f a second", r.loaded.Load(), float64(r.loaded.Load())/took.Seconds())
}
