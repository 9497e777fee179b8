package sessionstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	postgrestest "github.com/posternhq/postern/test/postgres"
)

// replica is a cache that is kept in step with a database of its own, with somebody else at the database.
type replica struct {
	*Cache
	coherence *Coherence
	config    Config
	other     *pgx.Conn
	session   Session
	logged    lockedBuffer

	queries atomic.Int64

	mu      sync.Mutex
	results []string
	lags    int
}

// newReplica does not run: tests poll when they mean to.
func newReplica(t *testing.T, schema string, cfg CoherenceConfig) *replica {
	t.Helper()
	r := &replica{config: Config{URL: postgrestest.URL(t), AutoMigrate: true, Schema: Schema{Preset: schema}}}
	logger := slog.New(slog.NewTextHandler(&r.logged, nil))
	store, err := Open(t.Context(), r.config, Options{Logger: logger, Migrations: []MigrationSet{CoherenceMigrations()}})
	check(t, err)
	t.Cleanup(store.Close)
	cfg.Enabled = true
	r.Cache = NewCache(store, CacheConfig{Size: 100, TTL: time.Hour, NegativeTTL: time.Hour, Coherence: cfg}, CacheOptions{
		Observe: func(result string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.results = append(r.results, result)
		},
		ObserveLookup: func(time.Duration) { r.queries.Add(1) },
	})
	r.coherence, err = NewCoherence(r.Cache, r.config, CoherenceOptions{Logger: logger, Observe: func(time.Duration) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lags++
	}})
	check(t, err)
	r.other = connectTo(t, r.config.URL)
	user := User{ID: "ada", Name: "Ada", Email: "ada@example.com"}
	check(t, store.CreateUser(t.Context(), &user))
	r.session = Session{ID: "s", UserID: user.ID, Token: "token", ExpiresAt: time.Now().Add(24 * time.Hour)}
	check(t, store.CreateSession(t.Context(), &r.session))
	return r
}

func connectTo(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	check(t, err)
	t.Cleanup(func() { check(t, conn.Close(context.Background())) })
	return conn
}

var (
	slow = CoherenceConfig{PollInterval: time.Minute, MaxLag: time.Hour}
)

// by carries out what somebody else does.
func (r *replica) by(t *testing.T, script string) {
	t.Helper()
	_, err := r.other.PgConn().Exec(t.Context(), script).ReadAll()
	check(t, err)
}

// find tells how the session was found.
func (r *replica) find(t *testing.T) (found *Identity, how string) {
	t.Helper()
	found, err := r.FindSession(t.Context(), r.session.Token)
	if err != nil && !strings.Contains(err.Error(), ErrNotFound.Error()) {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return found, r.results[len(r.results)-1]
}

func (r *replica) poll(t *testing.T) {
	t.Helper()
	check(t, r.coherence.step(t.Context()))
}

// remembered polls for the first time and has the cache remember the session.
func (r *replica) remembered(t *testing.T) {
	t.Helper()
	r.poll(t)
	r.find(t)
	if _, how := r.find(t); how != "hit" {
		t.Fatalf("the session was found by a %s", how)
	}
}

func (r *replica) count(t *testing.T, query string) (n int) {
	t.Helper()
	check(t, r.other.QueryRow(t.Context(), query).Scan(&n))
	return n
}

// lockedBuffer is written to by loggers.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestWhatOthersChangeIsForgottenAtTheNextPoll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ betterAuth, prisma string }{
		"a session is deleted":        {`DELETE FROM session`, `DELETE FROM user_sessions`},
		"a session is to end sooner":  {`UPDATE session SET "expiresAt" = "expiresAt" - interval '1 minute'`, `UPDATE user_sessions SET expires_at = expires_at - interval '1 minute'`},
		"a session says other things": {`UPDATE session SET "userAgent" = 'x'`, `UPDATE user_sessions SET user_agent = 'x'`},
		"sessions are truncated":      {`TRUNCATE session`, `TRUNCATE user_sessions`},
		"the user is renamed":         {`UPDATE "user" SET name = 'Grace'`, `UPDATE users SET name = 'Grace'`},
		"the user is deleted":         {`DELETE FROM "user"`, `DELETE FROM users`},
		"the user's id changes":       {`DELETE FROM session; UPDATE "user" SET id = 'eve'`, `DELETE FROM user_sessions; UPDATE users SET id = 'eve'`},
		"users are truncated":         {`TRUNCATE "user" CASCADE`, `TRUNCATE users CASCADE`},
	} {
		for preset, script := range map[string]string{PresetBetterAuth: c.betterAuth, PresetPrismaSnake: c.prisma} {
			t.Run(preset+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := newReplica(t, preset, slow)
				r.remembered(t)
				r.by(t, script)
				if _, how := r.find(t); how != "hit" {
					t.Errorf("before the poll the session was found by a %s", how)
				}
				r.poll(t)
				if _, how := r.find(t); how != "miss" {
					t.Errorf("after the poll the session was found by a %s", how)
				}
				if r.lags == 0 {
					t.Error("the lag was not observed")
				}
				// What was heard once is not heard again.
				r.find(t)
				r.poll(t)
				if _, how := r.find(t); how == "miss" {
					t.Error("the next poll forgets once more")
				}
			})
		}
	}
}

// Renewals, new sessions and the removal of old ones are frequent, and concern no cache.
func TestWhatConcernsNoCacheIsNotWrittenDown(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.remembered(t)
	r.by(t, `UPDATE session SET "expiresAt" = "expiresAt" + interval '1 day', "updatedAt" = now();
		INSERT INTO "user" (id, name, email, "emailVerified") VALUES ('new', 'New', 'new@example.com', false);
		INSERT INTO session (id, token, "userId", "expiresAt", "updatedAt") VALUES ('old', 'old', 'ada', now() - interval '1 day', now()), ('n', 'n', 'new', now(), now());
		DELETE FROM session WHERE id = 'old';
		UPDATE "user" SET name = name;
		DELETE FROM session WHERE id = 'nobody''s'`)
	if n := r.count(t, `SELECT count(*) FROM postern.invalidation`); n != 0 {
		t.Errorf("%d rows", n)
	}
	r.poll(t)
	if _, how := r.find(t); how != "hit" {
		t.Errorf("the session was found by a %s", how)
	}
}

// Rows become visible in another order than they are numbered in: who reads by number misses the one that was held up.
func TestATransactionThatCommitsLateIsHeardOf(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.by(t, `INSERT INTO "user" (id, name, email, "emailVerified") VALUES ('eve', 'Eve', 'eve@example.com', true)`)
	r.remembered(t)
	r.by(t, `BEGIN; UPDATE "user" SET name = 'Grace' WHERE id = 'ada'`)
	quick := connectTo(t, r.config.URL)
	for range 3 {
		_, err := quick.Exec(t.Context(), `UPDATE "user" SET name = name || '!' WHERE id = 'eve'`)
		check(t, err)
		r.poll(t)
		if _, how := r.find(t); how != "hit" {
			t.Fatalf("what is not committed was heard of: %s", how)
		}
	}
	r.by(t, `COMMIT`)
	r.poll(t)
	if found, how := r.find(t); how != "miss" || found.User.Name != "Grace" {
		t.Errorf("found %+v by a %s", found, how)
	}
}

// A better-auth server has a role of its own, which knows nothing of the schema postern.
func TestOtherRolesInvalidateWithoutRights(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.remembered(t)
	role := "node_" + strings.ToLower(NewID())
	r.by(t, fmt.Sprintf(`CREATE ROLE %[1]s; GRANT SELECT, UPDATE ON "user" TO %[1]s; SET ROLE %[1]s; SET search_path = pg_temp, public`, role))
	defer r.by(t, fmt.Sprintf(`RESET ROLE; REVOKE ALL ON "user" FROM %[1]s; DROP ROLE %[1]s`, role))
	r.by(t, `UPDATE public."user" SET name = 'Grace'`)
	if _, err := r.other.Exec(t.Context(), `SELECT postern.invalidate(ARRAY['ada'])`); err == nil {
		t.Error("anybody may invalidate")
	}
	r.poll(t)
	if _, how := r.find(t); how != "miss" {
		t.Errorf("the session was found by a %s", how)
	}
}

func TestManyChangesAtOnceAreOneRow(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.by(t, `INSERT INTO "user" (id, name, email, "emailVerified") SELECT n::text, 'N', n || '@example.com', true FROM generate_series(1, 1500) n`)
	r.remembered(t)
	r.by(t, `UPDATE "user" SET name = 'Everybody'`)
	if n := r.count(t, `SELECT count(*) FROM postern.invalidation WHERE user_id IS NULL`); n != 1 || n != r.count(t, `SELECT count(*) FROM postern.invalidation`) {
		t.Errorf("%d rows for everybody", n)
	}
	r.poll(t)
	if _, how := r.find(t); how != "miss" {
		t.Errorf("the session was found by a %s", how)
	}
}

func TestLostTriggersAreNoticedAndMadeAgain(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.remembered(t)
	r.by(t, `DROP TRIGGER postern_users_updated ON "user"; ALTER TABLE session DISABLE TRIGGER postern_sessions_deleted`)
	r.coherence.checked = time.Time{}
	err := r.coherence.step(t.Context())
	if err == nil || !strings.Contains(err.Error(), "postern_sessions_deleted, postern_users_updated") || !strings.Contains(err.Error(), "postern migrate up") {
		t.Fatalf("error is %v", err)
	}
	sets := []MigrationSet{CoherenceMigrations()}
	report, err := Status(t.Context(), r.config, sets)
	check(t, err)
	if !strings.Contains(report.String(), "missing  triggers invalidation on session, user") {
		t.Errorf("status:\n%s", report)
	}
	for range 2 {
		_, err = Migrate(t.Context(), r.config, sets, nil)
		check(t, err)
	}
	check(t, r.coherence.step(t.Context()))
	r.by(t, `UPDATE "user" SET name = 'Grace'`)
	r.poll(t)
	if _, how := r.find(t); how != "miss" {
		t.Errorf("the session was found by a %s", how)
	}
}

// While it cannot be known what others have changed, memory is not enough for who wants to change something.
func TestOutOfStepUnsafeRequestsAskTheDatabase(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, CoherenceConfig{PollInterval: time.Minute, MaxLag: time.Hour})
	now := time.Now()
	r.now = func() time.Time { return now }
	current := func() string {
		t.Helper()
		_, err := r.Find(t.Context(), Lookup{Token: r.session.Token, Current: true})
		check(t, err)
		return r.results[len(r.results)-1]
	}
	r.find(t)
	if how := current(); how != "miss" {
		t.Errorf("before the first poll an unsafe request was served by a %s", how)
	}
	r.remembered(t)
	now = now.Add(time.Hour - time.Second)
	r.config.Schema = Schema{}
	if how := current(); how != "hit" {
		t.Errorf("in step an unsafe request was served by a %s", how)
	}
	now = now.Add(2 * time.Second)
	r.Cache.config.TTL = 2 * time.Hour
	if how := current(); how != "miss" {
		t.Errorf("out of step an unsafe request was served by a %s", how)
	}
	if _, how := r.find(t); how != "hit" {
		t.Errorf("out of step a safe request was served by a %s", how)
	}
	r.poll(t)
	if how := current(); how != "hit" {
		t.Errorf("in step again an unsafe request was served by a %s", how)
	}
}

func TestWhoWasCutOffForLongForgetsEverything(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.remembered(t)
	r.coherence.last = time.Now().Add(-keepInvalidations)
	r.poll(t)
	if _, how := r.find(t); how != "miss" {
		t.Errorf("after a long time the session was found by a %s", how)
	}
	r.find(t)
	r.coherence.horizon = "99999999999" // as if a backup had been restored
	r.poll(t)
	if _, how := r.find(t); how != "miss" {
		t.Errorf("in another database the session was found by a %s", how)
	}
}

func TestRowsAreTidiedUpOnceTheyWereSeen(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.by(t, `UPDATE "user" SET name = 'Grace'; UPDATE postern.invalidation SET at = now() - interval '1 day'`)
	check(t, r.TidyInvalidations(t.Context()))
	check(t, r.TidyInvalidations(t.Context()))
	if n := r.count(t, `SELECT count(*) FROM postern.invalidation`); n != 1 {
		t.Errorf("a row that became visible just now is gone: %d", n)
	}
	r.by(t, `UPDATE postern.invalidation SET seen_at = now() - interval '11 minutes'`)
	check(t, r.TidyInvalidations(t.Context()))
	if n := r.count(t, `SELECT count(*) FROM postern.invalidation`); n != 0 {
		t.Errorf("%d rows are kept", n)
	}
	r.by(t, `DROP SCHEMA postern CASCADE`)
	check(t, r.TidyInvalidations(t.Context()))
}

// eventually waits as long as the test may take.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: never", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (r *replica) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.coherence.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		check(t, <-done)
	})
	eventually(t, "the first poll", r.isInStep)
}

func (r *replica) isInStep() bool {
	r.Cache.mu.Lock()
	defer r.Cache.mu.Unlock()
	return !r.outOfStep()
}

func (r *replica) isForgotten() bool {
	r.Cache.mu.Lock()
	defer r.Cache.mu.Unlock()
	return r.known.Len() == 0
}

// The interval is longer than any test: what arrives was notified.
func TestANotificationIsEnough(t *testing.T) {
	t.Parallel()
	cfg := slow
	cfg.Listen = true
	r := newReplica(t, PresetBetterAuth, cfg)
	r.run(t)
	listening := `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postern listen' AND datname = current_database() AND state = 'idle'`
	for range 3 {
		eventually(t, "somebody listens", func() bool { return r.count(t, listening) == 1 })
		for i := range 20 {
			r.find(t)
			r.by(t, fmt.Sprintf(`UPDATE "user" SET name = 'Grace %d'`, i))
			eventually(t, "the change is heard of", r.isForgotten)
		}
		r.by(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern listen' AND datname = current_database()`)
		eventually(t, "nobody listens", func() bool { return strings.Contains(r.logged.String(), "do not arrive") })
	}
	if !strings.Contains(r.logged.String(), "arrive again") {
		t.Errorf("log:\n%s", r.logged.String())
	}
}

func TestPollingIsEnough(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, CoherenceConfig{PollInterval: 10 * time.Millisecond, MaxLag: time.Hour})
	r.run(t)
	for i := range 20 {
		r.find(t)
		r.by(t, fmt.Sprintf(`UPDATE "user" SET name = 'Grace %d'`, i))
		eventually(t, "the change is heard of", r.isForgotten)
	}
}

func TestTheEmbeddedDatabaseNeedsNoCoherence(t *testing.T) {
	t.Parallel()
	b := newBench(t, CacheConfig{Size: 10, TTL: time.Minute, Coherence: CoherenceConfig{Enabled: true, PollInterval: time.Second, MaxLag: time.Minute}})
	h, err := NewCoherence(b.Cache, Config{}, CoherenceOptions{})
	if h != nil || err != nil {
		t.Errorf("%v, %v", h, err)
	}
	if _, err := b.find(t.Context(), b.session.Token); err != nil {
		t.Error(err)
	}
	if _, err := b.Find(t.Context(), Lookup{Token: b.session.Token, Current: true}); err != nil {
		t.Error(err)
	}
}

// Of many who ask at once each gets their own session, however few queries it took.
func TestManyLookUpsAtOnceFindTheirOwn(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetPrismaSnake, slow)
	r.by(t, `INSERT INTO users (id, name, email, email_verified) SELECT 'u' || n, 'N' || n, n || '@example.com', true FROM generate_series(1, 500) n;
		INSERT INTO user_sessions (id, token, user_id, expires_at, updated_at) SELECT 's' || n, 't' || n, 'u' || n, now() + interval '1 hour', now() FROM generate_series(1, 500) n`)
	r.Cache.known.Resize(1) // so that hardly anything is found in memory
	r.unknown.Resize(1)
	var all sync.WaitGroup
	for i := range 2000 {
		all.Go(func() {
			n := i%600 + 1
			found, err := r.FindSession(t.Context(), Token(fmt.Sprint("t", n)))
			switch {
			case n > 500:
				if !errors.Is(err, ErrNotFound) {
					t.Errorf("t%d: %v, %v", n, found, err)
				}
			case err != nil:
				t.Errorf("t%d: %v", n, err)
			case found.User.ID != UserID(fmt.Sprint("u", n)) || found.Session.ID != SessionID(fmt.Sprint("s", n)) || found.User.Name != fmt.Sprint("N", n):
				t.Errorf("t%d is the session of %+v", n, found.User)
			}
		})
	}
	all.Wait()
	if n := r.queries.Load(); n >= 2000 {
		t.Errorf("%d queries", n)
	}
	// A token that PostgreSQL would refuse does not spoil the query of others.
	for _, odd := range []Token{"\xff", "nul\x00"} {
		if found, err := r.findSessions(t.Context(), []Token{odd, "t7"}); err != nil || len(found) != 1 || found["t7"] == nil {
			t.Errorf("%q: found %v, %v", odd, found, err)
		}
	}
}
