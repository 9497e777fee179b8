package authflow

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Attempts at one account are counted over all client addresses, since addresses are cheap: 10 in 10 minutes, per endpoint that
// names an account (Route.Account). Three things keep that from being turned against the account's owner:
//
//   - Where a proof is asked for, only refused ones count. The right password costs nothing.
//   - Who has signed in to this account from the same address in the last 30 days has a count of their own there.
//   - A request for a letter that is refused came after ten of which the owner has the letters, with links that work.
//
// The count goes by the address as it was named, whether or not there is such an account, so that it tells nothing.
const (
	maxAttempts   = 10
	attemptWindow = 10 * time.Minute
	knownFor      = 30 * 24 * time.Hour
)

// handle runs the route's handler. If it names an account, that is an attempt.
func (f *Flow) handle(c *Call) error {
	account := f.namedAccount(c)
	if account == "" {
		return c.route.Handle(c)
	}
	key, err := f.beginAttempt(c, account)
	if err != nil {
		return err
	}
	err = c.route.Handle(c)
	if c.route.Proof {
		f.settleAttempt(c, key, account, err)
	}
	return err
}

// namedAccount is the account in its one spelling (CVE-2026-47203), or empty when there is nothing to count.
func (f *Flow) namedAccount(c *Call) string {
	if f.counter == nil || c.route.Account == "" {
		return ""
	}
	posted := c.Body.String(c.route.Account)
	if !IsEmail(posted) {
		return "" // the handler refuses it before it looks for anybody
	}
	return strings.ToLower(posted)
}

// beginAttempt counts the attempt, under the returned key, or refuses it.
func (f *Flow) beginAttempt(c *Call, account string) (key string, err error) {
	ctx, limit := c.R.Context(), Limit{Max: maxAttempts, Window: attemptWindow}
	key = attemptKey(c, account)
	wait := f.counter.Take(ctx, key, limit)
	if wait > 0 && c.route.Proof && f.counter.Counted(ctx, knownKey(c, account)) {
		key = attemptKey(c, account, rateAddress(c.Client().Addr))
		wait = f.counter.Take(ctx, key, limit)
	}
	if wait > 0 {
		f.noteLimited(c, account)
	}
	return key, c.tooMany(wait)
}

// settleAttempt takes back an attempt that was no wrong guess: a right one, or one that could not be judged.
func (f *Flow) settleAttempt(c *Call, key, account string, err error) {
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		return
	}
	f.counter.Return(c.R.Context(), key, Limit{Max: maxAttempts, Window: attemptWindow})
	if err == nil {
		f.counter.Take(c.R.Context(), knownKey(c, account), Limit{Max: 1, Window: knownFor})
	}
}

// noteLimited records that an account is under attack, once in each window: whoever attacks must not fill the record, too.
func (f *Flow) noteLimited(c *Call, account string) {
	if f.counter.Take(c.R.Context(), "told "+attemptKey(c, account), Limit{Max: 1, Window: attemptWindow}) > 0 {
		return
	}
	reason := "letters"
	if c.route.Proof {
		reason = "guesses"
	}
	c.Note(Event{Name: EventAccountLimited, Outcome: OutcomeFailure, Account: account, Reason: reason})
}

func attemptKey(c *Call, parts ...string) string {
	return "account " + c.route.name + " " + digest(parts...)
}

func knownKey(c *Call, account string) string {
	return "known " + digest(account, rateAddress(c.Client().Addr))
}

// digest bounds a key, and keeps addresses of people out of it. The parts hold no line breaks.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
