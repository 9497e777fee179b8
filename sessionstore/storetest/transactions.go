package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/posternhq/postern/sessionstore"
)

var errAborted = errors.New("aborted by the test")

var transactions = []test{
	{"everything in a transaction happens", func(t *testing.T, s Subject) {
		u := s.newUser()
		session := s.newSession(u.ID)
		s.gone(t, session) // remembered as unknown
		must(t, s.InTx(t.Context(), func(tx *sessionstore.Store) error {
			must(t, tx.CreateUser(t.Context(), &u))
			must(t, tx.CreateSession(t.Context(), &session))
			_, err := tx.FindSession(t.Context(), session.Token)
			return err
		}))
		s.found(t, session, u)
	}},
	{"or nothing does", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		session := s.createSession(t, u.ID)
		s.found(t, session, u)
		err := s.InTx(t.Context(), func(tx *sessionstore.Store) error {
			if _, err := tx.DeleteSessions(t.Context(), u.ID); err != nil {
				return err
			}
			if _, err := tx.FindSession(t.Context(), session.Token); !errors.Is(err, sessionstore.ErrNotFound) {
				t.Errorf("deleted session within the transaction: %v", err)
			}
			return errAborted
		})
		is(t, err, errAborted)
		s.found(t, session, u)
	}},
	{"a transaction within one joins it", func(t *testing.T, s Subject) {
		u := s.newUser()
		err := s.InTx(t.Context(), func(tx *sessionstore.Store) error {
			must(t, tx.InTx(t.Context(), func(inner *sessionstore.Store) error { return inner.CreateUser(t.Context(), &u) }))
			return errAborted
		})
		is(t, err, errAborted)
		_, err = s.FindUser(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"after a failed statement it only rolls back", func(t *testing.T, s Subject) {
		taken, u := s.createUser(t), s.newUser()
		err := s.InTx(t.Context(), func(tx *sessionstore.Store) error {
			must(t, tx.CreateUser(t.Context(), &u))
			is(t, tx.CreateUser(t.Context(), &taken), sessionstore.ErrConflict)
			_, err := tx.FindUser(t.Context(), u.ID)
			is(t, err, sessionstore.ErrConflict)
			return nil
		})
		is(t, err, sessionstore.ErrConflict)
		_, err = s.FindUser(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"a row that is not found does not fail it", func(t *testing.T, s Subject) {
		u := s.newUser()
		must(t, s.InTx(t.Context(), func(tx *sessionstore.Store) error {
			_, err := tx.FindUser(t.Context(), u.ID)
			is(t, err, sessionstore.ErrNotFound)
			return tx.CreateUser(t.Context(), &u)
		}))
		_, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
	}},
	{"a panic rolls back", func(t *testing.T, s Subject) {
		u := s.newUser()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("panic was swallowed")
				}
			}()
			_ = s.InTx(t.Context(), func(tx *sessionstore.Store) error {
				must(t, tx.CreateUser(t.Context(), &u))
				panic("in the middle")
			})
		}()
		_, err := s.FindUser(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
		must(t, s.CreateUser(t.Context(), &u))
	}},
	{"a caller who leaves gets their own error, and leaves nothing behind", func(t *testing.T, s Subject) {
		u := s.newUser()
		ctx, cancel := context.WithCancel(t.Context())
		err := s.InTx(ctx, func(tx *sessionstore.Store) error {
			must(t, tx.CreateUser(ctx, &u))
			cancel()
			_, err := tx.FindUser(ctx, u.ID)
			return err
		})
		is(t, err, context.Canceled)
		if errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("a cancelled caller is no outage: %v", err)
		}
		_, err = s.FindUser(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
		must(t, s.CreateUser(t.Context(), &u))
	}},
}
