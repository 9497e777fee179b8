package storetest

import (
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

var cleanup = []test{
	{"what expired before the given time is removed in batches, and nothing else", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		var old []sessionstore.Session
		for range 5 {
			old = append(old, s.createSession(t, u.ID))
			s.createVerification(t, "old", time.Hour)
		}
		s.Clock.Advance(48 * time.Hour)
		recent := s.newSession(u.ID)
		recent.ExpiresAt = s.now().Add(-time.Hour)
		must(t, s.CreateSession(t.Context(), &recent))
		live := s.createSession(t, u.ID)
		v := s.createVerification(t, "live", time.Hour)
		for _, want := range []int64{3, 2, 0} {
			sessions, verifications, err := s.DeleteExpired(t.Context(), s.now().Add(-24*time.Hour), 3)
			must(t, err)
			equal(t, sessions, want)
			equal(t, verifications, want)
		}
		for _, session := range old {
			s.gone(t, session)
		}
		s.found(t, recent, u)
		s.found(t, live, u)
		got, err := s.FindVerification(t.Context(), "live")
		must(t, err)
		equal(t, got, v)
	}},
	{"a time in the future removes nothing that is alive", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		live := s.createSession(t, u.ID)
		_, _, err := s.DeleteExpired(t.Context(), s.now().Add(1000*time.Hour), 100)
		must(t, err)
		s.found(t, live, u)
	}},
}
