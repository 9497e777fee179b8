package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/social/oidc"
)

// D62: a kid is a name that anybody may choose, and means nothing without the address its key came from.
func TestD62KeysAreFoundByAddressAndKid(t *testing.T) {
	t.Parallel()
	one, other := startIssuer(t), startIssuer(t)
	other.rotate(jwks(public("rsa-1", otherRSAKey.Public())))
	first, second := one.verifier(), other.verifier()
	if _, err := first.Verify(t.Context(), one.token(one.claims()), nonce); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Verify(t.Context(), sign(t, jose.RS256, otherRSAKey, "rsa-1", other.claims(), nil), nonce); err != nil {
		t.Errorf("the second issuer's own key: %v", err)
	}
	// The first issuer's key, whose kid both use, signs for nobody else; and the other way round.
	_, err := second.Verify(t.Context(), one.token(other.claims()), nonce)
	refused(t, err, "signature")
	_, err = first.Verify(t.Context(), sign(t, jose.RS256, otherRSAKey, "rsa-1", one.claims(), nil), nonce)
	refused(t, err, "signature")
}

// clock is one that is set by hand.
type clock struct{ nanoseconds atomic.Int64 }

func (c *clock) now() time.Time          { return now.Add(time.Duration(c.nanoseconds.Load())) }
func (c *clock) advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

func (c *clock) set(cfg *oidc.VerifierConfig) { cfg.Now = c.now }

func TestKeysAreFetchedOnceForManyAndAgainAfterAnHour(t *testing.T) {
	t.Parallel()
	p, c := startIssuer(t), &clock{}
	v := p.verifier(c.set)
	token := p.token(p.claims().with(claims{"exp": now.Add(100 * time.Hour).Unix()}))
	together := func() {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := v.Verify(t.Context(), token, nonce); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	together()
	c.advance(59 * time.Minute)
	together()
	if p.asks.Load() != 1 {
		t.Errorf("asked %d times within an hour", p.asks.Load())
	}
	c.advance(time.Minute)
	together()
	if p.asks.Load() != 2 {
		t.Errorf("asked %d times after it", p.asks.Load())
	}
}

func TestAFloodOfUnknownKidsCostsOneFetch(t *testing.T) {
	t.Parallel()
	p, c := startIssuer(t), &clock{}
	v := p.verifier(c.set)
	if _, err := v.Verify(t.Context(), p.token(p.claims()), nonce); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			_, err := v.Verify(t.Context(), sign(t, jose.EdDSA, edKey, fmt.Sprint("made-up-", i), p.claims(), nil), nonce)
			refused(t, err, "kid")
		})
	}
	all.Wait()
	if p.asks.Load() != 2 {
		t.Errorf("asked %d times, want one more than the first", p.asks.Load())
	}
}

func TestANewKeyIsFoundAndAnOldOneForgotten(t *testing.T) {
	t.Parallel()
	p, c := startIssuer(t), &clock{}
	v := p.verifier(c.set)
	old := p.token(p.claims().with(claims{"exp": now.Add(100 * time.Hour).Unix()}))
	if _, err := v.Verify(t.Context(), old, nonce); err != nil {
		t.Fatal(err)
	}
	p.rotate(jwks(public("rsa-2", otherRSAKey.Public())))
	fresh := sign(t, jose.RS256, otherRSAKey, "rsa-2", p.claims(), nil)
	_, err := v.Verify(t.Context(), fresh, nonce)
	refused(t, err, "kid") // asked half a minute ago at most
	c.advance(30 * time.Second)
	if _, err := v.Verify(t.Context(), fresh, nonce); err != nil {
		t.Errorf("the new key: %v", err)
	}
	_, err = v.Verify(t.Context(), old, nonce)
	refused(t, err, "kid")

	// The same name for a new key, which is not how it should be done and is.
	p.rotate(jwks(public("rsa-2", rsaKey.Public())))
	c.advance(30 * time.Second)
	if _, err := v.Verify(t.Context(), sign(t, jose.RS256, rsaKey, "rsa-2", p.claims(), nil), nonce); err != nil {
		t.Errorf("a kid used again: %v", err)
	}
}

func TestKeysGoOnForADayWhileTheyCannotBeFetched(t *testing.T) {
	t.Parallel()
	p, c := startIssuer(t), &clock{}
	v := p.verifier(c.set)
	token := p.token(p.claims().with(claims{"exp": now.Add(100 * time.Hour).Unix()}))
	if _, err := v.Verify(t.Context(), token, nonce); err != nil {
		t.Fatal(err)
	}
	p.answer("/keys", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	c.advance(23 * time.Hour)
	for range 20 {
		if _, err := v.Verify(t.Context(), token, nonce); err != nil {
			t.Errorf("within a day: %v", err)
		}
	}
	if p.asks.Load() != 2 {
		t.Errorf("asked %d times, want once more", p.asks.Load())
	}
	c.advance(time.Hour)
	var refusal *oidc.Error
	if _, err := v.Verify(t.Context(), token, nonce); err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "404") {
		t.Errorf("after it: %v", err)
	}
	p.answer("/keys", nil)
	c.advance(3 * time.Second)
	if _, err := v.Verify(t.Context(), token, nonce); err != nil {
		t.Errorf("when they are back: %v", err)
	}
}

func TestOneWhoGoesAwayTakesTheFetchFromNobody(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	asked, release := make(chan struct{}), make(chan struct{})
	p.answer("/keys", func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		select {
		case <-release:
			_ = json.NewEncoder(w).Encode(jwks(public("rsa-1", rsaKey.Public())))
		case <-r.Context().Done():
		}
	})
	v := p.verifier()
	impatient, leave := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := v.Verify(impatient, p.token(p.claims()), nonce); !errors.Is(err, context.Canceled) {
			t.Errorf("who goes away: %v", err)
		}
	})
	<-asked
	both.Go(func() {
		if _, err := v.Verify(t.Context(), p.token(p.claims()), nonce); err != nil {
			t.Errorf("who stays: %v", err)
		}
	})
	leave()
	close(release)
	both.Wait()
}

// D47, D62, D76: what a provider's key set may look like.
func TestKeySetsOfAllKinds(t *testing.T) {
	t.Parallel()
	good := public("rsa-1", rsaKey.Public())
	raw := func(k jose.JSONWebKey, members string) json.RawMessage {
		data, err := k.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return json.RawMessage("{" + members + string(data[1:]))
	}
	set := func(keys ...any) any { return map[string]any{"keys": keys} }
	weak := public("rsa-1", newWeakRSA(t))
	for _, tt := range []struct {
		name string
		jwks any
		want string // "" good; the failed check; or "-" for keys that cannot be had
	}{
		{"one key", set(good), ""},
		{"things nobody knows beside it", set(map[string]any{"kty": "FUTURE", "kid": "x"}, map[string]any{}, 1, "x", nil, []int{1}, good), ""},
		{"the kid twice, the right key first", set(good, public("rsa-1", otherRSAKey.Public())), ""},
		{"the kid twice, the right key second", set(public("rsa-1", otherRSAKey.Public()), good), ""},
		{"the kid twice, of other kinds", set(public("rsa-1", ecKey.Public()), public("rsa-1", edKey.Public()), good), ""},
		{"the kid twice, neither right", set(public("rsa-1", otherRSAKey.Public()), public("rsa-1", ecKey.Public())), "signature"},
		{"for encryption", set(jose.JSONWebKey{KeyID: "rsa-1", Key: rsaKey.Public(), Use: "enc"}, public("x", ecKey.Public())), "kid"},
		{"for signing only", set(raw(jose.JSONWebKey{KeyID: "rsa-1", Key: rsaKey.Public()}, `"key_ops":["sign"],`), public("x", ecKey.Public())), "kid"},
		{"for verifying", set(raw(jose.JSONWebKey{KeyID: "rsa-1", Key: rsaKey.Public()}, `"key_ops":["verify"],`)), ""},
		{"for another algorithm", set(jose.JSONWebKey{KeyID: "rsa-1", Key: rsaKey.Public(), Algorithm: "PS256"}), "kid"},
		{"a private key in public", set(jose.JSONWebKey{KeyID: "rsa-1", Key: rsaKey}, public("x", ecKey.Public())), "kid"},
		{"a symmetric key", set(map[string]any{"kty": "oct", "kid": "rsa-1", "k": "AAAA"}, public("x", ecKey.Public())), "kid"},
		{"1024 bits", set(weak, public("x", ecKey.Public())), "kid"},
		{"another kid", set(public("rsa-9", rsaKey.Public())), "kid"},
		{"the kid in another case", set(public("RSA-1", rsaKey.Public())), "kid"},
		{"none", set(), "-"},
		{"none that is of use", set(map[string]any{"kty": "oct", "kid": "rsa-1", "k": "AAAA"}), "-"},
		{"no array", map[string]any{"keys": "x"}, "-"},
		{"no object", []any{good}, "-"},
		{"a hundred and one", set(func() (many []any) {
			for range 101 {
				many = append(many, good)
			}
			return many
		}()...), "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := startIssuer(t)
			p.rotate(tt.jwks)
			_, err := p.verifier().Verify(t.Context(), p.token(p.claims()), nonce)
			var refusal *oidc.Error
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want == "-" && (err == nil || errors.As(err, &refusal)):
				t.Errorf("not without keys: %v", err)
			case tt.want != "" && tt.want != "-":
				refused(t, err, tt.want)
			}
		})
	}
}

func TestATokenWithoutKidNeedsAProviderWithOneKey(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	token := sign(t, jose.RS256, rsaKey, "", p.claims(), nil)
	if _, err := p.verifier().Verify(t.Context(), token, nonce); err != nil {
		t.Errorf("one RSA key among others: %v", err)
	}
	p.rotate(jwks(public("rsa-1", rsaKey.Public()), public("rsa-2", otherRSAKey.Public())))
	_, err := p.verifier().Verify(t.Context(), token, nonce)
	refused(t, err, "kid") // OpenID Connect Core 1.0 §10.1
}

// D46, D76: the keys' address is as hostile as any.
func TestD76KeysThatAreEndlessSlowElsewhereOrHTML(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	var followed atomic.Int64
	p := startIssuer(t)
	p.answer("/moved", func(http.ResponseWriter, *http.Request) { followed.Add(1) })
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    error
	}{
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[`))
			block := []byte(strings.Repeat(`{"kty":"RSA"},`, 10_000))
			for range 1 << 30 / len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, egress.ErrTooLarge},
		"slow": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"keys":`))
			w.(http.Flusher).Flush()
			select {
			case <-over:
			case <-r.Context().Done():
			}
		}, context.DeadlineExceeded},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", http.StatusFound) }, egress.ErrRedirect},
		"HTML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!DOCTYPE html>" + strings.Repeat("<p>", 10_000)))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := startIssuer(t)
			p.answer("/keys", tt.handler)
			v := p.verifier(func(c *oidc.VerifierConfig) {
				c.Client = egress.New(egress.Config{AllowPrivateAddresses: true, Timeout: 300 * time.Millisecond}).For("idp")
				if name == "endless" {
					c.Client = client()
				}
			})
			_, err := v.Verify(t.Context(), p.token(p.claims()), nonce)
			var refusal *oidc.Error
			if err == nil || errors.As(err, &refusal) || tt.want != nil && !errors.Is(err, tt.want) || len(err.Error()) > 500 {
				t.Errorf("%v", err)
			}
		})
	}
	if followed.Load() != 0 {
		t.Error("a redirect was followed")
	}
}
