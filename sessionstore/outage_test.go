package sessionstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
	"github.com/posternhq/postern/test/postgres"
)

// TestDatabaseGoesAwayAndComesBack stops, kills and restarts a real server under a store that stays open.
func TestDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	cluster, err := postgres.Start("")
	check(t, err)
	t.Cleanup(func() { check(t, cluster.Close()) })
	cfg := sessionstore.Config{URL: cluster.URL("postgres"), AutoMigrate: true}
	clock := storetest.NewClock()
	s := storetest.Open(t, cfg, sessionstore.Options{Now: clock.Now})
	cache := sessionstore.NewCache(s, sessionstore.CacheConfig{Size: 10, TTL: 30 * time.Second, StaleIfError: time.Minute}, sessionstore.CacheOptions{Now: clock.Now})
	check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: "u", Email: "a@example.com"}))

	for i, end := range []func() error{cluster.Stop, cluster.Kill} {
		token := sessionstore.Token(fmt.Sprint("token", i))
		check(t, s.CreateSession(t.Context(), &sessionstore.Session{ID: sessionstore.SessionID(token), UserID: "u", Token: token, ExpiresAt: clock.Now().Add(time.Hour)}))
		_, err := cache.FindSession(t.Context(), token)
		check(t, err)
		check(t, end())
		everythingIsUnavailable(t, s)
		if _, err := cache.FindSession(t.Context(), token); err != nil {
			t.Errorf("a cached session: %v", err)
		}
		clock.Advance(31 * time.Second)
		if _, err := cache.FindSession(t.Context(), token); err != nil {
			t.Errorf("a stale session: %v", err)
		}
		if _, err := cache.FindSession(t.Context(), "another"); !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("an unknown token: %v", err)
		}
		check(t, cluster.Restart())
		recovers(t, s)
		_, err = s.FindSession(t.Context(), token) // what was acknowledged is there
		check(t, err)
	}
}

func everythingIsUnavailable(t *testing.T, s *sessionstore.Store) {
	t.Helper()
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"ping":   func() error { return s.Ping(ctx) },
		"read":   func() error { _, err := s.FindUser(ctx, "u"); return err },
		"write":  func() error { return s.CreateUser(ctx, &sessionstore.User{ID: "v", Email: "b@example.com"}) },
		"delete": func() error { return s.DeleteUser(ctx, "u") },
		"in tx":  func() error { return s.InTx(ctx, func(tx *sessionstore.Store) error { return nil }) },
		"clean":  func() error { _, _, err := s.DeleteExpired(ctx, time.Now(), 10); return err },
	} {
		if err := call(); !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("%s: error is %v, want ErrUnavailable", name, err)
		}
	}
}

// recovers asks until the database answers again. Connections that died with the server may still be met for a second.
func recovers(t *testing.T, s *sessionstore.Store) {
	t.Helper()
	for range 200 {
		err := s.Ping(t.Context())
		if err == nil {
			return
		}
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("does not recover")
}

// TestSilentNetworkIsUnavailable puts a proxy between that can stop passing anything on, as a network that lost its way does.
func TestSilentNetworkIsUnavailable(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	cfg.QueryTimeout = 300 * time.Millisecond
	u, err := url.Parse(cfg.URL)
	check(t, err)
	wire := newWire(t, u.Host)
	u.Host = wire.address()
	cfg.URL = u.String()
	s := storetest.Open(t, cfg, sessionstore.Options{})
	check(t, s.Ping(t.Context()))
	wire.silence(true)
	everythingIsUnavailable(t, s)
	_, err = s.FindUser(t.Context(), "u")
	if errors.Is(err, context.Canceled) {
		t.Errorf("our own timeout looks like a caller who left: %v", err)
	}
	wire.silence(false)
	recovers(t, s)
	wire.cut()
	recovers(t, s)
}

// wire passes bytes between clients and one server.
type wire struct {
	listener net.Listener
	mu       sync.Mutex
	silent   bool
	conns    []net.Conn
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	w := &wire{listener: listener}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, client, upstream)
			w.mu.Unlock()
			work.Go(func() { w.pass(client, upstream) })
			work.Go(func() { w.pass(upstream, client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
		work.Wait()
	})
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) pass(to io.WriteCloser, from io.Reader) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		w.mu.Lock()
		silent := w.silent
		w.mu.Unlock()
		if silent {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (w *wire) silence(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = silent
}

// cut closes every connection there is.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

func TestReadOnlyDatabaseIsUnavailableForWriting(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	_, err := sessionstore.Migrate(t.Context(), cfg, nil, nil)
	check(t, err)
	runPostgres(t, cfg, `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$`)
	cfg.AutoMigrate = false
	s := storetest.Open(t, cfg, sessionstore.Options{})
	if err := s.CreateUser(t.Context(), &sessionstore.User{ID: "u", Email: "a@example.com"}); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("writing: %v", err)
	}
	if _, err := s.FindUser(t.Context(), "u"); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("reading: %v", err)
	}
}

func TestTransactionCutOffByTheServerIsUnavailable(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	s := storetest.Open(t, cfg, sessionstore.Options{})
	err := s.InTx(t.Context(), func(tx *sessionstore.Store) error {
		if err := tx.CreateUser(t.Context(), &sessionstore.User{ID: "u", Email: "a@example.com"}); err != nil {
			return err
		}
		runPostgres(t, cfg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()")
		return nil // the commit meets a dead connection
	})
	if !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
	recovers(t, s)
	if _, err := s.FindUser(t.Context(), "u"); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("half a transaction is there: %v", err)
	}
}

func TestBusyPoolIsUnavailable(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	cfg.MaxConns, cfg.QueryTimeout = 1, 300*time.Millisecond
	s := storetest.Open(t, cfg, sessionstore.Options{})
	check(t, s.InTx(t.Context(), func(tx *sessionstore.Store) error {
		if _, err := s.FindUser(t.Context(), "u"); !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("error is %v, want ErrUnavailable", err)
		}
		return nil
	}))
	check(t, s.Ping(t.Context()))
}

func TestOpenWaitsForADatabaseThatIsStarting(t *testing.T) {
	t.Parallel()
	cluster, err := postgres.Start("")
	check(t, err)
	t.Cleanup(func() { check(t, cluster.Close()) })
	check(t, cluster.Stop())
	opened := make(chan error, 1)
	go func() {
		s, err := sessionstore.Open(t.Context(), sessionstore.Config{URL: cluster.URL("postgres"), AutoMigrate: true, ConnectTimeout: time.Minute}, sessionstore.Options{})
		if err == nil {
			s.Close()
		}
		opened <- err
	}()
	check(t, cluster.Restart())
	check(t, <-opened)
	check(t, cluster.Stop())
	_, err = sessionstore.Open(t.Context(), sessionstore.Config{URL: cluster.URL("postgres"), ConnectTimeout: 300 * time.Millisecond}, sessionstore.Options{})
	if !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
}

func TestOpenDoesNotWaitForWhatTimeWillNotHeal(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	cfg.ConnectTimeout = time.Hour // the test would not end
	u, err := url.Parse(cfg.URL)
	check(t, err)
	for name, change := range map[string]func(u *url.URL){
		"database": func(u *url.URL) { u.Path = "/no_such_database" },
		"user":     func(u *url.URL) { u.User = url.User("no_such_user") },
	} {
		wrong := *u
		change(&wrong)
		cfg.URL = wrong.String()
		if _, err := sessionstore.Open(t.Context(), cfg, sessionstore.Options{}); err == nil || !strings.Contains(err.Error(), "no_such_"+name) {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
}

func TestCallerWhoLeavesIsNoOutage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, nil, func(t *testing.T, s *sessionstore.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.FindUser(ctx, "u")
		if !errors.Is(err, context.Canceled) || errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("error is %v, want context.Canceled alone", err)
		}
		late, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer stop()
		if _, err := s.FindUser(late, "u"); !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("error is %v, want ErrUnavailable", err)
		}
		check(t, s.Ping(t.Context()))
	})
}

// envKilledWriter names the file that TestAcknowledgedWritesSurviveSIGKILL has a second process write to.
const envKilledWriter = "POSTERN_TEST_KILLED_WRITER"

func TestAcknowledgedWritesSurviveSIGKILL(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(envKilledWriter); path != "" {
		writeUntilKilled(t, path)
	}
	cfg := storetest.SQLite(t)
	writer := exec.Command(os.Args[0], "-test.run=^TestAcknowledgedWritesSurviveSIGKILL$")
	writer.Env = append(os.Environ(), envKilledWriter+"="+cfg.Path)
	output, err := writer.StdoutPipe()
	check(t, err)
	check(t, writer.Start())
	lines := bufio.NewScanner(output)
	var acknowledged []string
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == 50 {
			check(t, writer.Process.Kill())
		}
	}
	if err := writer.Wait(); err == nil {
		t.Error("the writer ended by itself")
	}
	s := storetest.Open(t, cfg, sessionstore.Options{})
	if len(acknowledged) < 50 {
		t.Fatalf("only %d writes: %v", len(acknowledged), acknowledged)
	}
	for _, id := range acknowledged[:len(acknowledged)-1] { // the last line may be cut
		_, err := s.FindUser(t.Context(), sessionstore.UserID(id))
		check(t, err)
	}
}

// writeUntilKilled prints the id of each user once CreateUser has returned.
func writeUntilKilled(t *testing.T, path string) {
	s := storetest.Open(t, sessionstore.Config{Path: path}, sessionstore.Options{})
	for {
		id := sessionstore.NewID()
		check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: sessionstore.UserID(id), Email: id + "@example.com"}))
		fmt.Println(id)
	}
}

func TestPoolerModeKeepsNothingOnTheServer(t *testing.T) {
	t.Parallel()
	for _, pooler := range []bool{false, true} {
		cfg := storetest.PostgreSQL(t)
		if pooler {
			cfg.DirectURL = cfg.URL
		}
		cfg.MaxConns = 1
		s := storetest.Open(t, cfg, sessionstore.Options{})
		for range 3 {
			_, err := s.FindUser(t.Context(), "u")
			if !errors.Is(err, sessionstore.ErrNotFound) {
				t.Fatal(err)
			}
		}
		prepared := count(t, s, "SELECT count(*) FROM pg_prepared_statements")
		if pooler != (prepared == 0) {
			t.Errorf("pooler %v: %d prepared statements", pooler, prepared)
		}
	}
}

func TestOneReplicaCleansUpAtATime(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	s, other := storetest.Open(t, cfg, sessionstore.Options{}), storetest.Open(t, cfg, sessionstore.Options{})
	check(t, s.CreateVerification(t.Context(), sessionstore.Verification{ID: "v", Identifier: "i", ExpiresAt: time.Now().Add(-time.Hour)}))
	clean := func(want int64) {
		t.Helper()
		_, n, err := s.DeleteExpired(t.Context(), time.Now(), 10)
		check(t, err)
		if n != want {
			t.Errorf("%d removed, want %d", n, want)
		}
	}
	check(t, other.InTx(t.Context(), func(tx *sessionstore.Store) error {
		count(t, tx, "SELECT CASE WHEN pg_try_advisory_xact_lock(7093518420114) THEN 1 ELSE 0 END")
		clean(0)
		return nil
	}))
	clean(1)
}
