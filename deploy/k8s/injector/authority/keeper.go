package authority

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// What a Store tells.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("somebody else was first")
)

// Store is where replicas and API servers meet: a secret, and the webhook's configuration.
type Store interface {
	// Load returns the secret's data and its version; ErrNotFound when there is none.
	Load(ctx context.Context) (data map[string][]byte, version string, err error)
	// Save writes the secret if it still has that version, "" for not being there; else it returns ErrConflict.
	Save(ctx context.Context, data map[string][]byte, version string) error
	// Published is whom API servers are told to believe, in PEM.
	Published(ctx context.Context) ([]byte, error)
	// Publish replaces before by bundle; ErrConflict when before is not what is there.
	Publish(ctx context.Context, before, bundle []byte) error
}

// Keeper keeps the certificate of a webhook.
type Keeper struct {
	settings Settings
	store    Store
	logger   *slog.Logger
	now      func() time.Time
	shown    atomic.Pointer[tls.Certificate]
	known    atomic.Bool
	last     State // used by Run alone
}

// NewKeeper starts nothing. now is time.Now, but in tests.
func NewKeeper(s Settings, store Store, logger *slog.Logger, now func() time.Time) *Keeper {
	return &Keeper{settings: s, store: store, logger: logger, now: now}
}

// GetCertificate is for tls.Config.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := k.shown.Load(); c != nil {
		return c, nil
	}
	return nil, errors.New("there is no certificate yet")
}

// Ready tells whether there is a certificate, and API servers have been told whom to believe about it.
func (k *Keeper) Ready() bool { return k.shown.Load() != nil && k.known.Load() }

// NotAfter is when the certificate expires that is shown; zero when there is none.
func (k *Keeper) NotAfter() time.Time {
	if c := k.shown.Load(); c != nil {
		return c.Leaf.NotAfter
	}
	return time.Time{}
}

// Run looks after everything until ctx ends. What fails is logged and tried again.
func (k *Keeper) Run(ctx context.Context) error {
	often := min(max(k.settings.Settle/10, 500*time.Millisecond), 30*time.Second)
	conflicts := 0
	for {
		wait := often
		// Within a time after which what was read may be too old to act upon.
		looked, cancel := context.WithTimeout(ctx, max(k.settings.Settle/2, time.Second))
		err := k.Look(looked)
		cancel()
		switch {
		case errors.Is(err, ErrConflict):
			wait = often / 5                    // another replica was first: what it did is what we want
			if conflicts++; conflicts%20 == 0 { // or something else is the matter
				k.logger.LogAttrs(ctx, slog.LevelError, "certificate not looked after", slog.Any("err", err))
			}
		case err != nil && ctx.Err() == nil:
			k.logger.LogAttrs(ctx, slog.LevelError, "certificate not looked after", slog.Any("err", err))
		default:
			conflicts = 0
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Look does what is to be done now. It returns ErrConflict when another replica did something at the same time.
func (k *Keeper) Look(ctx context.Context) error {
	state, version, whole, err := k.load(ctx)
	if err != nil {
		return err
	}
	published, err := k.store.Published(ctx)
	if err != nil {
		return fmt.Errorf("read webhook: %w", err)
	}
	next, changed, err := k.settings.Next(state, published, k.now())
	if err != nil {
		return err
	}
	if changed || !whole {
		data, err := next.Encode()
		if err != nil {
			return fmt.Errorf("write secret: %w", err)
		}
		if err := k.store.Save(ctx, data, version); err != nil {
			return fmt.Errorf("write secret: %w", err)
		}
		k.logger.LogAttrs(ctx, slog.LevelInfo, "certificates renewed", slog.Int("authorities", len(next.authorities)), slog.Time("not_after", next.certificate.Leaf.NotAfter))
	}
	k.last = next
	k.shown.Store(next.certificate)
	if bundle := next.Bundle(); !bytes.Equal(bundle, published) {
		if err := k.store.Publish(ctx, published, bundle); err != nil {
			return fmt.Errorf("tell the API server whom to believe: %w", err)
		}
	}
	k.known.Store(true)
	return nil
}

// load reads the secret. One that has been deleted is written anew from memory, so that nobody notices; one that cannot be read any more is replaced.
func (k *Keeper) load(ctx context.Context) (state State, version string, whole bool, err error) {
	data, version, err := k.store.Load(ctx)
	switch {
	case errors.Is(err, ErrNotFound):
		return k.last, "", false, nil
	case err != nil:
		return State{}, "", false, fmt.Errorf("read secret: %w", err)
	}
	state, err = Decode(data)
	if err != nil {
		if len(data) > 0 {
			k.logger.LogAttrs(ctx, slog.LevelError, "secret is no use and is replaced", slog.Any("err", err))
		}
		return k.last, version, false, nil
	}
	return state, version, true, nil
}
