package jwt

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
	"github.com/posternhq/postern/test/postgres"
)

func TestEveryAlgorithmMakesAKeyAndATokenThatVerifies(t *testing.T) {
	t.Parallel()
	for alg, want := range map[Algorithm]struct{ crv, kty string }{EdDSA: {"Ed25519", "OKP"}, ES256: {"P-256", "EC"}, RS256: {"", "RSA"}} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, store *sessionstore.Store) {
				f := newFixture(t, store, func(cfg *Config, _ *authflow.Core) { cfg.Algorithm = string(alg) })
				token := f.mustSign(t)
				said, err := f.service(t).check(token)
				if err != nil || said["sub"] != "ada" {
					t.Fatalf("%v, %v", said, err)
				}
				rows := f.rows(t)
				if len(rows) != 1 || *rows[0].alg != string(alg) || rows[0].expiresAt != nil || len(rows[0].id) != 32 {
					t.Fatalf("%d rows, the first %s %v", len(rows), rows[0].id, rows[0].expiresAt)
				}
				if got := rows[0].crv; (got == nil) != (want.crv == "") || got != nil && *got != want.crv {
					t.Errorf("crv is %v", got)
				}
				keys, err := f.keys.public(t.Context())
				if err != nil || len(keys) != 1 || keys[0].Kty != want.kty || keys[0].Alg != string(alg) || keys[0].Kid != rows[0].id {
					t.Errorf("key set %+v, %v", keys, err)
				}
				if header := decodeToken(t, token).header; header["kid"] != rows[0].id || header["alg"] != string(alg) || len(header) != 2 {
					t.Errorf("header %v", header)
				}
			})
		})
	}
}

func TestTwentyFirstCallsMakeOneKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		f := newFixture(t, store)
		var all sync.WaitGroup
		tokens := make([]string, 20)
		for i := range tokens {
			all.Go(func() {
				if i%4 == 0 {
					if _, err := f.keys.public(t.Context()); err != nil {
						t.Error(err)
					}
				}
				token, err := f.sign(t.Context(), ada)
				if err != nil {
					t.Error(err)
				}
				tokens[i] = token
			})
		}
		all.Wait()
		if n := len(f.rows(t)); n != 1 {
			t.Errorf("%d keys", n)
		}
		s := f.service(t)
		for _, token := range tokens {
			if _, err := s.check(token); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestReplicasThatBeginTogetherTakeEachOthersTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		replicas := make([]fixture, 4)
		for i := range replicas {
			replicas[i] = newFixture(t, store)
		}
		tokens := make([]string, len(replicas))
		var all sync.WaitGroup
		for i, f := range replicas {
			all.Go(func() {
				var err error
				if tokens[i], err = f.sign(t.Context(), ada); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, f := range replicas {
			for _, token := range tokens {
				if _, err := f.service(t).check(token); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestAKeyIsRotatedAndKeptForTheGracePeriod(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		f := newFixture(t, store, func(cfg *Config, _ *authflow.Core) {
			cfg.RotationInterval, cfg.GracePeriod = time.Hour, 2*time.Hour
		})
		published := func() (kids []string) {
			keys, err := f.keys.public(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				kids = append(kids, key.Kid)
			}
			return kids
		}
		first := kidOf(t, f.mustSign(t))
		f.clock.Advance(time.Hour - time.Second)
		last := f.mustSign(t)
		if kidOf(t, last) != first {
			t.Error("rotated too early")
		}
		f.clock.Advance(time.Second)
		second := kidOf(t, f.mustSign(t))
		if second == first {
			t.Error("signed with an expired key")
		}
		if got := published(); !slices.Equal(got, []string{second, first}) {
			t.Errorf("published %v", got)
		}
		if _, err := f.service(t).check(last); err != nil {
			t.Errorf("the last token of the old key: %v", err)
		}
		f.clock.Advance(2*time.Hour - time.Second)
		if got := published(); !slices.Contains(got, first) {
			t.Errorf("left out before the grace period is over: %v", got)
		}
		f.clock.Advance(time.Second)
		if got := published(); slices.Contains(got, first) {
			t.Errorf("published after the grace period: %v", got)
		}
	})
}

func TestTheConfiguredAlgorithmGoesBeforeANewerKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		elliptic := newFixture(t, store, func(cfg *Config, _ *authflow.Core) { cfg.Algorithm = string(ES256) })
		kid := kidOf(t, elliptic.mustSign(t))
		other := newFixture(t, store)
		if got := kidOf(t, other.mustSign(t)); got != kid {
			t.Error("made a key although there is one, which better-auth would take")
		}
		edwards, err := other.keys.create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []fixture{elliptic, other} {
			f.clock.Advance(time.Minute)
		}
		if got := kidOf(t, elliptic.mustSign(t)); got != kid {
			t.Error("signs with a key of another algorithm")
		}
		if got := kidOf(t, other.mustSign(t)); got != edwards.id {
			t.Error("does not sign with the key of its algorithm")
		}
	})
}

func TestAPreviousSecretOpensKeysAndTheCurrentOneReplacesIt(t *testing.T) {
	t.Parallel()
	const next = "the-secret-after-the-first-one-0123456789"
	each(t, func(t *testing.T, store *sessionstore.Store) {
		kid := kidOf(t, newFixture(t, store).mustSign(t))
		if got := kidOf(t, newFixture(t, store, withSecrets(next, secret)).mustSign(t)); got != kid {
			t.Error("the key was not read under the previous secret")
		}
		alone := newFixture(t, store, withSecrets(next))
		if got := kidOf(t, alone.mustSign(t)); got != kid {
			t.Error("the key did not outlive the previous secret")
		}
		_, err := newFixture(t, store).sign(t.Context(), ada)
		if !errors.Is(err, errSecret) {
			t.Errorf("under a secret that is not known: %v", err)
		}
		if n := len(alone.rows(t)); n != 1 {
			t.Errorf("%d keys; one that cannot be read must not be hidden by another", n)
		}
	})
}

func TestADeletedOrReplacedKeyIsNoticed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		f := newFixture(t, store)
		first := f.mustSign(t)
		change, err := store.Statements(fstest.MapFS{"change.sql": {Data: []byte("-- name: Empty\nDELETE FROM {jwks};")}})
		if err != nil {
			t.Fatal(err)
		}
		empty := func() {
			if _, err := change.Exec(t.Context(), store, "Empty"); err != nil {
				t.Fatal(err)
			}
		}
		replacement, err := generate(EdDSA, authflow.NewKeys(secret))
		if err != nil {
			t.Fatal(err)
		}
		replacement.id, replacement.createdAt = kidOf(t, first), f.Core.Now()
		empty()
		if err := f.keys.table.create(t.Context(), replacement); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(31 * time.Second)
		if _, err := f.service(t).check(f.mustSign(t)); err != nil {
			t.Errorf("another key under the same id: %v", err)
		}
		if _, err := f.service(t).check(first); err == nil {
			t.Error("a token of the key that was replaced verifies")
		}
		empty()
		if set := f.keySet(t); strings.Contains(string(set), replacement.id) || !strings.Contains(string(set), `"kid"`) {
			t.Errorf("key set after all keys were deleted: %s", set)
		}
		if _, err := f.service(t).check(f.mustSign(t)); err != nil {
			t.Errorf("after all keys were deleted: %v", err)
		}
	})
}

func TestTheRememberedKeySignsWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	cluster, err := postgres.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := sessionstore.Config{URL: cluster.URL("postgres"), AutoMigrate: true}
	store := storetest.Open(t, cfg, sessionstore.Options{Migrations: []sessionstore.MigrationSet{Migrations()}})
	f := newFixture(t, store, func(cfg *Config, _ *authflow.Core) { cfg.RotationInterval = time.Hour })
	kid, s := kidOf(t, f.mustSign(t)), f.service(t)
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.clock.Advance(10 * time.Minute)
		token := f.mustSign(t)
		s.now = f.clock.Now()
		if _, err := s.check(token); err != nil || kidOf(t, token) != kid {
			t.Errorf("away: %v", err)
		}
	}
	f.clock.Advance(time.Hour)
	if _, err := f.sign(t.Context(), ada); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("signed with an expired key: %v", err)
	}
	if _, err := f.keys.public(t.Context()); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("key set: %v", err)
	}
}

func TestACallerWhoLeavesTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	f := newFixture(t, openSQLite(t))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := f.sign(gone, ada); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	f.mustSign(t)
	if n := len(f.rows(t)); n != 1 {
		t.Errorf("%d keys", n)
	}
}

// The table of better-auth 1.6 has neither alg nor crv.
func TestTheTableOfBetterAuth16IsUsedAsItIs(t *testing.T) {
	t.Parallel()
	create := func(timestamp string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`CREATE TABLE {jwks} ({jwks.id} text NOT NULL PRIMARY KEY, {jwks.publicKey} text NOT NULL,
			{jwks.privateKey} text NOT NULL, {jwks.createdAt} ` + timestamp + ` NOT NULL, {jwks.expiresAt} ` + timestamp + `)`)}
	}
	older := sessionstore.MigrationSet{Name: "older", FS: fstest.MapFS{
		"migrations/postgres/0001_jwks.sql": create("timestamptz"), "migrations/sqlite/0001_jwks.sql": create("date"),
	}}
	for name, config := range map[string]func(testing.TB) sessionstore.Config{"postgres": storetest.PostgreSQL, "sqlite": storetest.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t)
			if _, err := sessionstore.Migrate(t.Context(), cfg, []sessionstore.MigrationSet{older}, nil); err != nil {
				t.Fatal(err)
			}
			store := storetest.Open(t, cfg, sessionstore.Options{Migrations: []sessionstore.MigrationSet{older, Migrations()}})
			for _, alg := range []Algorithm{RS256, ES256, EdDSA} {
				f := newFixture(t, store, func(cfg *Config, _ *authflow.Core) { cfg.Algorithm = string(alg) })
				made, err := f.keys.create(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				token := f.mustSign(t)
				if _, err := f.service(t).check(token); err != nil || kidOf(t, token) != made.id {
					t.Errorf("%s: %v", alg, err)
				}
				for _, r := range f.rows(t) {
					if r.alg != nil || r.crv != nil {
						t.Error("alg and crv out of nowhere")
					}
				}
			}
		})
	}
}

func TestNothingPrivateIsEverShown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		f := newFixture(t, store)
		var shown strings.Builder
		shown.WriteString(f.mustSign(t))
		good := f.rows(t)[0]
		plain, _, err := unseal(authflow.NewKeys(secret), good.privateKey)
		if err != nil {
			t.Fatal(err)
		}
		var private struct{ D string }
		if err := json.Unmarshal(plain, &private); err != nil || len(private.D) != 43 {
			t.Fatalf("%v", err)
		}
		// Rows as nobody should make them: everything in the public column, a symmetric key, JSON that breaks off within a key.
		alg := "EdDSA"
		canary := "canary-" + private.D
		for i, odd := range []row{
			{publicKey: string(plain), privateKey: `{"kty":"OKP","crv":"Ed25519","d":"` + canary + `"}`},
			{publicKey: `{"kty":"oct","k":"` + canary + `"}`, privateKey: `{"kty":"oct","k":"` + canary + `"}`},
			{publicKey: `{"kty":"OKP","d":"` + canary, privateKey: `{"d":"` + canary},
		} {
			odd.id, odd.alg, odd.createdAt = sessionstore.NewID(), &alg, f.Core.Now().Add(time.Duration(i+1)*time.Second)
			if err := f.keys.table.create(t.Context(), odd); err != nil {
				t.Fatal(err)
			}
			f.clock.Advance(time.Minute)
			token, err := f.sign(t.Context(), ada)
			shown.WriteString(token)
			if err != nil {
				shown.WriteString(err.Error())
			}
			shown.Write(f.keySet(t))
		}
		shown.WriteString(f.log.String())
		for _, hidden := range []string{private.D, "canary", secret, strings.Trim(good.privateKey, `"`)} {
			if strings.Contains(shown.String(), hidden) {
				t.Errorf("%.20s… is in\n%s", hidden, shown.String())
			}
		}
		if keys, err := f.keys.public(t.Context()); err != nil || len(keys) != 2 {
			t.Errorf("%d keys in the set, %v; want the good one and the public half of the first odd one", len(keys), err)
		}
	})
}
