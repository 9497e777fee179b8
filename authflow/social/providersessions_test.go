package social

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

func eachProviderSessions(t *testing.T, test func(t *testing.T, store *sessionstore.Store, p *ProviderSessions, clock *storetest.Clock)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		p, err := NewProviderSessions(store, clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		test(t, store, p, clock)
	})
}

func inTx(t *testing.T, store *sessionstore.Store, do func(tx *sessionstore.Store) error) {
	t.Helper()
	if err := store.InTx(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func (p *ProviderSessions) taken(t *testing.T, store *sessionstore.Store, provider, subject, sid string) (ids []string) {
	t.Helper()
	inTx(t, store, func(tx *sessionstore.Store) error {
		found, err := p.take(t.Context(), tx, provider, subject, sid)
		for _, s := range found {
			ids = append(ids, string(s.session)+" of "+string(s.user))
		}
		return err
	})
	slices.Sort(ids)
	return ids
}

func TestProviderSessionsAreFoundBySIDOrSubjectAndOnce(t *testing.T) {
	t.Parallel()
	eachProviderSessions(t, func(t *testing.T, store *sessionstore.Store, p *ProviderSessions, _ *storetest.Clock) {
		inTx(t, store, func(tx *sessionstore.Store) error {
			for _, s := range []providerSession{
				{"s1", "u1", "acme", "ada", "sid-1"}, {"s2", "u1", "acme", "ada", "sid-2"}, {"s3", "u1", "acme", "ada", "sid-2"}, {"s4", "u2", "acme", "grace", "sid-4"},
				{"s5", "u3", "other", "ada", "sid-1"}, {"s6", "u1", "acme", "ada", ""},
			} {
				if err := p.remember(t.Context(), tx, s); err != nil {
					return err
				}
			}
			return nil
		})
		for id, want := range map[string]string{"s1": "acme", "s5": "other", "nobody": ""} {
			if got, err := p.providerOf(t.Context(), sessionstore.SessionID(id)); err != nil || got != want {
				t.Errorf("%s was begun with %q, %v", id, got, err)
			}
		}
		for _, tt := range []struct {
			provider, subject, sid string
			want                   []string
		}{
			{"acme", "grace", "sid-1", nil}, // somebody else's
			{"acme", "", "sid-1", []string{"s1 of u1"}},
			{"acme", "", "sid-1", nil}, // that was it
			{"acme", "ada", "sid-2", []string{"s2 of u1", "s3 of u1"}},
			{"acme", "", "", nil},
			{"acme", "ada", "", []string{"s6 of u1"}},
			{"acme", "grace", "", []string{"s4 of u2"}},
			{"other", "ada", "", []string{"s5 of u3"}},
		} {
			if got := p.taken(t, store, tt.provider, tt.subject, tt.sid); !slices.Equal(got, tt.want) {
				t.Errorf("%s %q %q: %v, want %v", tt.provider, tt.subject, tt.sid, got, tt.want)
			}
		}
	})
}

func TestALogoutTokenIsSeenForTheFirstTimeOnce(t *testing.T) {
	t.Parallel()
	eachProviderSessions(t, func(t *testing.T, store *sessionstore.Store, p *ProviderSessions, _ *storetest.Clock) {
		var first atomic.Int64
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				err := store.InTx(context.WithoutCancel(t.Context()), func(tx *sessionstore.Store) error {
					fresh, err := p.use(t.Context(), tx, "acme", "jti-1", time.Hour)
					if fresh {
						first.Add(1)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if first.Load() != 1 {
			t.Errorf("%d were the first", first.Load())
		}
		inTx(t, store, func(tx *sessionstore.Store) error {
			for provider, jti := range map[string]string{"other": "jti-1", "acme": "jti-2"} {
				if fresh, err := p.use(t.Context(), tx, provider, jti, time.Hour); err != nil || !fresh {
					t.Errorf("%s %s: %v, %v", provider, jti, fresh, err)
				}
			}
			return nil
		})
	})
}

func TestRowsOfNoUseAreRemoved(t *testing.T) {
	t.Parallel()
	eachProviderSessions(t, func(t *testing.T, store *sessionstore.Store, p *ProviderSessions, clock *storetest.Clock) {
		inTx(t, store, func(tx *sessionstore.Store) error {
			for _, user := range []string{"u1"} {
				err := tx.CreateUser(t.Context(), &sessionstore.User{ID: sessionstore.UserID(user), Email: user + "@people.test", Name: user, CreatedAt: clock.Now(), UpdatedAt: clock.Now()})
				if err != nil {
					return err
				}
			}
			if err := tx.CreateSession(t.Context(), &sessionstore.Session{
				ID: "alive", UserID: "u1", Token: "t", ExpiresAt: clock.Now().Add(24 * time.Hour), CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
			}); err != nil {
				return err
			}
			for _, id := range []string{"alive", "gone", "gone-2"} {
				if err := p.remember(t.Context(), tx, providerSession{sessionstore.SessionID(id), "u1", "acme", "ada", id}); err != nil {
					return err
				}
			}
			_, err := p.use(t.Context(), tx, "acme", "jti", 30*time.Minute)
			return err
		})
		tidy := func(batch int) int64 {
			n, err := p.Tidy(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := tidy(10); n != 0 {
			t.Errorf("%d rows removed at once", n)
		}
		clock.Advance(2 * time.Hour)
		if n := tidy(1); n != 1 {
			t.Errorf("%d rows in a batch of one", n)
		}
		if n := tidy(10); n != 1 {
			t.Errorf("%d rows in the rest", n)
		}
		if got := p.taken(t, store, "acme", "ada", ""); !slices.Equal(got, []string{"alive of u1"}) {
			t.Errorf("left: %v", got)
		}
		inTx(t, store, func(tx *sessionstore.Store) error {
			if fresh, err := p.use(t.Context(), tx, "acme", "jti", time.Hour); err != nil || !fresh {
				t.Errorf("a token whose time is over is still known: %v, %v", fresh, err)
			}
			return nil
		})
	})
}
