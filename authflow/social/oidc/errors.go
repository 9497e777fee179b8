package oidc

import (
	"fmt"
)

// Error says why a token is refused. An error of another type means that the token could not be judged, since its provider's keys
// are not to be had.
type Error struct {
	Token   string // "ID token", "logout token"
	Check   string // the claim or header that failed: "aud"; "signature"
	Detail  string
	Section string // what asks for it: "OpenID Connect Core 1.0 §3.1.3.7 item 3"
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s refused: %s: %s (%s)", e.Token, e.Check, e.Detail, e.Section)
}

// The documents that sections are cited from.
const (
	core        = "OpenID Connect Core 1.0 "
	backchannel = "OpenID Connect Back-Channel Logout 1.0 "
)

// refusal is an Error that does not know yet what kind of token it is about.
func refusal(check, section, format string, args ...any) *Error {
	return &Error{Check: check, Section: section, Detail: fmt.Sprintf(format, args...)}
}

// quoted shows what somebody else wrote, no more of it than a log line bears.
func quoted(s string) string {
	const most = 120
	if len(s) > most {
		return fmt.Sprintf("%.*q…", most, s)
	}
	return fmt.Sprintf("%q", s)
}
