package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// newSocial is an account with every token, as it is read back.
func (s Subject) newSocial(user sessionstore.UserID, provider, subject string) sessionstore.Account {
	return sessionstore.Account{
		ID: sessionstore.AccountID(sessionstore.NewID()), UserID: user, ProviderID: provider, AccountID: subject,
		AccessToken: pointer("access"), RefreshToken: pointer("refresh"), IDToken: pointer("id"),
		AccessTokenExpiresAt: pointer(s.now().Add(time.Hour)), RefreshTokenExpiresAt: pointer(s.now().Add(24 * time.Hour)),
		Scope: pointer("email,profile,openid"), CreatedAt: s.now(), UpdatedAt: s.now(),
	}
}

var linked = []test{
	{"an account is found by provider and subject, exactly", func(t *testing.T, s Subject) {
		a := s.newSocial(s.createUser(t).ID, "google", "Subject-1")
		must(t, s.CreateAccount(t.Context(), a))
		got, err := s.FindAccount(t.Context(), "google", "Subject-1", "")
		must(t, err)
		equal(t, got, a)
		for _, other := range [][2]string{{"github", "Subject-1"}, {"google", "subject-1"}, {"google", "Subject-1 "}, {"google", ""}, {"Google", "Subject-1"}} {
			_, err := s.FindAccount(t.Context(), other[0], other[1], "")
			is(t, err, sessionstore.ErrNotFound)
		}
	}},
	{"an identity that two accounts have is ErrConflict", func(t *testing.T, s Subject) {
		for range 2 {
			must(t, s.CreateAccount(t.Context(), s.newSocial(s.createUser(t).ID, "google", "twice")))
		}
		_, err := s.FindAccount(t.Context(), "google", "twice", "")
		is(t, err, sessionstore.ErrConflict)
	}},
	{"an account is found by its id for its own user only", func(t *testing.T, s Subject) {
		a := s.newSocial(s.createUser(t).ID, "google", "mine")
		must(t, s.CreateAccount(t.Context(), a))
		got, err := s.FindUserAccount(t.Context(), a.UserID, a.ID)
		must(t, err)
		equal(t, got, a)
		_, err = s.FindUserAccount(t.Context(), s.createUser(t).ID, a.ID)
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"tokens change where they are given, and nothing else does", func(t *testing.T, s Subject) {
		a := s.newSocial(s.createUser(t).ID, "google", "tokens")
		must(t, s.CreateAccount(t.Context(), a))
		s.Clock.Advance(time.Second)
		there, err := s.UpdateTokens(t.Context(), a.ID, sessionstore.TokenChange{AccessToken: pointer("newer"), AccessTokenExpiresAt: pointer(s.now())})
		must(t, err)
		equal(t, there, true)
		a.AccessToken, a.AccessTokenExpiresAt, a.UpdatedAt = pointer("newer"), pointer(s.now()), s.now()
		got, err := s.FindUserAccount(t.Context(), a.UserID, a.ID)
		must(t, err)
		equal(t, got, a)

		change := sessionstore.TokenChange{RefreshToken: pointer("r2"), IDToken: pointer("i2"), RefreshTokenExpiresAt: pointer(s.now()), Scope: pointer("email")}
		_, err = s.UpdateTokens(t.Context(), a.ID, change)
		must(t, err)
		a.RefreshToken, a.IDToken, a.RefreshTokenExpiresAt, a.Scope = change.RefreshToken, change.IDToken, change.RefreshTokenExpiresAt, change.Scope
		got, err = s.FindUserAccount(t.Context(), a.UserID, a.ID)
		must(t, err)
		equal(t, got, a)
		there, err = s.UpdateTokens(t.Context(), "none", change)
		must(t, err)
		equal(t, there, false)
	}},
	{"tokens are replaced only while the redeemed refresh token is the stored one", func(t *testing.T, s Subject) {
		a := s.newSocial(s.createUser(t).ID, "google", "refresh")
		must(t, s.CreateAccount(t.Context(), a))
		for _, want := range []bool{true, false} {
			did, err := s.ReplaceTokens(t.Context(), a.ID, "refresh", sessionstore.TokenChange{AccessToken: pointer("a2"), RefreshToken: pointer("r2")})
			must(t, err)
			equal(t, did, want)
		}
		got, err := s.FindUserAccount(t.Context(), a.UserID, a.ID)
		must(t, err)
		equal(t, [2]string{*got.AccessToken, *got.RefreshToken}, [2]string{"a2", "r2"})
	}},
	{"an account is deleted by its own user only", func(t *testing.T, s Subject) {
		a := s.newSocial(s.createUser(t).ID, "google", "unlinked")
		must(t, s.CreateAccount(t.Context(), a))
		for _, test := range []struct {
			user sessionstore.UserID
			want bool
		}{{s.createUser(t).ID, false}, {a.UserID, true}, {a.UserID, false}} {
			did, err := s.DeleteAccount(t.Context(), test.user, a.ID)
			must(t, err)
			equal(t, did, test.want)
		}
	}},
	{"of 20 accounts for one identity, held and looked for first, one is created", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		taken := errors.New("identity is taken")
		equal(t, race(t, 20, taken, func() error {
			return s.InTx(t.Context(), func(tx *sessionstore.Store) error {
				if err := tx.HoldIdentity(t.Context(), "google", "contested"); err != nil {
					return err
				}
				switch _, err := tx.FindAccount(t.Context(), "google", "contested", ""); {
				case err == nil:
					return taken
				case !errors.Is(err, sessionstore.ErrNotFound):
					return err
				}
				return tx.CreateAccount(t.Context(), s.newSocial(u.ID, "google", "contested"))
			})
		}), 1)
	}},
	{"of 10 unlinkings that each leave one account, held first, one happens", func(t *testing.T, s Subject) {
		u := s.createUser(t)
		list := make(chan sessionstore.AccountID, 10)
		for i := range 10 {
			a := s.newSocial(u.ID, "google", "last-"+string(rune('a'+i)))
			if i < 2 {
				must(t, s.CreateAccount(t.Context(), a))
			}
			list <- a.ID
		}
		last := errors.New("it is the last")
		equal(t, race(t, 10, last, func() error {
			id := <-list
			return s.InTx(t.Context(), func(tx *sessionstore.Store) error {
				if err := tx.HoldUserAccounts(t.Context(), u.ID); err != nil {
					return err
				}
				if accounts, err := tx.ListAccounts(t.Context(), u.ID); err != nil || len(accounts) < 2 {
					return errors.Join(err, last)
				}
				if did, err := tx.DeleteAccount(t.Context(), u.ID, id); err != nil || !did {
					return errors.Join(err, last)
				}
				return nil
			})
		}), 1)
	}},
}
