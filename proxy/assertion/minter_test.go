package assertion

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

const secret = "a secret of thirty-two characters or more"

func each(t *testing.T, test func(t *testing.T, store *sessionstore.Store)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{Migrations()}, test)
}

func config() Config {
	return Config{Enabled: true, Algorithm: EdDSA, TTL: time.Minute, Audience: "upstream", RotationInterval: 720 * time.Hour}
}

// replica is a minter of its own over the store.
func replica(t testing.TB, store *sessionstore.Store, clock *storetest.Clock, change ...func(*Config)) *Minter {
	t.Helper()
	c := config()
	for _, do := range change {
		do(&c)
	}
	m, err := New(t.Context(), c, store, authflow.NewKeys(secret), Options{Issuer: "https://app.example", Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ada() *sessionstore.Identity {
	roles := "user, admin"
	return &sessionstore.Identity{
		User:    sessionstore.User{ID: "u-ada", Name: "Ada \"L\" Zoë", Email: "ada@example.com", EmailVerified: true, Role: &roles},
		Session: sessionstore.Session{ID: "s-ada", Token: "token-of-ada"},
	}
}

func mint(t testing.TB, m *Minter, who *sessionstore.Identity, method, target string) string {
	t.Helper()
	line, err := m.Assert(who, method, target)
	if err != nil || len(line) != 1 {
		t.Fatalf("%q, %v", line, err)
	}
	return line[0]
}

// keySet is what an application fetches.
func keySet(t testing.TB, m *Minter) jose.JSONWebKeySet {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/jwks", nil))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || w.Code != 200 {
		t.Fatalf("key set: %d %s", w.Code, w.Body)
	}
	return set
}

// check verifies as an application would, by another library, and returns claims and key id.
func check(t testing.TB, set jose.JSONWebKeySet, token string, algorithm string) (map[string]any, string) {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	if err != nil {
		t.Fatalf("%s: %v", token, err)
	}
	header := parsed.Headers[0]
	if header.ExtraHeaders["typ"] != Type || header.Algorithm != algorithm {
		t.Errorf("header %+v", header)
	}
	var claims map[string]any
	if err := parsed.Claims(set, &claims); err != nil {
		t.Fatalf("key %s: %v", header.KeyID, err)
	}
	return claims, header.KeyID
}

func TestAnAssertionSaysWhoAsksForWhat(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		for _, algorithm := range []string{EdDSA, ES256, RS256} {
			m := replica(t, store, clock, func(c *Config) { c.Algorithm = algorithm })
			got, _ := check(t, keySet(t, m), mint(t, m, ada(), "POST", "/tasks/a%20b?page=2"), algorithm)
			now := float64(clock.Now().Unix())
			want := map[string]any{
				"iss": "https://app.example", "aud": "upstream", "sub": "u-ada", "sid": "s-ada", "email": "ada@example.com", "email_verified": true,
				"name": "Ada \"L\" Zoë", "roles": []any{"user", "admin"}, "method": "POST", "path": "/tasks/a%20b", "iat": now, "exp": now + 60,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %v\nwant %v", algorithm, got, want)
			}
		}
	})
}

func TestAssertionsAreUsedAgainOnlyWhereAllIsTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		m := replica(t, store, clock)
		first := mint(t, m, ada(), "GET", "/a?x=1")
		if again := mint(t, m, ada(), "GET", "/a?x=2"); again != first { // another copy of the same session
			t.Error("signed anew for the same")
		}
		clock.Advance(29 * time.Second)
		if again := mint(t, m, ada(), "GET", "/a"); again != first {
			t.Error("signed anew within half of its life")
		}
		seen := map[string]string{first: "the first"}
		for name, change := range map[string]func(*sessionstore.Identity) (string, string){
			"another method":      func(*sessionstore.Identity) (string, string) { return "POST", "/a" },
			"another path":        func(*sessionstore.Identity) (string, string) { return "GET", "/b" },
			"another spelling":    func(*sessionstore.Identity) (string, string) { return "GET", "/%61" },
			"another session":     func(i *sessionstore.Identity) (string, string) { i.Session.ID = "s-2"; return "GET", "/a" },
			"another user":        func(i *sessionstore.Identity) (string, string) { i.User.ID = "u-2"; return "GET", "/a" },
			"another address":     func(i *sessionstore.Identity) (string, string) { i.User.Email = "b@example.com"; return "GET", "/a" },
			"an unproved address": func(i *sessionstore.Identity) (string, string) { i.User.EmailVerified = false; return "GET", "/a" },
			"another name":        func(i *sessionstore.Identity) (string, string) { i.User.Name = "B"; return "GET", "/a" },
			"no roles":            func(i *sessionstore.Identity) (string, string) { i.User.Role = nil; return "GET", "/a" },
		} {
			who := ada()
			method, target := change(who)
			token := mint(t, m, who, method, target)
			if other := seen[token]; other != "" {
				t.Errorf("%s gets the assertion of %s", name, other)
			}
			seen[token] = name
			claims, _ := check(t, keySet(t, m), token, EdDSA)
			if claims["sub"] != string(who.User.ID) || claims["sid"] != string(who.Session.ID) || claims["method"] != method || claims["path"] != target || claims["email"] != who.User.Email {
				t.Errorf("%s: %v", name, claims)
			}
		}
		clock.Advance(time.Second)
		if again := mint(t, m, ada(), "GET", "/a"); again == first {
			t.Error("an assertion of which less than half is left")
		}
	})
}

func TestAssertionsForOneUseAreAllDifferent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		m := replica(t, store, storetest.NewClock(), func(c *Config) { c.SingleUse = true })
		seen := map[any]bool{}
		for range 3 {
			claims, _ := check(t, keySet(t, m), mint(t, m, ada(), "GET", "/a"), EdDSA)
			id, ok := claims["jti"].(string)
			if !ok || len(id) < 16 || seen[id] || claims["sub"] != "u-ada" || claims["path"] != "/a" {
				t.Errorf("%v, after %v", claims, seen)
			}
			seen[id] = true
		}
	})
}

func TestKeysRotateWithoutAGap(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		hourly := func(c *Config) { c.RotationInterval = 4 * time.Hour }
		replicas := []*Minter{replica(t, store, clock, hourly), replica(t, store, clock, hourly)}
		kids := map[string]bool{}
		var remembered jose.JSONWebKeySet // as a verifier has it that fetches keys every half an hour
		const step = 5 * time.Minute
		for n := range int(24 * time.Hour / step) {
			if n%6 == 0 {
				remembered = keySet(t, replicas[n/6%2])
			}
			for i, m := range replicas {
				if (n+i)%2 == 0 {
					if err := m.keys.refresh(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				_, kid := check(t, remembered, mint(t, m, ada(), "GET", fmt.Sprint("/", n)), EdDSA)
				kids[kid] = true
			}
			clock.Advance(step)
		}
		if len(kids) < 6 {
			t.Errorf("a day of rotating every four hours has seen %d keys", len(kids))
		}
		if rows, err := replicas[0].keys.table.list(t.Context()); err != nil || len(rows) > 4 {
			t.Errorf("%d keys are kept, %v", len(rows), err)
		}
	})
}

func TestReplicasTakeEachOthersAssertions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		replicas := make([]*Minter, 4)
		var all sync.WaitGroup
		for i := range replicas {
			all.Go(func() {
				var err error
				if replicas[i], err = New(t.Context(), config(), store, authflow.NewKeys(secret), Options{Now: clock.Now}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, m := range replicas {
			for _, other := range replicas {
				check(t, keySet(t, other), mint(t, m, ada(), "GET", "/"), EdDSA)
			}
		}
		clock.Advance(time.Minute)
		kids := map[string]bool{}
		for _, m := range replicas {
			if err := m.keys.refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, kid := check(t, keySet(t, m), mint(t, m, ada(), "GET", "/later"), EdDSA)
			kids[kid] = true
		}
		if len(kids) != 1 {
			t.Errorf("after a look at the table they sign with %d keys", len(kids))
		}
	})
}

func TestADeletedKeyIsReplacedWithoutARestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		m := replica(t, store, storetest.NewClock())
		_, kid := check(t, keySet(t, m), mint(t, m, ada(), "GET", "/"), EdDSA)
		if err := m.keys.table.delete(t.Context(), kid); err != nil {
			t.Fatal(err)
		}
		if err := m.keys.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, next := check(t, keySet(t, m), mint(t, m, ada(), "GET", "/"), EdDSA); next == kid {
			t.Error("the deleted key signs")
		}
	})
}

func TestPrivateKeysAreSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		open := func(keys *authflow.Keys, log *bytes.Buffer) *Minter {
			m, err := New(t.Context(), config(), store, keys, Options{Now: clock.Now, Logger: slog.New(slog.NewJSONHandler(log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		var log bytes.Buffer
		first := open(authflow.NewKeys(secret), &log)
		_, kid := check(t, keySet(t, first), mint(t, first, ada(), "GET", "/"), EdDSA)
		row := first.keys.current.Load().row
		plain, _, ok := authflow.NewKeys(secret).Unseal(row.private)
		if !ok || !strings.Contains(string(plain), `"d"`) || strings.Contains(row.private, `"d"`) || strings.Contains(row.public, `"d"`) {
			t.Errorf("stored as %s and %s", row.private, row.public)
		}
		const next = "the secret that comes after that one, long"
		second := open(authflow.NewKeys(next, secret), &log) // sealed anew, so that the old secret can go
		third := open(authflow.NewKeys(next), &log)
		for _, m := range []*Minter{second, third} {
			if _, same := check(t, keySet(t, m), mint(t, m, ada(), "GET", "/"), EdDSA); same != kid {
				t.Error("another key under the next secret")
			}
		}
		clock.Advance(time.Second)
		strange := open(authflow.NewKeys("a secret that has nothing to do with it, long"), &log)
		if _, other := check(t, keySet(t, strange), mint(t, strange, ada(), "GET", "/"), EdDSA); other == kid {
			t.Error("a key that cannot be read signs")
		}
		if !strings.Contains(log.String(), "auth.previous_secrets") {
			t.Errorf("nobody is told: %s", log.String())
		}
		var jwk struct{ D string }
		if err := json.Unmarshal(plain, &jwk); err != nil || len(jwk.D) < 40 {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		first.ServeHTTP(w, httptest.NewRequest("GET", "/jwks", nil))
		if shown := w.Body.String() + log.String(); strings.Contains(shown, jwk.D) || strings.Contains(shown, secret) {
			t.Error("a private key or a secret is shown")
		}
	})
}

func TestTamperedAssertionsDoNotVerify(t *testing.T) {
	t.Parallel()
	m := replica(t, storetest.Open(t, storetest.SQLite(t), sessionstore.Options{Migrations: []sessionstore.MigrationSet{Migrations()}}), storetest.NewClock())
	set, token := keySet(t, m), mint(t, m, ada(), "GET", "/")
	said, _ := check(t, set, token, EdDSA)
	accepted := 0
	for i := range len(token) {
		changed := []byte(token)
		if changed[i] == '.' {
			continue
		}
		changed[i] ^= 1
		parsed, err := jwt.ParseSigned(string(changed), []jose.SignatureAlgorithm{jose.EdDSA})
		var claims map[string]any
		if err != nil || parsed.Claims(set, &claims) != nil {
			continue
		}
		// The last character of each part has bits that mean nothing, and this verifier lets them be anything.
		if accepted++; accepted > 3 || !reflect.DeepEqual(claims, said) {
			t.Fatalf("byte %d can be changed: %v", i, claims)
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for key, spoil := range map[string]func(*Config){
		"algorithm: ":         func(c *Config) { c.Algorithm = "HS256" },
		"ttl: ":               func(c *Config) { c.TTL = time.Hour },
		"audience: ":          func(c *Config) { c.Audience = "" },
		"rotation_interval: ": func(c *Config) { c.RotationInterval = time.Hour },
	} {
		bad := config()
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s%v", key, err)
		}
		bad.Enabled = false
		if err := bad.Validate(); err != nil {
			t.Errorf("switched off: %v", err)
		}
	}
}

// BenchmarkAssert shows what an assertion costs that is used again, and one that is signed.
func BenchmarkAssert(b *testing.B) {
	store := storetest.Open(b, storetest.SQLite(b), sessionstore.Options{Migrations: []sessionstore.MigrationSet{Migrations()}})
	for _, algorithm := range []string{EdDSA, ES256, RS256} {
		m := replica(b, store, storetest.NewClock(), func(c *Config) { c.Algorithm = algorithm })
		who := ada()
		b.Run(algorithm+"/again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mint(b, m, who, "GET", "/tasks/42?page=2")
			}
		})
		b.Run(algorithm+"/signed", func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				mint(b, m, who, "GET", fmt.Sprint("/tasks/", i))
			}
		})
	}
}
