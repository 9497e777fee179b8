package mail

import (
	"context"
	"log/slog"
	"regexp"
)

// logSender prints letters instead of sending them. FOR DEVELOPMENT ONLY: whoever reads the log can follow the links, and
// so become the user. It says so once at start.
type logSender struct{ logger *slog.Logger }

var _ Sender = logSender{}

func newLog(logger *slog.Logger) logSender {
	logger.Warn("letters are printed to this log with their links, not sent: for development only; set mail.transport to resend or smtp")
	return logSender{logger}
}

// Send prints the letter's subject, recipient and links.
func (s logSender) Send(ctx context.Context, m Message) error {
	if err := m.Validate(); err != nil {
		return err
	}
	s.logger.InfoContext(ctx, "letter", "kind", m.Kind, "to", m.To, "subject", m.Subject, "links", links(m.Text))
	return nil
}

// link finds web addresses in a text. Our letters put each on a line of its own, so that it ends where the line does.
var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// links returns the web addresses in a letter's text, in their order, never nil.
func links(text string) []string {
	found := link.FindAllString(text, -1)
	if found == nil {
		return []string{}
	}
	return found
}
