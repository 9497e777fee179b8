package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

// Run sends letters until ctx ends; then it finishes those in hand and returns nil. One Run per process is enough.
func (o *Outbox) Run(ctx context.Context) error {
	var inHand sync.WaitGroup
	defer inHand.Wait()

	var swept time.Time
	pause := firstLook
	for {
		o.sendDue(ctx, &inHand)
		if now := o.now(); now.Sub(swept) >= sweeping {
			swept = now
			if err := o.sweep(ctx); err != nil && ctx.Err() == nil {
				o.options.Logger.WarnContext(ctx, "dead letters stay for now", "err", err)
			}
		}
		pause = pace(pause, o.options.Poll, rand.Float64())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		case <-o.wake:
			pause = firstLook
			// A nudge during this wait is kept in the channel, so a stream of them slows nothing down.
			if !sleep(ctx, pause) {
				return nil
			}
		}
	}
}

// sendDue hands out letters until none is due.
func (o *Outbox) sendDue(ctx context.Context, inHand *sync.WaitGroup) {
	for {
		select {
		case <-ctx.Done():
			return
		case o.slots <- struct{}{}:
		}
		letter, found, err := o.claim(ctx)
		if err != nil && ctx.Err() == nil {
			o.options.Logger.WarnContext(ctx, "letters wait", "err", err)
		}
		if !found {
			<-o.slots
			return
		}
		inHand.Go(func() {
			defer func() { <-o.slots }()
			o.deliver(ctx, letter)
		})
	}
}

// deliver makes one attempt and writes down what became of it.
func (o *Outbox) deliver(ctx context.Context, letter claimed) {
	err := o.attempt(ctx, letter)
	outcome, settle := o.verdict(letter, err)
	attributes := []any{"kind", letter.Kind, "mail_id", letter.Key, "attempts", letter.attempts}
	switch outcome {
	case Sent:
		o.options.Logger.InfoContext(ctx, "letter sent", attributes...)
	case Retried:
		o.options.Logger.WarnContext(ctx, "letter not sent, will be tried again", append(attributes, "err", err)...)
	case Dead:
		o.options.Logger.ErrorContext(ctx, "letter given up", append(attributes, "to", letter.To, "err", err)...)
	}
	o.options.Observe(outcome)

	if err := o.insist(ctx, settle); err != nil {
		o.options.Logger.ErrorContext(ctx, "letter will be sent again, since the database did not take note of it", append(attributes, "outcome", outcome, "err", err)...)
	}
}

// attempt sends the letter outside of any transaction, in less time than the lease.
func (o *Outbox) attempt(ctx context.Context, letter claimed) error {
	if age := o.now().Sub(letter.createdAt); age > maxAge {
		return fmt.Errorf("%w: not sent within %s, after %s", mail.ErrPermanent, maxAge, letter.lastError)
	}
	ctx, cancel := outlive(ctx, sendTimeout)
	defer cancel()
	return o.sender.Send(ctx, letter.Message)
}

// verdict turns the result of an attempt into its outcome and the statement that settles it.
func (o *Outbox) verdict(letter claimed, err error) (Outcome, func(context.Context) error) {
	switch {
	case err == nil:
		return Sent, func(ctx context.Context) error { return o.remove(ctx, letter) }
	case errors.Is(err, mail.ErrPermanent):
		return Dead, func(ctx context.Context) error { return o.bury(ctx, letter, err) }
	}
	wait := backoff(letter.attempts, rand.Float64())
	if asked, ok := mail.RetryAfter(err); ok {
		wait = max(wait, min(asked, lastRetry))
	}
	at := o.now().Add(wait)
	return Retried, func(ctx context.Context) error { return o.retry(ctx, letter, at, err) }
}

// insist repeats a statement while the database is away, but not beyond the lease: a letter that was sent should not be sent
// again only because the database restarted in that second.
func (o *Outbox) insist(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := outlive(ctx, settleTimeout)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := do(ctx)
		if err == nil || !sleep(ctx, jitter(pause, rand.Float64())) {
			return err
		}
	}
}

// outlive returns a context for a step that should be finished although ctx ends, for stopGrace at most.
func outlive(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cancel) })
	return longer, func() {
		stop() // ctx lives as long as the process, and would keep one of these for each letter ever sent
		cancel()
	}
}

// sleep waits, and tells whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
