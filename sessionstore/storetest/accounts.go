package storetest

import (
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

var accounts = []test{
	{"an account is read back as written", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		credential := s.newCredential(u.ID, "hash")
		must(t, s.CreateAccount(t.Context(), credential))
		s.Clock.Advance(time.Second)
		social := sessionstore.Account{
			ID: sessionstore.AccountID(sessionstore.NewID()), UserID: u.ID, ProviderID: "google", AccountID: "1234567890",
			AccessToken: pointer("access"), RefreshToken: pointer("refresh"), IDToken: pointer("id"),
			AccessTokenExpiresAt: pointer(s.now().Add(time.Hour)), RefreshTokenExpiresAt: pointer(s.now().Add(24 * time.Hour)),
			Scope: pointer("email,profile,openid"), CreatedAt: s.now(), UpdatedAt: s.now(),
		}
		must(t, s.CreateAccount(t.Context(), social))
		list, err := s.ListAccounts(t.Context(), u.ID)
		must(t, err)
		equal(t, list, []sessionstore.Account{credential, social})
	}},
	{"a missing user is ErrNotFound, a taken id ErrConflict", func(t *testing.T, s Subject) {
		is(t, s.CreateAccount(t.Context(), s.newCredential("nobody", "hash")), sessionstore.ErrNotFound)
		a := s.newCredential(s.createUser(t).ID, "hash")
		must(t, s.CreateAccount(t.Context(), a))
		is(t, s.CreateAccount(t.Context(), a), sessionstore.ErrConflict)
	}},
	{"the credential is found by user, and by address together with the user", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		_, err := s.FindCredential(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
		social := s.newCredential(u.ID, "")
		social.ProviderID, social.Password = "github", nil
		must(t, s.CreateAccount(t.Context(), social))
		got, account, err := s.FindUserWithCredential(t.Context(), u.Email)
		must(t, err)
		equal(t, got, u)
		equal(t, account, nil)

		credential := s.newCredential(u.ID, "hash")
		must(t, s.CreateAccount(t.Context(), credential))
		found, err := s.FindCredential(t.Context(), u.ID)
		must(t, err)
		equal(t, found, credential)
		got, account, err = s.FindUserWithCredential(t.Context(), u.Email)
		must(t, err)
		equal(t, got, u)
		equal(t, *account, credential)
	}},
	{"an unknown address is ErrNotFound", func(t *testing.T, s Subject) {
		_, _, err := s.FindUserWithCredential(t.Context(), "nobody@example.com")
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"a password is set where there is an account to hold it", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		set, err := s.SetPassword(t.Context(), u.ID, "first")
		must(t, err)
		equal(t, set, false)
		a := s.newCredential(u.ID, "first")
		must(t, s.CreateAccount(t.Context(), a))
		s.Clock.Advance(time.Second)
		set, err = s.SetPassword(t.Context(), u.ID, "second")
		must(t, err)
		equal(t, set, true)
		a.Password, a.UpdatedAt = pointer("second"), s.now()
		got, err := s.FindCredential(t.Context(), u.ID)
		must(t, err)
		equal(t, got, a)
	}},
	{"a hash is upgraded only while it is the one that was checked", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		a := s.newCredential(u.ID, "old")
		must(t, s.CreateAccount(t.Context(), a))
		for _, want := range []bool{true, false} {
			did, err := s.UpgradePassword(t.Context(), a.ID, "old", "new")
			must(t, err)
			equal(t, did, want)
		}
		got, err := s.FindCredential(t.Context(), u.ID)
		must(t, err)
		equal(t, *got.Password, "new")
	}},
	{"a password is held only while it is the one that was checked", func(t *testing.T, s Subject) {
		a := s.newCredential(s.createUser(t).ID, "hash")
		must(t, s.CreateAccount(t.Context(), a))
		for hash, want := range map[string]bool{"hash": true, "another": false} {
			must(t, s.InTx(t.Context(), func(tx *sessionstore.Store) error {
				held, err := tx.HoldPassword(t.Context(), a.ID, hash)
				equal(t, held, want)
				return err
			}))
		}
	}},
}
