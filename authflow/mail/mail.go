package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Message is one letter, complete and ready to send.
type Message struct {
	// Key identifies the letter to the mail service, so that sending it twice delivers it once where the service can tell:
	// Resend and the mailbox can, SMTP servers only hide the second copy in some mail programs, by its equal Message-ID.
	// Visible ASCII, at most 256 characters, and never the same for two letters that should both arrive. May be empty.
	Key     string
	Kind    string // which letter it is, for metrics and the mailbox: "verify-email", "reset-password", …
	To      string // one bare address, without a display name
	Subject string
	Text    string
	HTML    string
}

// Sender hands letters to a mail service.
type Sender interface {
	// Send returns nil once the service has taken responsibility for the letter. An error wrapping ErrPermanent will not
	// go away by trying again.
	Send(ctx context.Context, m Message) error
}

// ErrPermanent says that this letter will never be taken: its recipient or its content is refused. What is wrong with our
// own settings (a bad key, a domain that is not verified) is not permanent: an operator can mend it while letters wait.
var ErrPermanent = errors.New("letter refused for good")

// busyError is a temporary failure whose service said how long to stay away.
type busyError struct {
	after time.Duration
	err   error
}

func (e *busyError) Error() string { return e.err.Error() }
func (e *busyError) Unwrap() error { return e.err }

// RetryAfter returns how long the service asked to be left alone, as far as err tells.
func RetryAfter(err error) (time.Duration, bool) {
	var busy *busyError
	if !errors.As(err, &busy) {
		return 0, false
	}
	return busy.after, true
}

// Bounds of a Message. 254 octets is what fits in SMTP's path of 256 with its brackets (RFC 5321 §4.5.3.1.3); 256 is Resend's
// limit for an idempotency key.
const (
	maxAddressBytes = 254
	maxKeyBytes     = 256
	maxSubjectBytes = 900 // RFC 5322 §2.1.1 allows a line 998 octets, and encoding takes some
)

// Validate returns an error wrapping ErrPermanent unless the message can be sent as it is: one bare address, and no control
// character in anything that becomes a header.
func (m Message) Validate() error {
	if err := checkAddress(m.To); err != nil {
		return fmt.Errorf("recipient: %w: %w", err, ErrPermanent)
	}
	if err := checkHeader(m.Subject, maxSubjectBytes); err != nil {
		return fmt.Errorf("subject: %w: %w", err, ErrPermanent)
	}
	if len(m.Key) > maxKeyBytes || strings.ContainsFunc(m.Key, notVisibleASCII) {
		return fmt.Errorf("key: not 0 to %d visible ASCII characters: %w", maxKeyBytes, ErrPermanent)
	}
	if m.Text == "" && m.HTML == "" {
		return fmt.Errorf("the letter is empty: %w", ErrPermanent)
	}
	return nil
}

// checkAddress looks at the length before anything parses the address, since net/mail has been quadratic more than once
// (CVE-2025-61725). The error does not repeat the address: it may be anything, and errors are logged.
func checkAddress(address string) error {
	if len(address) > maxAddressBytes {
		return fmt.Errorf("longer than %d bytes", maxAddressBytes)
	}
	if err := checkHeader(address, maxAddressBytes); err != nil {
		return err
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return errors.New("not one bare e-mail address")
	}
	return nil
}

// checkHeader refuses what could end a header line and begin another: RFC 5322 §2.2 has only CR LF in mind, but relays
// disagree about bare CR and LF, NUL and the rest.
func checkHeader(value string, maxBytes int) error {
	switch {
	case value == "":
		return errors.New("empty")
	case len(value) > maxBytes:
		return fmt.Errorf("longer than %d bytes", maxBytes)
	case !utf8.ValidString(value):
		return errors.New("not UTF-8")
	case strings.ContainsFunc(value, unicode.IsControl):
		return errors.New("contains a control character")
	}
	return nil
}

func notVisibleASCII(r rune) bool { return r <= ' ' || r > '~' }
