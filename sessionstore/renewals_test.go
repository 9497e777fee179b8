package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// renew renews the session for another two days and returns it as it is then.
func (b *bench) renew(t *testing.T) *Identity {
	t.Helper()
	identity, err := b.FindSession(t.Context(), b.session.Token)
	check(t, err)
	return b.Renew(identity, b.time().Add(48*time.Hour))
}

func (b *bench) row(t *testing.T) time.Time {
	t.Helper()
	identity, err := b.elsewhere(t).FindSession(t.Context(), b.session.Token)
	check(t, err)
	return identity.Session.ExpiresAt
}

func TestARenewalIsKnownAtOnceAndWrittenLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.advance(time.Minute)
	want := millis(b.time().Add(48 * time.Hour))
	renewed := b.renew(t)
	if !renewed.Session.ExpiresAt.Equal(want) || !renewed.Session.UpdatedAt.Equal(millis(b.time())) {
		t.Fatalf("renewed: %+v", renewed.Session)
	}
	again, err := b.FindSession(t.Context(), b.session.Token)
	check(t, err)
	if !again.Session.ExpiresAt.Equal(want) {
		t.Errorf("memory has %s, want %s", again.Session.ExpiresAt, want)
	}
	if got := b.row(t); !got.Equal(b.session.ExpiresAt) {
		t.Errorf("the row was written on the way: %s", got)
	}
	list, err := b.ListSessions(t.Context(), b.user.ID)
	check(t, err)
	if len(list) != 1 || !list[0].ExpiresAt.Equal(want) || !list[0].UpdatedAt.Equal(renewed.Session.UpdatedAt) {
		t.Errorf("who lists the sessions finds %+v", list)
	}
	b.advance(time.Second)
	if third := b.renew(t); !third.Session.ExpiresAt.Equal(want) || b.WaitingRenewals() != 1 {
		t.Errorf("a renewal that waits was followed by another: %+v, %d wait", third.Session, b.WaitingRenewals())
	}
	queries := b.queries.Load()
	check(t, b.WriteRenewals(t.Context()))
	if got := b.row(t); !got.Equal(want) || b.WaitingRenewals() != 0 {
		t.Errorf("the row has %s, want %s; %d wait", got, want, b.WaitingRenewals())
	}
	b.ask(t, b.session.Token, nil, queries) // what is remembered stays
	b.settled(t, map[string]int{renewalWritten: 1})
}

func (b *bench) settled(t *testing.T, want map[string]int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, outcome := range []string{renewalWritten, renewalSuperseded, renewalExpired, renewalRefused, renewalFailed} {
		if b.outcomes[outcome] != want[outcome] {
			t.Errorf("outcomes %v, want %v", b.outcomes, want)
			return
		}
	}
}

func TestARenewalDoesNotReviveWhatHasEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end     func(t *testing.T, b *bench)
		outcome string
		found   error
	}{
		"signed out": {func(t *testing.T, b *bench) {
			_, err := b.DeleteSession(t.Context(), b.session.Token)
			check(t, err)
		}, renewalSuperseded, ErrNotFound},
		"all sessions ended": {func(t *testing.T, b *bench) {
			_, err := b.DeleteSessions(t.Context(), b.user.ID)
			check(t, err)
		}, renewalSuperseded, ErrNotFound},
		"renewed elsewhere": {func(t *testing.T, b *bench) {
			_, err := b.elsewhere(t).RenewSessions(t.Context(), []Renewal{{Token: b.session.Token, Was: b.session.ExpiresAt, Until: b.session.ExpiresAt.Add(time.Hour), At: b.time()}})
			check(t, err)
		}, renewalSuperseded, nil},
		"expired meanwhile": {func(_ *testing.T, b *bench) { b.advance(24 * time.Hour) }, renewalExpired, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, CacheConfig{Size: 10, TTL: 999 * time.Hour})
			b.renew(t)
			c.end(t, b)
			check(t, b.WriteRenewals(t.Context()))
			b.settled(t, map[string]int{c.outcome: 1})
			if b.WaitingRenewals() != 0 {
				t.Error("it waits on")
			}
			found, err := b.FindSession(t.Context(), b.session.Token)
			if !errors.Is(err, c.found) {
				t.Fatalf("error is %v, want %v", err, c.found)
			}
			if err == nil && !found.Session.ExpiresAt.Equal(b.row(t)) {
				t.Errorf("memory has %s, and the row %s", found.Session.ExpiresAt, b.row(t))
			}
		})
	}
}

// elsewhere is another replica's store.
func (b *bench) elsewhere(t *testing.T) *Store {
	t.Helper()
	other, err := Open(t.Context(), b.database, Options{Now: b.time})
	check(t, err)
	t.Cleanup(other.Close)
	return other
}

func TestRenewalsAreRefusedVisiblyAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	identity, err := b.FindSession(t.Context(), b.session.Token)
	check(t, err)
	for i := range maxRenewals {
		other := *identity
		other.Session.Token = Token(fmt.Sprint("other ", i))
		if b.Renew(&other, b.time().Add(time.Hour)) == nil {
			t.Fatalf("renewal %d was refused", i)
		}
	}
	if b.renew(t) != nil {
		t.Error("there was room for one more than there is")
	}
	b.settled(t, map[string]int{renewalRefused: 1})
	b.ask(t, b.session.Token, nil, 1)
	check(t, b.WriteRenewals(t.Context())) // of rows that are not there
	b.settled(t, map[string]int{renewalRefused: 1, renewalSuperseded: maxRenewals})
	if b.renew(t) == nil {
		t.Error("there is room again")
	}
}

func TestWhileTheDatabaseIsAwayNothingIsRenewed(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	b.ask(t, b.session.Token, nil, 1)
	b.setGate(func() error { return ErrUnavailable })
	b.ask(t, "unknown", ErrUnavailable, 2)
	if b.renew(t) != nil {
		t.Error("renewed")
	}
	b.setGate(nil)
	b.advance(outagePause)
	if b.renew(t) == nil {
		t.Error("not renewed after the pause")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.WriteRenewals(gone); err == nil || b.WaitingRenewals() != 1 {
		t.Errorf("error is %v, %d wait", err, b.WaitingRenewals())
	}
	check(t, b.WriteRenewals(t.Context()))
	b.settled(t, map[string]int{renewalRefused: 1, renewalWritten: 1})
}

func TestWhatWaitsIsWrittenAtTheEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	renewed := b.renew(t)
	ending, end := context.WithCancel(t.Context())
	end()
	check(t, b.WriteBehind(ending))
	if got := b.row(t); !got.Equal(renewed.Session.ExpiresAt) {
		t.Errorf("the row has %s, want %s", got, renewed.Session.ExpiresAt)
	}
}

func TestRenewalsAreWrittenBehind(t *testing.T) {
	t.Parallel()
	b := newBench(t, usual)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.WriteBehind(ctx) }()
	for range 3 {
		b.advance(time.Second)
		renewed := b.renew(t)
		eventually(t, "the row is written", func() bool { return b.row(t).Equal(renewed.Session.ExpiresAt) })
	}
	stop()
	check(t, <-done)
}

// Renewals are frequent, and are nobody's news: no row, no notification, nothing that another replica forgets.
func TestRenewalsDisturbNoOtherReplica(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.remembered(t)
	listening := connectTo(t, r.config.URL)
	_, err := listening.Exec(t.Context(), "LISTEN postern_invalidation")
	check(t, err)
	other, err := Open(t.Context(), r.config, Options{Migrations: []MigrationSet{CoherenceMigrations()}})
	check(t, err)
	t.Cleanup(other.Close)
	// Microseconds, as a column's default keeps them, are not in what is read.
	r.by(t, `UPDATE session SET "expiresAt" = date_trunc('milliseconds', "expiresAt") + interval '1 day 123 microseconds'`)
	found, err := other.FindSession(t.Context(), r.session.Token)
	check(t, err)
	renewed, err := other.RenewSessions(t.Context(), []Renewal{{Token: r.session.Token, Was: found.Session.ExpiresAt, Until: found.Session.ExpiresAt.Add(time.Hour), At: time.Now()}})
	check(t, err)
	if !slices.Equal(renewed, []Token{r.session.Token}) {
		t.Fatalf("renewed %q", renewed)
	}
	r.poll(t)
	if _, how := r.find(t); how != "hit" || r.count(t, `SELECT count(*) FROM postern.invalidation`) != 0 {
		t.Errorf("after a renewal elsewhere the session was found by a %s", how)
	}
	// The next thing that is heard is not of the renewal.
	r.by(t, `NOTIFY postern_invalidation, 'mine'`)
	heard, err := listening.WaitForNotification(t.Context())
	check(t, err)
	if heard.Payload != "mine" {
		t.Errorf("heard %q", heard.Payload)
	}
}

// Two replicas that renew the same sessions, in any order, do not wait for each other, nor for who holds one of the rows.
func TestRenewalsWaitForNobody(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.by(t, `INSERT INTO session (id, token, "userId", "expiresAt", "updatedAt") SELECT 's' || n, 't' || n, 'ada', '2100-01-01', now() FROM generate_series(1, 50) n`)
	holder := connectTo(t, r.config.URL)
	tx, err := holder.BeginTx(t.Context(), pgx.TxOptions{})
	check(t, err)
	_, err = tx.Exec(t.Context(), `DELETE FROM session WHERE token = 't7'`)
	check(t, err)
	var all []Renewal
	for n := range 50 {
		was := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
		all = append(all, Renewal{Token: Token(fmt.Sprint("t", n+1)), Was: was, Until: was.Add(time.Hour), At: time.Now()})
	}
	renewed, err := r.RenewSessions(t.Context(), all)
	check(t, err)
	if len(renewed) != 49 || slices.Contains(renewed, "t7") {
		t.Errorf("%d renewed: %q", len(renewed), renewed)
	}
	check(t, tx.Commit(t.Context()))
	if n := r.count(t, `SELECT count(*) FROM session WHERE token = 't7'`); n != 0 {
		t.Error("the session is back")
	}
}

// What another replica has renewed must not be refused here for the expiry that is remembered.
func TestASessionThatSeemsOverIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, CacheConfig{Size: 10, TTL: 999 * time.Hour})
	b.ask(t, b.session.Token, nil, 1)
	_, err := b.elsewhere(t).RenewSessions(t.Context(), []Renewal{{Token: b.session.Token, Was: b.session.ExpiresAt, Until: b.session.ExpiresAt.Add(time.Hour), At: b.time()}})
	check(t, err)
	b.advance(24 * time.Hour)
	b.ask(t, b.session.Token, nil, 2)
	if found, err := b.FindSession(t.Context(), b.session.Token); err != nil || !found.Session.ExpiresAt.After(b.time()) {
		t.Errorf("found %+v, %v", found, err)
	}
	b.advance(time.Hour)
	b.ask(t, b.session.Token, nil, 3)
	b.ask(t, b.session.Token, nil, 3) // it is over for good
}
