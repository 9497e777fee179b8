package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// What can be wrong with a call, beside what the network itself says. The errors of a Client's calls wrap one of them.
var (
	// ErrUnavailable means that the provider was not asked, since it failed too often just now.
	ErrUnavailable = errors.New("the provider is not asked for a while, after failing repeatedly")
	// ErrBlockedAddress means that the host's address is not one of the public internet.
	ErrBlockedAddress = errors.New("the address is not public (egress.allow_private_addresses permits it)")
	// ErrInsecureURL means that the URL is not https.
	ErrInsecureURL = errors.New("only https is allowed (egress.allow_private_addresses permits http)")
	// ErrRedirect means that the provider answered with a redirect, which is not followed.
	ErrRedirect = errors.New("redirects are not followed")
	// ErrTooLarge means that the answer is longer than MaxBodyBytes once decompressed.
	ErrTooLarge = errors.New("the answer is larger than 1 MiB")
)

// Outcome is how a call ended, as a metric counts it.
type Outcome string

// The outcomes.
const (
	OutcomeOK          Outcome = "ok"           // 2xx
	OutcomeRefused     Outcome = "refused"      // another status below 500: the provider does not want what was asked
	OutcomeServerError Outcome = "server_error" // 5xx
	OutcomeTimeout     Outcome = "timeout"      // no answer, or no whole one, in time
	OutcomeNetwork     Outcome = "network"      // no connection, or one that broke
	OutcomeRedirect    Outcome = "redirect"     // ErrRedirect
	OutcomeTooLarge    Outcome = "too_large"    // ErrTooLarge
	OutcomeBlocked     Outcome = "blocked"      // ErrBlockedAddress or ErrInsecureURL
	OutcomeUnavailable Outcome = "unavailable"  // ErrUnavailable
	OutcomeCanceled    Outcome = "canceled"     // nobody waits for the answer any more
)

// Outcomes are all of them.
func Outcomes() []Outcome {
	return []Outcome{OutcomeOK, OutcomeRefused, OutcomeServerError, OutcomeTimeout, OutcomeNetwork,
		OutcomeRedirect, OutcomeTooLarge, OutcomeBlocked, OutcomeUnavailable, OutcomeCanceled}
}

// outcomeOf tells how a call ended from its status, 0 if there was none, and its error.
func outcomeOf(status int, err error) Outcome {
	var network net.Error
	switch {
	case err == nil && status >= http.StatusInternalServerError:
		return OutcomeServerError
	case err == nil && status >= http.StatusMultipleChoices:
		return OutcomeRefused
	case err == nil:
		return OutcomeOK
	case errors.Is(err, ErrUnavailable):
		return OutcomeUnavailable
	case errors.Is(err, ErrBlockedAddress), errors.Is(err, ErrInsecureURL):
		return OutcomeBlocked
	case errors.Is(err, ErrRedirect):
		return OutcomeRedirect
	case errors.Is(err, ErrTooLarge):
		return OutcomeTooLarge
	case errors.Is(err, context.Canceled):
		return OutcomeCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return OutcomeTimeout
	}
	return OutcomeNetwork
}
