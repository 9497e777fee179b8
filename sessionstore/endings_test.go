package sessionstore

import (
	"fmt"
	"testing"
	"time"
)

func TestWhatEndsSessionsIsRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do        func(t *testing.T, b *bench, other Session)
		own, kept bool // whether the session, and another one of the user, may have ended
	}{
		"nothing": {func(*testing.T, *bench, Session) {}, false, false},
		"reading": {func(t *testing.T, b *bench, _ Session) {
			_, err := b.FindSession(t.Context(), b.session.Token)
			check(t, err)
		}, false, false},
		"reading again": {func(t *testing.T, b *bench, _ Session) {
			_, err := b.ReloadSession(t.Context(), b.session.Token)
			check(t, err)
		}, false, false},
		"another sign-in": {func(t *testing.T, b *bench, _ Session) { b.create(t, "third") }, false, false},
		"renewing": {func(t *testing.T, b *bench, _ Session) {
			b.renew(t)
			check(t, b.WriteRenewals(t.Context()))
		}, false, false},
		"another name": {func(t *testing.T, b *bench, _ Session) {
			name := "Countess"
			_, err := b.UpdateUser(t.Context(), b.user.ID, UserChange{Name: &name})
			check(t, err)
		}, false, false},
		"deleting it": {func(t *testing.T, b *bench, _ Session) {
			_, err := b.DeleteSession(t.Context(), b.session.Token)
			check(t, err)
		}, true, false},
		"once expired": {func(t *testing.T, b *bench, _ Session) {
			_, err := b.DeleteExpiredSession(t.Context(), b.session.Token)
			check(t, err)
		}, true, false},
		"by its id": {func(t *testing.T, b *bench, _ Session) {
			_, err := b.DeleteSessionByID(t.Context(), b.user.ID, b.session.ID)
			check(t, err)
		}, true, true},
		"the others": {func(t *testing.T, b *bench, other Session) {
			_, err := b.DeleteOtherSessions(t.Context(), b.user.ID, other.Token)
			check(t, err)
		}, true, true},
		"all": {func(t *testing.T, b *bench, _ Session) {
			_, err := b.DeleteSessions(t.Context(), b.user.ID)
			check(t, err)
		}, true, true},
		"the user":          {func(t *testing.T, b *bench, _ Session) { check(t, b.DeleteUser(t.Context(), b.user.ID)) }, true, true},
		"heard of":          {func(_ *testing.T, b *bench, _ Session) { b.Forget(b.session.Token.Key()) }, true, false},
		"heard of another":  {func(_ *testing.T, b *bench, _ Session) { b.ForgetUser("somebody else") }, false, false},
		"heard of all":      {func(_ *testing.T, b *bench, _ Session) { b.ForgetUser(b.user.ID) }, true, true},
		"heard of anything": {func(_ *testing.T, b *bench, _ Session) { b.ForgetAll() }, true, true},
		"in a transaction": {func(t *testing.T, b *bench, _ Session) {
			check(t, b.InTx(t.Context(), func(tx *Store) error { _, err := tx.DeleteSession(t.Context(), b.session.Token); return err }))
		}, true, false},
		"in one undone": {func(t *testing.T, b *bench, _ Session) {
			undo := fmt.Errorf("undo")
			if err := b.InTx(t.Context(), func(tx *Store) error {
				_, err := tx.DeleteSession(t.Context(), b.session.Token)
				check(t, err)
				return undo
			}); err != undo {
				t.Error(err)
			}
		}, false, false},
	} {
		for _, size := range []int{100, 0} {
			t.Run(fmt.Sprintf("%s, size %d", name, size), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, CacheConfig{Size: size, TTL: time.Minute})
				other := b.create(t, "other")
				b.advance(time.Second)
				before := b.time()
				b.advance(time.Second)
				c.do(t, b, other)
				if got := b.MayHaveEnded(b.session.Token, b.user.ID, before); got != c.own {
					t.Errorf("may have ended: %t, want %t", got, c.own)
				}
				if got := b.MayHaveEnded(other.Token, b.user.ID, before); got != c.kept {
					t.Errorf("the other may have ended: %t, want %t", got, c.kept)
				}
				if got := b.MayHaveEnded(b.session.Token, b.user.ID, b.time()); got != c.own {
					t.Errorf("may have ended at this moment: %t, want %t", got, c.own)
				}
				if b.MayHaveEnded(b.session.Token, b.user.ID, b.time().Add(time.Millisecond)) {
					t.Error("may have ended later")
				}
			})
		}
	}
}

// Another has ended the session, and nobody says so: it was looked for, and was not there.
func TestASessionThatWasNotFoundIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, CacheConfig{Size: 100, TTL: time.Minute, NegativeTTL: time.Second})
	b.advance(time.Second)
	before := b.time()
	b.advance(time.Second)
	if _, err := b.Store.exec(t.Context(), "DeleteSession", string(b.session.Token)); err != nil {
		t.Fatal(err)
	}
	if b.MayHaveEnded(b.session.Token, b.user.ID, before) {
		t.Error("known although nobody has told or asked")
	}
	if _, err := b.FindSession(t.Context(), b.session.Token); err != ErrNotFound {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	if !b.MayHaveEnded(b.session.Token, b.user.ID, before) || !b.MayHaveEnded(b.session.Token, b.user.ID, b.time()) {
		t.Error("not known although it was found out")
	}
}

func TestOfTheTimeBeforeTheStartNothingIsKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t, CacheConfig{Size: 1})
	if !b.MayHaveEnded("x", "y", b.time()) || !b.MayHaveEnded("x", "y", b.time().Add(-time.Hour)) || b.MayHaveEnded("x", "y", b.time().Add(time.Millisecond)) {
		t.Error("what was before is taken for known, or what comes after for unknown")
	}
}

func TestWhatIsForgottenIsNotKnownForCertain(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	e := newEndings(start, 3)
	for i := range 5 {
		e.add(change{token: Token(fmt.Sprint("token-", i)).Key()}, at(10*(i+1)))
	}
	// Remembered are the last three, at 30, 40 and 50; of the time up to 20 nothing is certain any more.
	for second, want := range map[int]bool{5: true, 20: true, 21: false, 60: false} {
		if got := e.anySince(Token("another").Key(), "nobody", at(second)); got != want {
			t.Errorf("since %d: %t, want %t", second, got, want)
		}
	}
	if !e.anySince(Token("token-4").Key(), "", at(45)) || e.anySince(Token("token-4").Key(), "", at(55)) {
		t.Error("the latest is not remembered, or for ever")
	}
	e.add(change{token: Token("token-2").Key()}, at(60)) // again, which makes it the youngest
	e.add(change{user: "ada"}, at(70))
	e.add(change{token: Token("token-5").Key()}, at(80))
	if e.anySince(Token("another").Key(), "", at(41)) || !e.anySince(Token("another").Key(), "", at(40)) || !e.anySince(Token("another").Key(), "ada", at(65)) {
		t.Error("not the oldest was forgotten")
	}
}
