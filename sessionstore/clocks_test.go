package sessionstore

import (
	"strings"
	"testing"
	"time"
)

// A machine whose clock has jumped refuses sessions that are good, which ends when the clock is put right: it deletes none.
func TestAClockThatJumpsDeletesNothing(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	jumped, err := Open(t.Context(), r.config, Options{
		Now:        func() time.Time { return time.Now().Add(100 * 24 * time.Hour) },
		Migrations: []MigrationSet{CoherenceMigrations()},
	})
	check(t, err)
	t.Cleanup(jumped.Close)
	if deleted, err := jumped.DeleteExpiredSession(t.Context(), r.session.Token); deleted || err != nil {
		t.Errorf("deleted: %v, %v", deleted, err)
	}
	check(t, jumped.CreateVerification(t.Context(), Verification{ID: "v", Identifier: "x", Value: "y", ExpiresAt: time.Now().Add(time.Hour)}))
	sessions, verifications, err := jumped.DeleteExpired(t.Context(), time.Now().Add(99*24*time.Hour), 10)
	if sessions != 0 || verifications != 0 || err != nil {
		t.Errorf("cleaned up: %d, %d, %v", sessions, verifications, err)
	}
	renewed, err := jumped.RenewSessions(t.Context(), []Renewal{{Token: r.session.Token, Was: r.session.ExpiresAt, Until: r.session.ExpiresAt.Add(time.Hour), At: time.Now()}})
	if len(renewed) != 0 || err != nil {
		t.Errorf("renewed: %q, %v", renewed, err)
	}
	r.by(t, `UPDATE session SET "expiresAt" = now() - interval '1 second'`)
	if deleted, err := r.DeleteExpiredSession(t.Context(), r.session.Token); !deleted || err != nil {
		t.Errorf("what is over by both clocks: %v, %v", deleted, err)
	}
}

func TestClocksThatDifferAreSpokenOf(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	var offset time.Duration
	r.coherence.clock = func(d time.Duration) { offset = d }
	r.poll(t)
	for _, wrong := range []time.Duration{0, time.Hour, -time.Hour} {
		r.now = func() time.Time { return time.Now().Add(-wrong) }
		r.poll(t)
		if off := offset - wrong; off.Abs() > time.Second {
			t.Errorf("the database is ahead by %s, want %s", offset, wrong)
		}
	}
	r.now = time.Now
	r.poll(t)
	if log := r.logged.String(); strings.Count(log, "clocks of this machine and of the database differ") != 1 || strings.Count(log, "agree again") != 1 {
		t.Errorf("log:\n%s", log)
	}
}

// After a failover transactions may be counted from below what was read last, and have passed that by the next poll.
func TestAnotherServerIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	r := newReplica(t, PresetBetterAuth, slow)
	r.remembered(t)
	r.coherence.server = "another"
	r.poll(t)
	if _, how := r.find(t); how != "miss" {
		t.Errorf("the session was found by a %s", how)
	}
	if !strings.Contains(r.logged.String(), "started anew") {
		t.Errorf("log:\n%s", r.logged.String())
	}
	r.find(t)
	r.poll(t)
	if _, how := r.find(t); how != "hit" {
		t.Errorf("with the same server the session was found by a %s", how)
	}
}
