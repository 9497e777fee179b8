package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// each runs a test over the table in every kind of database.
func each(t *testing.T, test func(t *testing.T, store *sessionstore.Store)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, test)
}

var now = time.Date(2026, 5, 1, 10, 0, 0, 123_456_789, time.UTC)

func newRecorder(t *testing.T, store *sessionstore.Store, log *bytes.Buffer, o audit.Options) *audit.Recorder {
	t.Helper()
	o.Now = func() time.Time { return now }
	recorder, err := audit.New(store, slog.New(slog.NewJSONHandler(log, nil)), o)
	if err != nil {
		t.Fatal(err)
	}
	return recorder
}

func signIn() authflow.Event {
	return authflow.Event{
		Name: authflow.EventSignIn, UserID: "u1", SessionID: "s1", Reason: "password",
		ClientIP: netip.MustParseAddr("::ffff:192.0.2.7"), Place: "Munich, Germany", UserAgent: "Firefox", RequestID: "r1",
	}
}

// sql runs the test's own statements.
func sql(t *testing.T, store *sessionstore.Store) *sessionstore.Statements {
	t.Helper()
	statements, err := store.Statements(fstest.MapFS{"test.sql": {Data: []byte(`
-- name: Rows
SELECT at, event, outcome, COALESCE(user_id, '-'), COALESCE(actor_id, '-'), COALESCE(session_id, '-'), COALESCE(account, '-'),
    COALESCE(ip_address, '-'), COALESCE(user_agent, '-'), COALESCE(request_id, '-'), COALESCE(reason, '-'),
    COALESCE(device, '-'), COALESCE(place, '-')
FROM {postern.audit_event} ORDER BY at, event
-- name: Drop
DROP TABLE {postern.audit_event}`)}})
	if err != nil {
		t.Fatal(err)
	}
	return statements
}

// rows returns what was recorded, a line each.
func rows(t *testing.T, store *sessionstore.Store) []string {
	t.Helper()
	lines := []string{}
	err := sql(t, store).Query(t.Context(), store, "Rows", nil, func(scan func(dest ...any) error) error {
		var at time.Time
		columns := make([]string, 12)
		dest := []any{&at}
		for i := range columns {
			dest = append(dest, &columns[i])
		}
		if err := scan(dest...); err != nil {
			return err
		}
		lines = append(lines, at.UTC().Format(time.RFC3339Nano)+" "+strings.Join(columns, " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func expect(t *testing.T, store *sessionstore.Store, want ...string) {
	t.Helper()
	if got := rows(t, store); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEventBecomesARowALineAndACount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		var counted []string
		recorder := newRecorder(t, store, &log, audit.Options{Observe: func(e authflow.EventName, o authflow.EventOutcome) {
			counted = append(counted, fmt.Sprint(e, " ", o))
		}})
		failure := authflow.Event{Name: authflow.EventSignInFailed, Outcome: authflow.OutcomeFailure, Account: "eve@example.com", At: now.Add(time.Hour)}
		for _, e := range []authflow.Event{signIn(), failure} {
			if err := recorder.Record(t.Context(), nil, e); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, store,
			"2026-05-01T10:00:00.123Z sign_in success u1 - s1 - 192.0.2.7 Firefox r1 password Firefox Munich, Germany",
			"2026-05-01T11:00:00.123Z sign_in_failed failure - - - eve@example.com - - - - - -")
		if got := strings.Join(counted, ", "); got != "sign_in success, sign_in_failed failure" {
			t.Errorf("counted %s", got)
		}
		checkLine(t, strings.SplitN(log.String(), "\n", 2)[0])
	})
}

func checkLine(t *testing.T, line string) {
	t.Helper()
	var parsed struct {
		Msg   string
		Audit map[string]string
	}
	if err := json.Unmarshal([]byte(line), &parsed); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"event": "sign_in", "outcome": "success", "user_id": "u1", "session_id": "s1", "reason": "password",
		"ip_address": "192.0.2.7", "place": "Munich, Germany", "device": "Firefox", "user_agent": "Firefox", "request_id": "r1"}
	if parsed.Msg != "audit" || fmt.Sprint(parsed.Audit) != fmt.Sprint(want) {
		t.Errorf("line is %s", line)
	}
}

func TestRowStandsOrFallsWithItsTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		recorder := newRecorder(t, store, &bytes.Buffer{}, audit.Options{})
		changedMind := errors.New("changed my mind")
		for _, verdict := range []error{changedMind, nil} {
			err := store.InTx(t.Context(), func(tx *sessionstore.Store) error {
				if err := recorder.Record(t.Context(), tx, signIn()); err != nil {
					return err
				}
				return verdict
			})
			if !errors.Is(err, verdict) {
				t.Fatal(err)
			}
		}
		if got := rows(t, store); len(got) != 1 {
			t.Errorf("rows %q, want the committed one", got)
		}
	})
}

func TestRowThatCannotBeWrittenCostsTheTransactionButNotTheRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		recorder := newRecorder(t, store, &log, audit.Options{})
		if _, err := sql(t, store).Exec(t.Context(), store, "Drop"); err != nil {
			t.Fatal(err)
		}
		if err := recorder.Record(t.Context(), nil, signIn()); err != nil {
			t.Errorf("without a transaction Record = %v, want nil", err)
		}
		if !strings.Contains(log.String(), `"level":"ERROR","msg":"audit row not written"`) {
			t.Errorf("nothing was logged: %s", log.String())
		}
		user := sessionstore.User{ID: "u1", Name: "Ada", Email: "ada@example.com", CreatedAt: now, UpdatedAt: now}
		err := store.InTx(t.Context(), func(tx *sessionstore.Store) error {
			if err := tx.CreateUser(t.Context(), &user); err != nil {
				return err
			}
			if err := recorder.Record(t.Context(), tx, signIn()); err == nil {
				t.Error("in a transaction Record = nil, want an error")
			}
			return nil // a caller that drops the error
		})
		if err == nil {
			t.Error("the transaction committed without its record")
		}
		if _, err := store.FindUser(t.Context(), "u1"); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("the user is there all the same: %v", err)
		}
	})
}

func TestNothingAClientSendsMakesRecordingFail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		recorder := newRecorder(t, store, &log, audit.Options{})
		hostile := "\x00\xff'; DROP TABLE x; --" + strings.Repeat("ü", 1<<20)
		err := store.InTx(t.Context(), func(tx *sessionstore.Store) error {
			return recorder.Record(t.Context(), tx, authflow.Event{
				Name: authflow.EventSignUp, Account: hostile, UserAgent: hostile, RequestID: hostile, Reason: hostile, Place: hostile,
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := rows(t, store); len(got) != 1 || len(got[0]) > 1400 || !strings.Contains(got[0], "'; DROP TABLE x; --ü") {
			t.Errorf("rows %.2000q", got)
		}
		if log.Len() > 2000 {
			t.Errorf("the line is %d bytes long", log.Len())
		}
	})
}

func TestClientThatHangsUpIsRecorded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		recorder := newRecorder(t, store, &bytes.Buffer{}, audit.Options{})
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		if err := recorder.Record(gone, nil, signIn()); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, store); len(got) != 1 {
			t.Errorf("rows %q, want one", got)
		}
	})
}

func TestAddressIsKeptOnlyWhereThereIsNoUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		recorder := newRecorder(t, store, &log, audit.Options{})
		e := signIn()
		e.Account = "ada@example.com"
		if err := recorder.Record(t.Context(), nil, e); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(rows(t, store)[0]+log.String(), "ada@example.com") {
			t.Errorf("the address is in %q or %s", rows(t, store), log.String())
		}
	})
}

func TestSwitchedOffEventsAreStillCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		counted := 0
		recorder := newRecorder(t, store, &log, audit.Options{Off: true, Observe: func(authflow.EventName, authflow.EventOutcome) { counted++ }})
		if err := recorder.Record(t.Context(), nil, signIn()); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, store); len(got) != 0 || log.Len() != 0 || counted != 1 {
			t.Errorf("rows %q, log %s, counted %d", got, log.String(), counted)
		}
	})
}

func TestOldEventsAreRemovedInBatches(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		recorder := newRecorder(t, store, &bytes.Buffer{}, audit.Options{})
		for day := range 5 {
			e := signIn()
			e.At = now.AddDate(0, 0, day)
			if err := recorder.Record(t.Context(), nil, e); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []int64{2, 1, 0} {
			if got, err := recorder.DeleteBefore(t.Context(), now.AddDate(0, 0, 3), 2); err != nil || got != want {
				t.Errorf("DeleteBefore = %d, %v, want %d", got, err, want)
			}
		}
		if got := rows(t, store); len(got) != 2 || !strings.HasPrefix(got[0], "2026-05-04") {
			t.Errorf("left %q, want the last two days", got)
		}
	})
}

func TestRetentionIsChecked(t *testing.T) {
	t.Parallel()
	for retention, valid := range map[time.Duration]bool{0: true, time.Hour: true, 2160 * time.Hour: true, time.Minute: false, -time.Hour: false} {
		err := audit.Config{Retention: retention}.Validate()
		if (err == nil) != valid || (err != nil && !strings.HasPrefix(err.Error(), "retention: ")) {
			t.Errorf("retention %v: %v", retention, err)
		}
	}
}

func TestAUserSeesTheirOwnEventsNewestFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		recorder := newRecorder(t, store, new(bytes.Buffer), audit.Options{})
		for i := range 4 {
			e := signIn()
			e.At = now.Add(time.Duration(i) * time.Minute)
			if e.UserID = "u1"; i == 2 {
				e.UserID = "u2"
			}
			if i == 3 {
				e.ClientIP, e.Place, e.UserAgent, e.Reason, e.Outcome = netip.Addr{}, "", "", "", authflow.OutcomeFailure
			}
			if err := recorder.Record(t.Context(), nil, e); err != nil {
				t.Fatal(err)
			}
		}
		events, err := recorder.OfUser(t.Context(), "u1", 2)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprint(e.At.Sub(now.Truncate(time.Millisecond)), " ", e.Name, " ", e.Outcome, " ", e.ClientIP, " ", e.Place, " ", e.UserAgent, " ", e.Reason))
		}
		if want := "3m0s sign_in failure invalid IP   , 1m0s sign_in success 192.0.2.7 Munich, Germany Firefox password"; strings.Join(got, ", ") != want {
			t.Errorf("events %q, want %q", strings.Join(got, ", "), want)
		}
	})
}
