package authflow

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Wrong passwords are counted for each account, over all client addresses and endpoints, since addresses are cheap, and for each address
// over all accounts. After a few, each further one costs a wait that doubles, up to an hour (rate_limit.lockout). Four things
// keep that from being turned against the account's owner:
//
//   - Only refused proofs count. The right password costs nothing.
//   - A browser that has signed in to this account (knowndevice.go) passes, with a count of its own.
//   - So does an address from which somebody has signed in to it in the last 30 days, for clients without cookies.
//   - Whoever can read the account's mail sets a new password, and is known from then on.
//
// Requests for a letter are counted for each account, too: ten in ten minutes. One that is refused came after ten of which the owner has
// the letters, with links that work.
//
// The count goes by the address as it was named, whether or not there is such an account, so that it tells nothing.
const (
	maxLetters   = 10
	letterWindow = 10 * time.Minute
	placeKnown   = 30 * 24 * time.Hour
	tellAgain    = 10 * time.Minute
)

// handle runs the route's handler. If it names an account, that is an attempt.
func (f *Flow) handle(c *Call) error {
	account := f.namedAccount(c)
	switch {
	case account == "":
		return c.route.Handle(c)
	case c.route.Proof != "":
		return f.handleProof(c, account)
	}
	wait := f.counter.Take(c.R.Context(), "account "+c.route.name+" "+digest(account), Limit{Max: maxLetters, Window: letterWindow})
	if wait > 0 {
		f.noteLimited(c, account, "letters")
		return c.tooMany(wait)
	}
	return c.route.Handle(c)
}

// namedAccount is the account in its one spelling (CVE-2026-47203), or empty when there is nothing to count.
func (f *Flow) namedAccount(c *Call) string {
	switch {
	case f.counter == nil:
		return ""
	case c.route.Account != "":
		posted := c.Body.String(c.route.Account)
		if !IsEmail(posted) {
			return "" // the handler refuses it before it looks for anybody
		}
		return canonicalAccount(posted)
	case c.route.Proof != "" && c.identity != nil && c.Body.String(c.route.Proof) != "":
		return canonicalAccount(c.identity.User.Email) // whoever has stolen a session does not guess at its password either
	}
	return ""
}

func canonicalAccount(email string) string { return strings.ToLower(email) }

// handleProof counts the guess before it is judged, and takes it back if it was none.
func (f *Flow) handleProof(c *Call, account string) error {
	guesses, err := f.beginGuess(c, account)
	if err != nil {
		return err
	}
	err = c.route.Handle(c)
	if isWrongGuess(err) {
		return err
	}
	f.forgive(c, guesses)
	return err
}

// isWrongGuess tells a wrong password from what could not be judged, or was right and is refused for another reason.
func isWrongGuess(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && (refused.Status == http.StatusUnauthorized || errors.Is(err, ErrInvalidPassword))
}

// beginGuess counts a guess under the returned keys, or refuses it. A known browser or address goes by a count of its own; when that
// is closed, by that of strangers.
func (f *Flow) beginGuess(c *Call, account string) ([]Guess, error) {
	if f.lockout == nil {
		return nil, nil
	}
	ctx, mine := c.R.Context(), f.policy(f.lockouts.Free)
	if device := f.devices.find(c.R, account); device != "" {
		if guess, wait, err := f.lockout.Begin(ctx, "device "+digest(account, device), mine); err != nil || wait == 0 {
			c.known = err == nil
			return []Guess{guess}, err
		}
	}
	guesses, wait, err := f.beginStrange(c, account, mine)
	if err != nil || wait == 0 {
		return guesses, err
	}
	if f.counter.Counted(ctx, knownKey(c, account)) {
		if guess, wait, err := f.lockout.Begin(ctx, "place "+digest(account, rateAddress(c.Client().Addr)), mine); err != nil || wait == 0 {
			return []Guess{guess}, err
		}
	}
	f.noteLimited(c, account, "guesses")
	return nil, c.tooMany(wait)
}

// beginStrange is the count of those whom the account does not know: for their address, then for the account.
func (f *Flow) beginStrange(c *Call, account string, mine LockoutPolicy) ([]Guess, time.Duration, error) {
	address, wait, err := f.lockout.Begin(c.R.Context(), "address "+rateAddress(c.Client().Addr), f.policy(f.lockouts.PerAddress))
	if err != nil || wait > 0 {
		return nil, wait, err
	}
	guess, wait, err := f.lockout.Begin(c.R.Context(), "account "+digest(account), mine)
	if err != nil || wait > 0 {
		f.forgive(c, []Guess{address}) // nothing was judged
		return nil, wait, err
	}
	return []Guess{address, guess}, 0, nil
}

func (f *Flow) policy(free int) LockoutPolicy {
	return LockoutPolicy{Free: free, First: f.lockouts.First, Longest: f.lockouts.Longest, Forget: f.lockouts.Forget}
}

// forgive takes guesses back, the last first. One that stays counted since the database went away costs a wait, not access.
func (f *Flow) forgive(c *Call, guesses []Guess) {
	for _, guess := range slices.Backward(guesses) {
		if err := f.lockout.Forgive(c.R.Context(), guess); err != nil {
			f.log(c.R, http.StatusInternalServerError, err)
		}
	}
}

// remember has this browser and this address known to the account.
func (f *Flow) remember(c *Call, account string) {
	if f.counter == nil || f.devices == nil {
		return
	}
	f.devices.remember(c.W, c.R, account)
	f.counter.Take(c.R.Context(), knownKey(c, account), Limit{Max: 1, Window: placeKnown})
}

// Known tells whether the account that is named knows the browser that asks, and has not closed it for guessing.
func (c *Call) Known() bool { return c.known }

// RememberDevice has this browser and this address known to the account of an address whose mail they can read: from here its owner
// signs in, whoever guesses at the password elsewhere.
func (c *Call) RememberDevice(email string) { c.flow.remember(c, canonicalAccount(email)) }

// KnowsDevice tells whether the account of an address has been signed in to by this browser before, as far as its cookie says. Only true is certain.
func (c *Call) KnowsDevice(email string) bool {
	return c.flow.devices != nil && c.flow.devices.find(c.R, canonicalAccount(email)) != ""
}

// noteLimited records that an account is under attack, once in each window: whoever attacks must not fill the record, too.
func (f *Flow) noteLimited(c *Call, account, reason string) {
	if f.counter.Take(c.R.Context(), "told "+reason+" "+digest(account), Limit{Max: 1, Window: tellAgain}) > 0 {
		return
	}
	f.logger.LogAttrs(c.R.Context(), slog.LevelWarn, "attempts at an account are limited", slog.String("reason", reason), slog.String("request_id", c.Client().RequestID))
	c.Note(Event{Name: EventAccountLimited, Outcome: OutcomeFailure, Account: account, Reason: reason})
}

func knownKey(c *Call, account string) string {
	return "known " + digest(account, rateAddress(c.Client().Addr))
}

// digest bounds a key, and keeps addresses of people out of it. The parts hold no line breaks.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
