package storetest

import (
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// mappings are the layouts a store must work with alike. The last one has names that must be quoted.
var mappings = map[string]sessionstore.Schema{
	"better-auth":  {Preset: sessionstore.PresetBetterAuth},
	"prisma-snake": {Preset: sessionstore.PresetPrismaSnake},
	"explicit": {Preset: sessionstore.PresetPrismaSnake, Tables: map[string]sessionstore.TableNames{
		"user":         {Table: "Member\"s", Columns: map[string]string{"emailVerified": "verified?", "id": "select"}},
		"session":      {Table: "order", Columns: map[string]string{"userId": "Member Id", "token": "from"}},
		"verification": {Columns: map[string]string{"identifier": "{user}", "value": "$1"}},
	}},
}

func runMappings(t *testing.T, open func(t *testing.T, s Setup) Subject) {
	for name, schema := range mappings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			s := open(t, Setup{Schema: schema, Clock: clock})
			s.Clock = clock
			walk(t, s)
		})
	}
}

// walk touches every column of every table.
func walk(t *testing.T, s Subject) {
	u := s.createUser(t)
	a := s.newCredential(u.ID, "hash")
	must(t, s.CreateAccount(t.Context(), a))
	session, other := s.createSession(t, u.ID), s.createSession(t, u.ID)
	s.found(t, session, u)
	u, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Name: pointer("Grace"), EmailVerified: pointer(true)})
	must(t, err)
	s.found(t, session, u)
	got, account, err := s.FindUserWithCredential(t.Context(), u.Email)
	must(t, err)
	equal(t, got, u)
	equal(t, *account, a)
	equal(t, s.renew(t, session, s.now().Add(48*time.Hour)), true)
	list, err := s.ListSessions(t.Context(), u.ID)
	must(t, err)
	equal(t, len(list), 2)
	_, err = s.DeleteSessionByID(t.Context(), u.ID, other.ID)
	must(t, err)
	v := s.createVerification(t, "walk", time.Hour)
	consumed, err := s.ConsumeVerification(t.Context(), "walk")
	must(t, err)
	equal(t, consumed, v)
	_, _, err = s.DeleteExpired(t.Context(), s.now(), 10)
	must(t, err)
	must(t, s.DeleteUser(t.Context(), u.ID))
	s.gone(t, session)
}
