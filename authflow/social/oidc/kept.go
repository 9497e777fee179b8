package oidc

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// kept is something of a provider's that is fetched now and then. However many ask, one fetches; when that fails, what is there goes on
// being used for a while.
type kept[T any] struct {
	fetch func(context.Context) (T, error)
	now   func() time.Time
	life  time.Duration // after which it is fetched again
	stale time.Duration // after which it is not used any more, when it cannot be fetched
	pause time.Duration // between two fetches at least, whatever is asked; a tenth of it while there is nothing to use

	flight singleflight.Group
	mu     sync.Mutex
	value  T
	err    error     // of the last fetch
	got    time.Time // when value was fetched; zero: never
	tried  time.Time // when the last fetch ended; zero: never
}

// get returns what is kept, fetched anew when its life is over.
func (k *kept[T]) get(ctx context.Context) (T, error) {
	if value, ok := k.fresh(); ok {
		return value, nil
	}
	return k.renew(ctx)
}

// renew fetches, unless that was just done, and returns what is kept then. A caller that goes away leaves the fetch to the others.
func (k *kept[T]) renew(ctx context.Context) (T, error) {
	done := k.flight.DoChan("", func() (any, error) {
		if k.paused() {
			return nil, nil
		}
		value, err := k.fetch(context.WithoutCancel(ctx))
		k.keep(value, err)
		return nil, nil
	})
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case <-done:
		return k.usable()
	}
}

func (k *kept[T]) fresh() (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, !k.got.IsZero() && k.now().Before(k.got.Add(k.life))
}

func (k *kept[T]) paused() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	pause := k.pause
	if !k.lives() {
		pause /= 10
	}
	return !k.tried.IsZero() && k.now().Before(k.tried.Add(pause))
}

func (k *kept[T]) keep(value T, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.err = k.now(), err
	if err == nil {
		k.value, k.got = value, k.tried
	}
}

func (k *kept[T]) usable() (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.lives() {
		var none T
		return none, k.err
	}
	return k.value, nil
}

// lives tells whether the value may be used, fresh or not.
func (k *kept[T]) lives() bool { return !k.got.IsZero() && k.now().Before(k.got.Add(k.stale)) }
