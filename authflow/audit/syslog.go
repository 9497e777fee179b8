package audit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
)

// Syslog delivers each event as a message (RFC 5424), framed by its length (RFC 6587 §3.4.1), over TCP or TLS (RFC 5425). The protocol knows no
// acknowledgement: a batch counts as delivered once the system has taken all of it and the receiver has not closed the connection.
type Syslog struct {
	Address *url.URL    // tcp://host:601 or tls://host:6514
	TLS     *tls.Config // nil: the system's authorities
}

// Name is what kind of sink it is.
func (Syslog) Name() string { return "syslog" }

// closeWait is how long a receiver has to refuse what was written, by closing the connection.
const closeWait = 200 * time.Millisecond

// Deliver writes a batch on a connection of its own.
func (s Syslog) Deliver(ctx context.Context, b Batch) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return fmt.Errorf("connect to syslog: %w", err)
	}
	defer func() { _ = conn.Close() }() // what matters was found out before
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // a connection that takes no deadline fails at the next step
	}
	var out strings.Builder
	host, _ := os.Hostname() // "" becomes "-"
	for _, row := range b.Events {
		message := syslogMessage(row, b, host)
		out.WriteString(strconv.Itoa(len(message)) + " " + message)
	}
	if _, err := conn.Write([]byte(out.String())); err != nil {
		return fmt.Errorf("write to syslog: %w", err)
	}
	return stillOpen(conn)
}

func (s Syslog) dial(ctx context.Context) (net.Conn, error) {
	if s.Address.Scheme == "tls" {
		return (&tls.Dialer{Config: s.TLS}).DialContext(ctx, "tcp", s.Address.Host)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.Address.Host)
}

// stillOpen tells whether the receiver has closed the connection, as one does that is shutting down or understands nothing.
func stillOpen(conn net.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(closeWait)); err != nil {
		return fmt.Errorf("write to syslog: %w", err)
	}
	_, err := conn.Read(make([]byte, 1))
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		return nil
	}
	return fmt.Errorf("syslog closed the connection: %w", err)
}

const (
	facilityLogAudit = 13 // RFC 5424 §6.2.1
	severityWarning  = 4
	severityInfo     = 6
	// enterprise is the number that RFC 5612 keeps for documentation: Postern has none of its own.
	enterprise = "postern@32473"
)

// syslogMessage is one event. All that may come from a client stands in the structured data, escaped.
func syslogMessage(r Row, b Batch, host string) string {
	severity := severityInfo
	if r.Outcome == string(authflow.OutcomeFailure) {
		severity = severityWarning
	}
	var out strings.Builder
	fmt.Fprintf(&out, "<%d>1 %s %s postern %d %s [%s", facilityLogAudit*8+severity, r.At.Format("2006-01-02T15:04:05.000Z07:00"),
		printable(host, 255), os.Getpid(), printable(r.Event, 32), enterprise)
	for _, p := range []struct{ name, value string }{
		{"id", r.ID}, {"event", r.Event}, {"outcome", r.Outcome}, {"user_id", r.UserID}, {"actor_id", r.ActorID}, {"session_id", r.SessionID}, {"account", r.Account},
		{"ip_address", r.IPAddress}, {"user_agent", r.UserAgent}, {"request_id", r.RequestID}, {"reason", r.Reason}, {"device", r.Device}, {"place", r.Place},
		{"seal", strconv.FormatInt(b.Seal, 10)}, {"seal_hash", b.Hash},
	} {
		if p.value != "" {
			fmt.Fprintf(&out, " %s=\"%s\"", p.name, escapeParam(p.value))
		}
	}
	out.WriteString("]")
	return out.String()
}

// escapeParam is RFC 5424 §6.3.3; control characters, which could break lines of whoever reads the messages, become blanks.
func escapeParam(value string) string {
	var out strings.Builder
	for _, c := range strings.ToValidUTF8(value, "") {
		switch {
		case c == '"' || c == '\\' || c == ']':
			out.WriteByte('\\')
			out.WriteRune(c)
		case c < 0x20 || c == 0x7f:
			out.WriteByte(' ')
		default:
			out.WriteRune(c)
		}
	}
	return out.String()
}

// printable keeps what a header field may have (PRINTUSASCII); "-" is none.
func printable(value string, longest int) string {
	kept := strings.Map(func(c rune) rune {
		if c > 0x20 && c < 0x7f {
			return c
		}
		return -1
	}, value)
	if len(kept) > longest {
		kept = kept[:longest]
	}
	if kept == "" {
		return "-"
	}
	return kept
}
