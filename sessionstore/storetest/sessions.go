package storetest

import (
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

var sessions = []test{
	{"a token answers with session and user as written", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.createSession(t, u.ID)
		s.found(t, session, u)
		s.found(t, session, u)
		bare := s.newSession(u.ID)
		bare.IPAddress, bare.UserAgent = nil, nil
		must(t, s.CreateSession(t.Context(), &bare))
		s.found(t, bare, u)
	}},
	{"an unknown token is ErrNotFound, until its session exists", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.newSession(u.ID)
		s.gone(t, session)
		s.gone(t, session)
		must(t, s.CreateSession(t.Context(), &session))
		s.found(t, session, u)
	}},
	{"a token is compared in every letter", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.newSession(u.ID)
		session.Token = "AbcdefGhijklmnopqrstuvwxyz012345"
		must(t, s.CreateSession(t.Context(), &session))
		for _, near := range []sessionstore.Token{"abcdefGhijklmnopqrstuvwxyz012345", session.Token + " ", session.Token[:31], "%", ""} {
			_, err := s.Find(t.Context(), near)
			is(t, err, sessionstore.ErrNotFound)
		}
	}},
	{"an expired session is returned as it is", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.createSession(t, u.ID)
		s.Clock.Advance(2 * time.Hour)
		s.found(t, session, u)
	}},
	{"a taken token is ErrConflict, a missing user ErrNotFound", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.createSession(t, u.ID)
		again := s.newSession(u.ID)
		again.Token = session.Token
		is(t, s.CreateSession(t.Context(), &again), sessionstore.ErrConflict)
		nobodys := s.newSession("nobody")
		is(t, s.CreateSession(t.Context(), &nobodys), sessionstore.ErrNotFound)
	}},
	{"a list holds the user's unexpired sessions, newest first", func(t *testing.T, s Subject) {
		u, other := s.createUser(t), s.createUser(t)
		expired := s.newSession(u.ID)
		expired.ExpiresAt = s.now()
		must(t, s.CreateSession(t.Context(), &expired))
		first := s.createSession(t, u.ID)
		s.createSession(t, other.ID)
		s.Clock.Advance(time.Minute)
		second := s.createSession(t, u.ID)
		list, err := s.ListSessions(t.Context(), u.ID)
		must(t, err)
		equal(t, list, []sessionstore.Session{second, first})
	}},
	{"renewing moves the expiry of a session that is as it was read", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session, other := s.createSession(t, u.ID), s.createSession(t, u.ID)
		s.found(t, session, u)
		s.Clock.Advance(time.Minute)
		was := session
		session.ExpiresAt, session.UpdatedAt = session.ExpiresAt.Add(time.Hour), s.now()
		equal(t, s.renew(t, was, session.ExpiresAt), true)
		s.found(t, session, u)
		equal(t, s.renew(t, was, session.ExpiresAt.Add(time.Hour)), false) // another replica was first
		s.found(t, session, u)
		s.found(t, other, u)
		s.Clock.Advance(session.ExpiresAt.Sub(s.now()))
		equal(t, s.renew(t, session, session.ExpiresAt.Add(time.Hour)), false)
		s.found(t, session, u)
	}},
	{"renewing does not bring a deleted session back", func(t *testing.T, s Subject) {
		session := s.createSession(t, s.createUser(t).ID)
		deleted, err := s.DeleteSession(t.Context(), session.Token)
		must(t, err)
		equal(t, deleted, true)
		equal(t, s.renew(t, session, s.now().Add(48*time.Hour)), false)
		s.gone(t, session)
	}},
	{"many sessions are renewed at once, each to its own time", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		var all []sessionstore.Renewal
		var want []sessionstore.Session
		for i := range 30 {
			session := s.createSession(t, u.ID)
			r := sessionstore.Renewal{Token: session.Token, Was: session.ExpiresAt, Until: session.ExpiresAt.Add(time.Duration(i+1) * time.Second), At: s.now().Add(time.Duration(i) * time.Millisecond)}
			all = append(all, r)
			session.ExpiresAt, session.UpdatedAt = r.Until, r.At
			want = append(want, session)
		}
		all = append(all, sessionstore.Renewal{Token: "nobody's", Was: s.now(), Until: s.now().Add(time.Hour), At: s.now()})
		renewed, err := s.RenewSessions(t.Context(), all)
		must(t, err)
		equal(t, len(renewed), len(want))
		for _, session := range want {
			s.found(t, session, u)
		}
	}},
	{"a deleted session is gone at once, and deleting tells whether it was there", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session, stays := s.createSession(t, u.ID), s.createSession(t, u.ID)
		s.found(t, session, u)
		for _, want := range []bool{true, false} {
			deleted, err := s.DeleteSession(t.Context(), session.Token)
			must(t, err)
			equal(t, deleted, want)
			s.gone(t, session)
		}
		s.found(t, stays, u)
	}},
	{"only an expired session is deleted as such", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.createSession(t, u.ID)
		for _, expired := range []bool{false, true} {
			if expired {
				s.Clock.Advance(session.ExpiresAt.Sub(s.now()))
			}
			deleted, err := s.DeleteExpiredSession(t.Context(), session.Token)
			must(t, err)
			equal(t, deleted, expired)
		}
		s.gone(t, session)
	}},
	{"a session is deleted by its id only for its user", func(t *testing.T, s Subject) {
		u, other := s.createUser(t), s.createUser(t)
		session := s.createSession(t, u.ID)
		s.found(t, session, u)
		deleted, err := s.DeleteSessionByID(t.Context(), other.ID, session.ID)
		must(t, err)
		equal(t, deleted, false)
		s.found(t, session, u)
		deleted, err = s.DeleteSessionByID(t.Context(), u.ID, session.ID)
		must(t, err)
		equal(t, deleted, true)
		s.gone(t, session)
	}},
	{"all or all other sessions of a user are deleted, and nobody else's", func(t *testing.T, s Subject) {
		u, other := s.createUser(t), s.createUser(t)
		keep, second, third, others := s.createSession(t, u.ID), s.createSession(t, u.ID), s.createSession(t, u.ID), s.createSession(t, other.ID)
		for _, session := range []sessionstore.Session{keep, second, third} {
			s.found(t, session, u)
		}
		n, err := s.DeleteOtherSessions(t.Context(), u.ID, keep.Token)
		must(t, err)
		equal(t, n, 2)
		s.gone(t, second)
		s.gone(t, third)
		s.found(t, keep, u)
		n, err = s.DeleteSessions(t.Context(), u.ID)
		must(t, err)
		equal(t, n, 1)
		s.gone(t, keep)
		s.found(t, others, other)
	}},
	{"a change of the user is seen in all their sessions at once", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		first, second := s.createSession(t, u.ID), s.createSession(t, u.ID)
		s.found(t, first, u)
		s.found(t, second, u)
		u, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{EmailVerified: pointer(true)})
		must(t, err)
		s.found(t, first, u)
		s.found(t, second, u)
	}},
}

// renew tells whether the session was renewed.
func (s Subject) renew(t *testing.T, session sessionstore.Session, until time.Time) bool {
	t.Helper()
	renewed, err := s.RenewSessions(t.Context(), []sessionstore.Renewal{{Token: session.Token, Was: session.ExpiresAt, Until: until, At: s.now()}})
	must(t, err)
	return len(renewed) == 1 && renewed[0] == session.Token
}
