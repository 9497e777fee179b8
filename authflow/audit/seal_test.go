package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

var testKeys = authflow.NewKeys("test-secret-test-secret-test-secret!")

// sealing is a recorder that signs.
func sealing(t *testing.T, store *sessionstore.Store, clock *storetest.Clock, log *bytes.Buffer) *audit.Recorder {
	t.Helper()
	if log == nil {
		log = &bytes.Buffer{}
	}
	r, err := audit.New(store, slog.New(slog.NewJSONHandler(log, nil)), audit.Options{Now: clock.Now, Signer: testKeys})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func recordSome(t *testing.T, r *audit.Recorder, clock *storetest.Clock, n int) {
	t.Helper()
	for i := range n {
		e := signIn()
		e.RequestID, e.At = fmt.Sprint("r", i), clock.Now()
		if err := r.Record(t.Context(), nil, e); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Millisecond)
	}
}

func seal(t *testing.T, r *audit.Recorder) int {
	t.Helper()
	n, err := r.Seal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func verify(t *testing.T, r *audit.Recorder, retention time.Duration, expect ...audit.Expectation) audit.Findings {
	t.Helper()
	found, err := r.Verify(t.Context(), retention, expect)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// tamper runs one statement on the tables.
func tamper(t *testing.T, store *sessionstore.Store, statement string) {
	t.Helper()
	statements, err := store.Statements(fstest.MapFS{"test.sql": {Data: []byte("-- name: Tamper\n" + statement + ";")}})
	if err == nil {
		_, err = statements.Exec(t.Context(), store, "Tamper")
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestWhateverIsDoneToTheRecordShows(t *testing.T) {
	t.Parallel()
	const events, seals = "{postern.audit_event}", "{postern.audit_seal}"
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		for range 3 {
			recordSome(t, r, clock, 3)
			if n := seal(t, r); n != 3 {
				t.Fatalf("sealed %d events, want 3", n)
			}
			clock.Advance(time.Minute)
		}
		recordSome(t, r, clock, 2)
		good := verify(t, r, 0)
		if good.Problems != nil || good.Seals != 3 || good.Events != 9 || good.Unsealed != 2 || good.Last != 3 || len(good.LastHash) != 64 {
			t.Fatalf("an untouched record: %+v", good)
		}
		known := audit.Expectation{Seal: good.Last, Hash: good.LastHash}
		for _, tt := range []struct{ name, do, want string }{
			{"a field is changed", "UPDATE " + events + " SET ip_address = '192.0.2.1' WHERE seal = 2 AND request_id = 'r1'", "seal 2 does not fit"},
			{"a field is emptied", "UPDATE " + events + " SET reason = NULL WHERE seal = 1", "seal 1 does not fit"},
			{"text moves between fields", "UPDATE " + events + " SET reason = reason || user_agent, user_agent = '' WHERE seal = 3", "seal 3 does not fit"},
			{"a row is removed", "DELETE FROM " + events + " WHERE seal = 2 AND request_id = 'r0'", "seal 2 covers 3 events, and there are 2"},
			{"a row is added under a seal", "INSERT INTO " + events + " (id, at, event, outcome, seal) SELECT 'x', at, event, outcome, seal FROM " + events + " WHERE seal = 1 AND request_id = 'r0'", "seal 1 covers 3 events, and there are 4"},
			{"a row is added without a seal", "INSERT INTO " + events + " (id, at, event, outcome) SELECT 'x', at, event, outcome FROM " + events + " WHERE seal = 3 AND request_id = 'r0'", "event x"},
			{"a row without a seal is changed", "UPDATE " + events + " SET reason = 'other' WHERE seal IS NULL AND request_id = 'r1'", "is not one that was recorded"},
			{"a row and its seal are removed", "DELETE FROM " + seals + " WHERE seq = 2", "seals 2 to 2 are missing"},
			{"rows of a seal that is gone", "DELETE FROM " + seals + " WHERE seq = 2", "3 events name a seal that is not there"},
			{"the beginning is removed", "DELETE FROM " + seals + " WHERE seq = 1", "the record begins with seal 2"},
			{"the end is removed", "DELETE FROM " + seals + " WHERE seq = 3", "the end of the record is missing"},
			{"a seal is signed by somebody else", "UPDATE " + seals + " SET signature = previous WHERE seq = 2", "seal 2 is signed by none"},
			{"a seal is changed", "UPDATE " + seals + " SET sealed_at = sealed_at + 1 WHERE seq = 2", "seal 2 does not fit"},
			{"a seal is moved", "UPDATE " + seals + " SET previous = hash WHERE seq = 3", "seal 3 does not follow seal 2"},
		} {
			saved := dump(t, store)
			tamper(t, store, tt.do)
			found := verify(t, r, 0, known)
			if !strings.Contains(strings.Join(found.Problems, "\n"), tt.want) {
				t.Errorf("%s: problems %q, want %q", tt.name, found.Problems, tt.want)
			}
			saved.restore(t, store)
			if again := verify(t, r, 0, known); again.Problems != nil {
				t.Fatalf("after %s was undone: %q", tt.name, again.Problems)
			}
		}
		if found := verify(t, r, 0, audit.Expectation{Seal: 2, Hash: good.LastHash}); len(found.Problems) != 1 {
			t.Errorf("another hash than expected: %q", found.Problems)
		}
		clock.Advance(time.Hour)
		if found := verify(t, r, 0); len(found.Problems) != 1 || !strings.Contains(found.Problems[0], "2 events are old enough") {
			t.Errorf("events that nobody seals: %q", found.Problems)
		}
	})
}

// copies are the tables as they were.
type copies struct{}

func dump(t *testing.T, store *sessionstore.Store) copies {
	t.Helper()
	tamper(t, store, "CREATE TABLE {postern.copy_event} AS SELECT * FROM {postern.audit_event}")
	tamper(t, store, "CREATE TABLE {postern.copy_seal} AS SELECT * FROM {postern.audit_seal}")
	return copies{}
}

func (copies) restore(t *testing.T, store *sessionstore.Store) {
	t.Helper()
	for _, table := range []string{"event", "seal"} {
		tamper(t, store, "DELETE FROM {postern.audit_"+table+"}")
		tamper(t, store, "INSERT INTO {postern.audit_"+table+"} SELECT * FROM {postern.copy_"+table+"}")
		tamper(t, store, "DROP TABLE {postern.copy_"+table+"}")
	}
}

func TestReplicasSealEachEventOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		replicas := []*audit.Recorder{sealing(t, store, clock, nil), sealing(t, store, clock, nil), sealing(t, store, clock, nil)}
		var all sync.WaitGroup
		for _, r := range replicas {
			all.Go(func() {
				for range 20 {
					if err := r.Record(t.Context(), nil, signIn()); err != nil {
						t.Error(err)
					}
					if _, err := r.Seal(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		seal(t, replicas[0])
		if found := verify(t, replicas[1], 0); found.Problems != nil || found.Events != 60 || found.Unsealed != 0 {
			t.Errorf("found %+v", found)
		}
	})
}

func TestWhatIsOldGoesSealBySeal(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		for range 4 {
			recordSome(t, r, clock, 3)
			seal(t, r)
			clock.Advance(24 * time.Hour)
		}
		const retention = 50 * time.Hour
		for _, step := range []struct{ removed, events int64 }{{2, 6}, {2, 6}, {2, 6}, {0, 6}} {
			n, err := r.DeleteBefore(t.Context(), clock.Now().Add(-retention), 2)
			if err != nil || n != step.removed {
				t.Errorf("removed %d, %v, want %d", n, err, step.removed)
			}
			if found := verify(t, r, retention); found.Problems != nil || int64(found.Events) != step.events {
				t.Errorf("found %+v", found)
			}
		}
		if found := verify(t, r, retention); found.First != 3 || found.Last != 4 {
			t.Errorf("seals %d to %d are left, want 3 and 4", found.First, found.Last)
		}
		// Removed before its time, it shows.
		tamper(t, store, "DELETE FROM {postern.audit_event} WHERE seal = 3")
		tamper(t, store, "DELETE FROM {postern.audit_seal} WHERE seq = 3")
		if found := verify(t, r, retention); len(found.Problems) != 1 {
			t.Errorf("problems %q", found.Problems)
		}
	})
}

func TestSealsAreInTheLog(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		clock := storetest.NewClock()
		r := sealing(t, store, clock, &log)
		recordSome(t, r, clock, 1)
		seal(t, r)
		found := verify(t, r, 0)
		if !strings.Contains(log.String(), `"msg":"audit events sealed","seal":1,"hash":"`+found.LastHash) {
			t.Errorf("log %s", log.String())
		}
		expect, err := audit.ParseExpectation("1:" + found.LastHash)
		if err != nil || expect.Hash != found.LastHash {
			t.Errorf("%+v, %v", expect, err)
		}
		for _, bad := range []string{"", "1", "x:" + found.LastHash, "0:" + found.LastHash, "1:abc"} {
			if _, err := audit.ParseExpectation(bad); err == nil {
				t.Errorf("%q is taken for a seal", bad)
			}
		}
	})
}

func TestEventsAreExportedInOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		start := clock.Now()
		recordSome(t, r, clock, 1203)
		failure := authflow.Event{Name: authflow.EventSignInFailed, Outcome: authflow.OutcomeFailure, Account: "eve@example.com", At: clock.Now()}
		if err := r.Record(t.Context(), nil, failure); err != nil {
			t.Fatal(err)
		}
		count := func(s audit.Selection) (n int, last audit.Row) {
			err := r.Export(t.Context(), s, func(row audit.Row) error {
				if row.At.Before(last.At) {
					t.Error("out of order")
				}
				n, last = n+1, row
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return n, last
		}
		n, last := count(audit.Selection{})
		if line, err := json.Marshal(last); err != nil || n != 1204 || strings.Contains(string(line), "user_id") || !strings.Contains(string(line), `"event":"sign_in_failed","outcome":"failure","account":"eve@example.com"`) {
			t.Errorf("%d events, the last %s (%v)", n, line, err)
		}
		for _, tt := range []struct {
			s    audit.Selection
			want int
		}{
			{audit.Selection{Event: "sign_in"}, 1203}, {audit.Selection{UserID: "u1"}, 1203}, {audit.Selection{UserID: "u2"}, 0},
			{audit.Selection{Since: start.Add(time.Second)}, 204}, {audit.Selection{Until: start.Add(time.Second)}, 1000},
		} {
			if n, _ := count(tt.s); n != tt.want {
				t.Errorf("%+v: %d, want %d", tt.s, n, tt.want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Export(ctx, audit.Selection{}, func(audit.Row) error { return nil }); err == nil {
			t.Error("went on for somebody who is gone")
		}
	})
}
