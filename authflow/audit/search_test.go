package audit_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/sessionstore"
)

func TestEventsAreFoundByWhatIsLookedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		recorder := newRecorder(t, store, new(bytes.Buffer), audit.Options{})
		record := func(e authflow.Event) {
			if err := recorder.Record(t.Context(), nil, e); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range []authflow.Event{
			{Name: authflow.EventSignIn, UserID: "ada", ClientIP: netip.MustParseAddr("192.0.2.1")},
			{Name: authflow.EventSignInFailed, Outcome: authflow.OutcomeFailure, Account: "ada@people.test", ClientIP: netip.MustParseAddr("192.0.2.2")},
			{Name: authflow.EventUserBanned, UserID: "ada", ActorID: "root", Reason: "x"},
			{Name: authflow.EventSignIn, UserID: "root", ClientIP: netip.MustParseAddr("192.0.2.1")},
		} {
			e.At = now.Add(time.Duration(i) * time.Second)
			record(e)
		}
		for _, c := range []struct {
			filter authflow.EventFilter
			want   []string
		}{
			{authflow.EventFilter{}, []string{"sign_in root ", "user_banned ada root", "sign_in_failed  ", "sign_in ada "}},
			{authflow.EventFilter{Name: authflow.EventSignIn}, []string{"sign_in root ", "sign_in ada "}},
			{authflow.EventFilter{Outcome: authflow.OutcomeFailure}, []string{"sign_in_failed  "}},
			{authflow.EventFilter{Who: "root"}, []string{"sign_in root ", "user_banned ada root"}},
			{authflow.EventFilter{Who: "ada", Address: "192.0.2.1"}, []string{"sign_in ada "}},
			{authflow.EventFilter{Who: "nobody"}, nil},
		} {
			c.filter.Limit = 10
			entries, err := recorder.Search(t.Context(), c.filter)
			var got []string
			for _, e := range entries {
				got = append(got, fmt.Sprintf("%s %s %s", e.Name, e.UserID, e.ActorID))
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%+v: %q, %v; want %q", c.filter, got, err, c.want)
			}
		}
	})
}

// Events of one moment are on one page or the other, and on one only.
func TestPagesOfEventsMissNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		recorder := newRecorder(t, store, new(bytes.Buffer), audit.Options{})
		for range 7 {
			if err := recorder.Record(t.Context(), nil, signIn()); err != nil {
				t.Fatal(err)
			}
		}
		seen := map[string]bool{}
		filter := authflow.EventFilter{Limit: 3}
		for range 3 {
			entries, err := recorder.Search(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				seen[e.Cursor.ID] = true
				filter.Before = e.Cursor
			}
		}
		if len(seen) != 7 {
			t.Errorf("saw %d of 7", len(seen))
		}
	})
}
