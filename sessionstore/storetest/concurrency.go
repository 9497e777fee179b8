package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// race runs n calls at once and counts those that succeed. The others must fail with want.
func race(t *testing.T, n int, want error, call func() error) int {
	t.Helper()
	start := make(chan struct{})
	results := make(chan error, n)
	for range n {
		go func() {
			<-start
			results <- call()
		}()
	}
	close(start)
	succeeded := 0
	for range n {
		switch err := <-results; {
		case err == nil:
			succeeded++
		case !errors.Is(err, want):
			t.Errorf("loser failed with %v, want %v", err, want)
		}
	}
	return succeeded
}

var concurrency = []test{
	{"of 50 redemptions of one verification one succeeds", func(t *testing.T, s Subject) {
		s.createVerification(t, "contested", time.Hour)
		equal(t, race(t, 50, sessionstore.ErrNotFound, func() error {
			_, err := s.ConsumeVerification(t.Context(), "contested")
			return err
		}), 1)
	}},
	{"of 50 redemptions in transactions one succeeds", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		must(t, s.CreateAccount(t.Context(), s.newCredential(u.ID, "old")))
		s.createVerification(t, "reset", time.Hour)
		equal(t, race(t, 50, sessionstore.ErrNotFound, func() error {
			return s.InTx(t.Context(), func(tx *sessionstore.Store) error {
				if _, err := tx.ConsumeVerification(t.Context(), "reset"); err != nil {
					return err
				}
				_, err := tx.SetPassword(t.Context(), u.ID, "new")
				return err
			})
		}), 1)
	}},
	{"of 20 users with one address one is created", func(t *testing.T, s Subject) {
		address := s.newUser().Email
		equal(t, race(t, 20, sessionstore.ErrConflict, func() error {
			u := s.newUser()
			u.Email = address
			return s.CreateUser(t.Context(), &u)
		}), 1)
	}},
	{"of 20 upgrades of one hash one succeeds", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		a := s.newCredential(u.ID, "old")
		must(t, s.CreateAccount(t.Context(), a))
		lost := errors.New("hash had changed")
		equal(t, race(t, 20, lost, func() error {
			did, err := s.UpgradePassword(t.Context(), a.ID, "old", "new "+sessionstore.NewID())
			if err == nil && !did {
				return lost
			}
			return err
		}), 1)
	}},
	{"a session that is deleted among look-ups is gone for whoever asks afterwards", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		for range 30 {
			session := s.createSession(t, u.ID)
			var readers sync.WaitGroup
			for range 8 {
				readers.Go(func() {
					for range 10 {
						if _, err := s.Find(t.Context(), session.Token); err != nil && !errors.Is(err, sessionstore.ErrNotFound) {
							t.Error(err)
						}
					}
				})
			}
			_, err := s.DeleteSession(t.Context(), session.Token)
			must(t, err)
			s.gone(t, session)
			readers.Wait()
			s.gone(t, session)
		}
	}},
	{"writers and readers side by side all finish", func(t *testing.T, s Subject) {
		var work sync.WaitGroup
		for range 40 {
			work.Go(func() {
				u := s.newUser()
				if err := s.CreateUser(t.Context(), &u); err != nil {
					t.Error(err)
					return
				}
				session := s.newSession(u.ID)
				if err := s.CreateSession(t.Context(), &session); err != nil {
					t.Error(err)
				}
				if _, err := s.Find(t.Context(), session.Token); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
	}},
}
