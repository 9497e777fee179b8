package jwt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// keyring knows the key that signs, and makes one when there is none. It is safe for concurrent use.
type keyring struct {
	table    *table
	secrets  *authflow.Keys
	now      func() time.Time
	logger   *slog.Logger
	alg      Algorithm
	rotation time.Duration // zero: keys do not expire
	grace    time.Duration
	stale    time.Duration

	flight singleflight.Group
	mu     sync.Mutex
	held   *signingKey
	until  time.Time // when the database is to be asked again
}

// signingKey is a key that is ready for use.
type signingKey struct {
	row
	signer jose.Signer
}

// current returns the key that signs now. However many ask at once, the database is asked once, and one key is made.
//
// Replicas that begin together may each make one. All are in the key set, so nothing comes of it.
func (k *keyring) current(ctx context.Context) (*signingKey, error) {
	if held, fresh := k.remembered(); fresh {
		return held, nil
	}
	// What many wait for must not end because the one who began it has gone.
	found := k.flight.DoChan("", func() (any, error) { return k.refresh(context.WithoutCancel(ctx)) })
	select {
	case result := <-found:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*signingKey), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("find signing key: %w", ctx.Err())
	}
}

// remembered returns the key that signed last if it still may, and whether it may without asking the database.
func (k *keyring) remembered() (held *signingKey, fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if k.held == nil || !k.held.live(now) {
		return nil, false
	}
	return k.held, now.Before(k.until)
}

func (k *keyring) remember(key *signingKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held, k.until = key, k.now().Add(k.stale)
}

func (k *keyring) refresh(ctx context.Context) (*signingKey, error) {
	key, err := k.find(ctx)
	if errors.Is(err, sessionstore.ErrUnavailable) {
		if held, _ := k.remembered(); held != nil {
			k.remember(held) // not a question for every token while the database is away
			return held, nil
		}
	}
	if err != nil {
		return nil, err
	}
	k.remember(key)
	return key, nil
}

func (k *keyring) find(ctx context.Context) (*signingKey, error) {
	rows, err := k.table.list(ctx)
	if err != nil {
		return nil, err
	}
	if r, ok := k.newest(rows); ok {
		return k.open(ctx, r)
	}
	r, err := k.create(ctx)
	if err != nil {
		return nil, err
	}
	return k.open(ctx, r)
}

// newest is better-auth's choice: the newest live key of the configured algorithm, or else the newest live one.
func (k *keyring) newest(rows []row) (row, bool) {
	now := k.now()
	var second *row
	for i, r := range rows {
		alg, err := r.algorithm()
		if err != nil || !r.live(now) || !slices.Contains([]Algorithm{EdDSA, ES256, RS256, es512, ps256}, alg) {
			continue // of an algorithm that must not sign (RFC 8725 §3.1), or unreadable, as /jwks logs
		}
		if alg == k.alg {
			return r, true
		}
		if second == nil {
			second = &rows[i]
		}
	}
	if second == nil {
		return row{}, false
	}
	return *second, true
}

// create makes a key and stores it.
func (k *keyring) create(ctx context.Context) (row, error) {
	r, err := generate(k.alg, k.secrets)
	if err != nil {
		return row{}, err
	}
	r.createdAt = k.now()
	if k.rotation > 0 {
		end := r.createdAt.Add(k.rotation)
		r.expiresAt = &end
	}
	if err := k.table.create(ctx, r); err != nil {
		return row{}, err
	}
	k.logger.LogAttrs(ctx, slog.LevelInfo, "signing key made", slog.String("kid", r.id), slog.String("alg", *r.alg))
	return r, nil
}

// open decrypts the key. One under a previous secret is encrypted anew, so that it outlives that secret; better-auth, which
// knows one, can read it then as well.
func (k *keyring) open(ctx context.Context, r row) (*signingKey, error) {
	plain, outdated, err := unseal(k.secrets, r.privateKey)
	if err != nil {
		return nil, fmt.Errorf("decrypt key %s: %w", r.id, err)
	}
	if outdated {
		k.reseal(ctx, r, plain)
	}
	alg, err := r.algorithm()
	if err != nil {
		return nil, err
	}
	var jwk jose.JSONWebKey
	if json.Unmarshal(plain, &jwk) != nil || jwk.IsPublic() || !jwk.Valid() {
		return nil, fmt.Errorf("read private key %s: not a private JWK", r.id) // the error itself might quote the key
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.SignatureAlgorithm(alg),
		Key:       jose.JSONWebKey{Key: jwk.Key, KeyID: r.id},
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("use key %s for %s: %w", r.id, alg, err)
	}
	return &signingKey{row: r, signer: signer}, nil
}

// reseal need not succeed now: the key is good as it is, and the next look tries again.
func (k *keyring) reseal(ctx context.Context, r row, plain []byte) {
	sealed, err := seal(k.secrets, plain)
	if err == nil {
		err = k.table.reseal(ctx, r, sealed)
	}
	if err != nil {
		k.logger.LogAttrs(ctx, slog.LevelWarn, "signing key not encrypted under the current secret", slog.String("kid", r.id), slog.Any("err", err))
	}
}

// public returns the keys that tokens may have been signed with and still be valid. It asks the database each time: a token of
// another replica's newest key must find it here.
func (k *keyring) public(ctx context.Context) ([]publicKey, error) {
	rows, err := k.table.list(ctx)
	if err == nil && len(rows) == 0 {
		k.forget()
		if _, err = k.current(ctx); err == nil {
			rows, err = k.table.list(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	now := k.now()
	keys := []publicKey{}
	for _, r := range rows {
		if r.expiresAt != nil && !now.Before(r.expiresAt.Add(k.grace)) {
			continue
		}
		key, err := r.public()
		if err != nil { // one broken row must not take all others out of the set
			k.logger.LogAttrs(ctx, slog.LevelWarn, "key left out of the key set", slog.Any("err", err))
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (k *keyring) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = nil
}
