package storetest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// millis is the precision of rows.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func (s Subject) now() time.Time { return millis(s.Clock.Now()) }

// newUser is a user as they are read back.
func (s Subject) newUser() sessionstore.User {
	id := sessionstore.NewID()
	return sessionstore.User{
		ID: sessionstore.UserID(id), Name: "Ada Lovelace", Email: strings.ToLower(id) + "@example.com",
		CreatedAt: s.now(), UpdatedAt: s.now(),
	}
}

func (s Subject) createUser(t *testing.T) sessionstore.User {
	t.Helper()
	u := s.newUser()
	must(t, s.CreateUser(t.Context(), &u))
	return u
}

func (s Subject) newSession(user sessionstore.UserID) sessionstore.Session {
	address, agent := "203.0.113.7", "curl/8"
	return sessionstore.Session{
		ID: sessionstore.SessionID(sessionstore.NewID()), UserID: user, Token: sessionstore.Token(sessionstore.NewID()),
		ExpiresAt: s.now().Add(time.Hour), CreatedAt: s.now(), UpdatedAt: s.now(), IPAddress: &address, UserAgent: &agent,
	}
}

func (s Subject) createSession(t *testing.T, user sessionstore.UserID) sessionstore.Session {
	t.Helper()
	session := s.newSession(user)
	must(t, s.CreateSession(t.Context(), &session))
	return session
}

func (s Subject) newCredential(user sessionstore.UserID, hash string) sessionstore.Account {
	return sessionstore.Account{
		ID: sessionstore.AccountID(sessionstore.NewID()), UserID: user, ProviderID: sessionstore.CredentialProvider, AccountID: string(user),
		Password: &hash, CreatedAt: s.now(), UpdatedAt: s.now(),
	}
}

func (s Subject) createVerification(t *testing.T, identifier string, life time.Duration) sessionstore.Verification {
	t.Helper()
	v := sessionstore.Verification{
		ID: sessionstore.VerificationID(sessionstore.NewID()), Identifier: identifier, Value: "value of " + identifier,
		ExpiresAt: s.now().Add(life), CreatedAt: s.now(), UpdatedAt: s.now(),
	}
	must(t, s.CreateVerification(t.Context(), v))
	return v
}

// found asserts that the token answers with exactly this session and user.
func (s Subject) found(t *testing.T, session sessionstore.Session, user sessionstore.User) {
	t.Helper()
	identity, err := s.Find(t.Context(), session.Token)
	must(t, err)
	equal(t, *identity, sessionstore.Identity{Session: session, User: user})
}

// gone asserts that the token answers with nobody.
func (s Subject) gone(t *testing.T, session sessionstore.Session) {
	t.Helper()
	_, err := s.Find(t.Context(), session.Token)
	is(t, err, sessionstore.ErrNotFound)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func equal[T any](t testing.TB, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func pointer[T any](v T) *T { return &v }
