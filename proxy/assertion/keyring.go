package assertion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/sessionstore"
)

// Sealer keeps private keys from whoever can read the database. authflow.Keys is one.
type Sealer interface {
	Seal(plain []byte) (string, error)
	// Unseal tells also whether it was sealed under a secret that is not the current one; ok is false when under none that is known.
	Unseal(sealed string) (plain []byte, outdated, ok bool)
}

// refreshEvery is how often the table is looked at for keys of other replicas, and for ones that an operator has deleted.
const refreshEvery = 30 * time.Second

// keyring knows the key that signs, and makes the next one in time. All replicas choose alike: the key that began last.
type keyring struct {
	table    *table
	sealer   Sealer
	config   Config
	now      func() time.Time
	logger   *slog.Logger
	current  atomic.Pointer[key]
	readable map[string]*key // by id; only refresh touches it
}

// refresh finds out which key signs. While the database is away the present one goes on.
func (k *keyring) refresh(ctx context.Context) error {
	rows, err := k.table.list(ctx)
	if err != nil {
		return err
	}
	now := k.now()
	var current *key
	coming := false
	for _, r := range rows { // from the last to the first
		if r.algorithm != k.config.Algorithm {
			continue
		}
		if r.signsFrom.After(now) {
			coming = true
			continue
		}
		if current, err = k.open(ctx, r); err == nil {
			break
		}
		k.logger.LogAttrs(ctx, slog.LevelWarn, "assertion key cannot be used", slog.Any("err", err))
	}
	switch {
	case current == nil:
		if current, err = k.create(ctx, now); err != nil {
			return err
		}
	case !coming && k.config.RotationInterval > 0 && !now.Before(current.signsFrom.Add(k.config.RotationInterval-overlap)):
		next := current.signsFrom.Add(k.config.RotationInterval)
		if soonest := now.Add(overlap); next.Before(soonest) {
			next = soonest
		}
		if _, err := k.create(ctx, next); err != nil {
			return err
		}
	}
	k.current.Store(current)
	k.tidy(ctx, rows, now)
	return nil
}

func (k *keyring) create(ctx context.Context, signsFrom time.Time) (*key, error) {
	private, public, err := generate(k.config.Algorithm)
	if err != nil {
		return nil, err
	}
	sealed, err := k.sealer.Seal(private)
	if err != nil {
		return nil, fmt.Errorf("seal assertion key: %w", err)
	}
	r := row{id: sessionstore.NewID(), algorithm: k.config.Algorithm, public: string(public), private: sealed, signsFrom: signsFrom.UTC().Truncate(time.Millisecond)}
	if err := k.table.create(ctx, r); err != nil {
		return nil, err
	}
	k.logger.LogAttrs(ctx, slog.LevelInfo, "assertion key made", slog.String("kid", r.id), slog.String("alg", r.algorithm), slog.Time("signs_from", r.signsFrom))
	made, err := newKey(r, private)
	if err == nil {
		k.readable[r.id] = made
	}
	return made, err
}

// errSealed tells what to do; a new key is made meanwhile.
var errSealed = errors.New("was not sealed under auth.secret or one of auth.previous_secrets; another one is used")

// open reads a row's private key, and seals it anew when its secret is on its way out.
func (k *keyring) open(ctx context.Context, r row) (*key, error) {
	if known := k.readable[r.id]; known != nil && known.private != nil && known.row.private == r.private {
		return known, nil
	}
	plain, outdated, ok := k.sealer.Unseal(r.private)
	if !ok {
		return nil, fmt.Errorf("key %s: %w", r.id, errSealed)
	}
	opened, err := newKey(r, plain)
	if err != nil {
		return nil, err
	}
	if outdated {
		sealed, err := k.sealer.Seal(plain)
		if err == nil {
			err = k.table.reseal(ctx, r.id, sealed)
		}
		if err != nil {
			return nil, err
		}
		opened.row.private = sealed
	}
	k.readable[r.id] = opened
	return opened, nil
}

// published are the rows whose signatures may be seen: of keys that sign, are about to, or did until a while ago.
func published(rows []row, now time.Time, ttl time.Duration) (show, old []row) {
	for i := 1; i < len(rows); i++ {
		if !now.Before(rows[i-1].signsFrom.Add(overlap + ttl)) {
			return rows[:i], rows[i:] // the one that came after it has signed for long enough
		}
	}
	return rows, nil
}

// tidy deletes keys that nobody needs any more. Whoever comes second finds nothing to delete.
func (k *keyring) tidy(ctx context.Context, rows []row, now time.Time) {
	_, old := published(rows, now, k.config.TTL)
	for _, r := range old {
		if err := k.table.delete(ctx, r.id); err != nil {
			k.logger.LogAttrs(ctx, slog.LevelWarn, "old assertion key not deleted", slog.Any("err", err))
		}
		delete(k.readable, r.id)
	}
}

// keySet is the public keys as JSON (RFC 7517 §5).
func (k *keyring) keySet(ctx context.Context) ([]byte, error) {
	rows, err := k.table.list(ctx)
	if err != nil {
		return nil, err
	}
	show, _ := published(rows, k.now(), k.config.TTL)
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, r := range show {
		var jwk jose.JSONWebKey
		if err := json.Unmarshal([]byte(r.public), &jwk); err != nil || !jwk.IsPublic() {
			k.logger.LogAttrs(ctx, slog.LevelWarn, "assertion key left out of the key set", slog.String("kid", r.id))
			continue
		}
		jwk.KeyID, jwk.Algorithm, jwk.Use = r.id, r.algorithm, "sig"
		set.Keys = append(set.Keys, jwk)
	}
	return json.Marshal(set)
}
