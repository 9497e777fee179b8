package egress

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	failuresToOpen = 5                // in a row
	openFor        = 30 * time.Second // then one call tries whether the provider is back
)

// breaker keeps calls from a provider that fails.
type breaker struct {
	calls *gobreaker.TwoStepCircuitBreaker[struct{}]

	mu   sync.Mutex
	last error // the newest failure
}

func newBreaker(provider string, observe func(provider string, open bool)) *breaker {
	return &breaker{calls: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        provider,
		Timeout:     openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresToOpen },
		IsExcluded:  saysNothing,
		OnStateChange: func(name string, _, to gobreaker.State) {
			if observe != nil && to != gobreaker.StateHalfOpen {
				observe(name, to == gobreaker.StateOpen)
			}
		},
	})}
}

// saysNothing recognises the end of a call that is neither for nor against the provider: the caller went away.
func saysNothing(err error) bool { return errors.Is(err, context.Canceled) }

// allow returns what to call with the failure, or nil, once the call is over; or ErrUnavailable, saying what was wrong.
func (b *breaker) allow() (done func(failure error), err error) {
	report, err := b.calls.Allow()
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		return nil, fmt.Errorf("%w; the last failure: %v", ErrUnavailable, b.last)
	}
	return func(failure error) {
		if failure != nil && !saysNothing(failure) {
			b.mu.Lock()
			b.last = failure
			b.mu.Unlock()
		}
		report(failure)
	}, nil
}
