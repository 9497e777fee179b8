package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

var users = []test{
	{"a user is read back as written, in UTC milliseconds", func(t *testing.T, s Subject) {
		u := s.newUser()
		u.Name, u.Image, u.EmailVerified = `O'Brien "Ω" {user} $1`, pointer("https://example.com/a.png"), true
		written := u
		zone := time.FixedZone("elsewhere", 5*3600+1800)
		written.CreatedAt = u.CreatedAt.Add(999 * time.Microsecond).In(zone)
		must(t, s.CreateUser(t.Context(), &written))
		byID, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
		equal(t, byID, u)
		byEmail, err := s.FindUserByEmail(t.Context(), u.Email)
		must(t, err)
		equal(t, byEmail, u)
	}},
	{"times left open are now, and whoever creates a user hears of it", func(t *testing.T, s Subject) {
		u := s.newUser()
		open := u
		open.CreatedAt, open.UpdatedAt = time.Time{}, time.Time{}
		must(t, s.CreateUser(t.Context(), &open))
		equal(t, open, u)
		got, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
		equal(t, got, u)
	}},
	{"an address is kept and found in lower case", func(t *testing.T, s Subject) {
		u := s.newUser()
		lower := u.Email
		u.Email = strings.ToUpper(u.Email)
		must(t, s.CreateUser(t.Context(), &u))
		for _, spelling := range []string{lower, u.Email} {
			got, err := s.FindUserByEmail(t.Context(), spelling)
			must(t, err)
			equal(t, got.Email, lower)
		}
	}},
	{"nobody is ErrNotFound", func(t *testing.T, s Subject) {
		_, err := s.FindUser(t.Context(), "nobody")
		is(t, err, sessionstore.ErrNotFound)
		_, err = s.FindUserByEmail(t.Context(), "nobody@example.com")
		is(t, err, sessionstore.ErrNotFound)
		_, err = s.UpdateUser(t.Context(), "nobody", sessionstore.UserChange{Name: pointer("x")})
		is(t, err, sessionstore.ErrNotFound)
		is(t, s.DeleteUser(t.Context(), "nobody"), sessionstore.ErrNotFound)
	}},
	{"a change from an address counts once", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		former, next := u.Email, "next."+u.Email
		_, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Email: &next, From: &next})
		is(t, err, sessionstore.ErrNotFound)
		changed, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Email: &next, From: &former})
		must(t, err)
		equal(t, changed.Email, next)
		_, err = s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Email: &former, From: &former})
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"a taken address or id is ErrConflict", func(t *testing.T, s Subject) {
		taken := s.createUser(t)
		other := s.newUser()
		other.Email = strings.ToUpper(taken.Email)
		is(t, s.CreateUser(t.Context(), &other), sessionstore.ErrConflict)
		other = s.newUser()
		other.ID = taken.ID
		is(t, s.CreateUser(t.Context(), &other), sessionstore.ErrConflict)
	}},
	{"text that can not be stored is ErrInvalid", func(t *testing.T, s Subject) {
		for _, text := range []string{"a\x00b", "a\xffb", strings.Repeat("x", 17<<20)} {
			u := s.newUser()
			u.Name = text
			is(t, s.CreateUser(t.Context(), &u), sessionstore.ErrInvalid)
			_, err := s.FindUserByEmail(t.Context(), text)
			is(t, err, sessionstore.ErrInvalid)
		}
	}},
	{"a change leaves out what is nil", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		for _, step := range []struct {
			change sessionstore.UserChange
			apply  func()
		}{
			{sessionstore.UserChange{Name: pointer("Grace")}, func() { u.Name = "Grace" }},
			{sessionstore.UserChange{Image: pointer(pointer("i.png"))}, func() { u.Image = pointer("i.png") }},
			{sessionstore.UserChange{Email: pointer("New" + u.Email), EmailVerified: pointer(true)}, func() { u.Email, u.EmailVerified = "new"+u.Email, true }},
			{sessionstore.UserChange{EmailVerified: pointer(false)}, func() { u.EmailVerified = false }},
			{sessionstore.UserChange{Image: new(*string)}, func() { u.Image = nil }},
			{sessionstore.UserChange{}, func() {}},
		} {
			s.Clock.Advance(time.Second)
			got, err := s.UpdateUser(t.Context(), u.ID, step.change)
			must(t, err)
			step.apply()
			u.UpdatedAt = s.now()
			equal(t, got, u)
			got, err = s.FindUser(t.Context(), u.ID)
			must(t, err)
			equal(t, got, u)
		}
	}},
	{"a change to a taken address is ErrConflict and changes nothing", func(t *testing.T, s Subject) {
		taken, u := s.createUser(t), s.createUser(t)
		_, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Name: pointer("x"), Email: &taken.Email})
		is(t, err, sessionstore.ErrConflict)
		got, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
		equal(t, got, u)
	}},
	{"deleting a user takes sessions and accounts along, and nobody else's", func(t *testing.T, s Subject) {
		u, other := s.createUser(t), s.createUser(t)
		session, others := s.createSession(t, u.ID), s.createSession(t, other.ID)
		must(t, s.CreateAccount(t.Context(), s.newCredential(u.ID, "hash")))
		s.found(t, session, u)
		must(t, s.DeleteUser(t.Context(), u.ID))
		s.gone(t, session)
		_, err := s.FindUser(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
		list, err := s.ListAccounts(t.Context(), u.ID)
		must(t, err)
		equal(t, len(list), 0)
		s.found(t, others, other)
	}},
}
