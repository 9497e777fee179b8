package authflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// LockoutConfig says how long whoever guesses at passwords has to wait. Its key is `rate_limit.lockout`.
type LockoutConfig struct {
	Free       int           `key:"free" default:"5" doc:"How many wrong passwords in a row cost no waiting, for one account over all addresses. Each further one closes the account to strangers for twice as long as the one before. Browsers and addresses that have signed in to it pass, with a count of their own."`
	PerAddress int           `key:"per_address" default:"25" doc:"The same for one address, or one /64 of IPv6, over all accounts."`
	First      time.Duration `key:"first" default:"5s" doc:"How long the first of these waits lasts."`
	Longest    time.Duration `key:"longest" default:"1h" doc:"How long they become at most. NIST SP 800-63B-4 §3.2.2 wants no more than 100 wrong guesses in a row: with 24h it takes 12 weeks to reach that."`
	Forget     time.Duration `key:"forget" default:"24h" doc:"How long after the last wrong password all are forgotten."`
	KnownFor   time.Duration `key:"known_for" default:"4320h" doc:"How long a browser is known after it has signed in to an account, by a signed cookie. An address is known for 720h."`
}

// fillIn replaces what is zero by its default.
func (c LockoutConfig) fillIn() LockoutConfig {
	c.Free, c.PerAddress = cmp.Or(c.Free, 5), cmp.Or(c.PerAddress, 25)
	c.First, c.Longest = cmp.Or(c.First, 5*time.Second), cmp.Or(c.Longest, time.Hour)
	c.Forget, c.KnownFor = cmp.Or(c.Forget, 24*time.Hour), cmp.Or(c.KnownFor, 180*24*time.Hour)
	return c
}

func (c LockoutConfig) validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf("lockout."+format, args...)) }
	c = c.fillIn()
	if c.Free < 1 || c.Free > 100 {
		report("free: %d is not between 1 and 100, the most NIST SP 800-63B-4 allows", c.Free)
	}
	if c.PerAddress < 1 || c.PerAddress > 100_000 {
		report("per_address: %d is not between 1 and 100000", c.PerAddress)
	}
	if c.First < time.Second {
		report("first: %s is below 1s", c.First)
	}
	if c.Longest < c.First || c.Longest > 24*time.Hour {
		report("longest: %s is not between first (%s) and 24h: nobody is to be locked out for longer", c.Longest, c.First)
	}
	if c.Forget < c.Longest || c.Forget > 30*24*time.Hour {
		report("forget: %s is not between longest (%s) and 720h", c.Forget, c.Longest)
	}
	if c.KnownFor < time.Hour || c.KnownFor > maxCookieAge {
		report("known_for: %s is not between 1h and 9600h, as long as browsers keep cookies", c.KnownFor)
	}
	return errors.Join(problems...)
}

// LockoutPolicy is how many guesses are free, and what the others cost.
type LockoutPolicy struct {
	Free           int
	First, Longest time.Duration
	Forget         time.Duration
}

// Guess is one that was counted.
type Guess struct {
	Key    string
	Number int // of those at this key
}

// Lockout counts guesses at secrets. Package lockout has the one that replicas share.
type Lockout interface {
	// Begin counts a guess, which is taken for a wrong one until it is forgiven, and returns no wait; or counts nothing and says how long
	// nobody may guess at this key. Of guesses that come at once no more are counted than may be made. An error means that it cannot be known.
	Begin(ctx context.Context, key string, p LockoutPolicy) (g Guess, wait time.Duration, err error)
	// Forgive takes back a guess that was right, or was none.
	Forgive(ctx context.Context, g Guess) error
}
