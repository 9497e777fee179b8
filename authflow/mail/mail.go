package mail

import "context"

// Message is one letter, complete and ready to send.
type Message struct {
	// Key identifies the letter to the mail service, so that sending it twice delivers it once where the service can tell.
	Key     string
	Kind    string // which letter it is, for metrics and the mailbox: "verify-email", "reset-password", …
	To      string
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
