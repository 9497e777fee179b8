// Package mail writes letters and hands them to whoever delivers them.
//
//	Letter ──Message(Brand)──▶ Message ──Send──▶ Sender ─┬─ resend.go   Resend's HTTP API, by its official SDK
//	 what a room has to say     text and HTML,           ├─ smtp.go     any SMTP server
//	                            escaped here             ├─ log.go      the log, for development
//	                                                     └─ mailbox.go  files and the pages at /dev/mail, for development
//
// A room fills in a Letter and never writes HTML: the frame, the escaping of names and the text form are the same for all
// letters and live in letter.go. New chooses the Sender that the configuration names.
//
// Send is one attempt. Queueing, retries and what happens when the process dies between a sign-up and its letter belong to
// package outbox, which calls Send; nothing that answers a request should. Two things tell the queue what an error
// means: errors.Is(err, ErrPermanent), and RetryAfter.
//
// Callers may rely on this: a Message that passes Validate cannot add a header or a recipient, whatever the user chose as
// name or address; and every Sender validates before it sends.
package mail
