package compromised

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
)

// Result is how a new password fared, as a metric counts it.
type Result string

// The results.
const (
	ResultFine        Result = "fine"
	ResultCommon      Result = "common"      // refused: on the list, or the account's own name
	ResultPwned       Result = "pwned"       // refused: known from a breach
	ResultUnavailable Result = "unavailable" // taken, since the service did not answer
)

// Results are all of them.
func Results() []Result {
	return []Result{ResultFine, ResultCommon, ResultPwned, ResultUnavailable}
}

// Checker tells about new passwords. It is safe for concurrent use.
type Checker struct {
	cfg     Config
	http    *http.Client
	logger  *slog.Logger
	observe func(Result)
}

// New returns a Checker. client is what the service is asked with; it follows no redirects. logger and observe may be nil.
func New(cfg Config, client *http.Client, logger *slog.Logger, observe func(Result)) *Checker {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if observe == nil {
		observe = func(Result) {}
	}
	return &Checker{cfg: cfg, http: client, logger: logger, observe: observe}
}

// Compromised tells whether a password should not be taken for an account. email may be empty.
func (c *Checker) Compromised(ctx context.Context, email, password string) bool {
	result := c.judge(ctx, email, password)
	c.observe(result)
	return result == ResultCommon || result == ResultPwned
}

func (c *Checker) judge(ctx context.Context, email, password string) Result {
	if c.cfg.CommonList && (isCommon(password) || isOwnName(password, email)) {
		return ResultCommon
	}
	if !c.cfg.Pwned {
		return ResultFine
	}
	known, err := c.pwned(ctx, password)
	switch {
	case err != nil && ctx.Err() != nil:
		return ResultFine // nobody waits for the answer any more
	case err != nil:
		c.logger.LogAttrs(ctx, slog.LevelWarn, "new password is not looked up among compromised ones", slog.Any("err", err))
		return ResultUnavailable
	case known:
		return ResultPwned
	}
	return ResultFine
}

// withoutURL leaves out the URL, which holds five digits of the hash.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
