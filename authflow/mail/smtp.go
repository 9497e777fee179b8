package mail

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// smtpSender speaks SMTP (RFC 5321), one connection per letter: letters are rare, and a connection kept open is one that the
// server has closed by the time it is needed.
type smtpSender struct {
	config  SMTPConfig
	tls     *tls.Config
	timeout time.Duration
	from    *mail.Address
	replyTo *mail.Address // nil: none
	now     func() time.Time
}

var _ Sender = (*smtpSender)(nil)

func newSMTP(c Config, o Options) (*smtpSender, error) {
	from, err := parseMailbox(c.From)
	if err != nil {
		return nil, fmt.Errorf("parse from: %w", err)
	}
	s := &smtpSender{
		config:  c.SMTP,
		tls:     &tls.Config{ServerName: c.SMTP.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		timeout: c.Timeout,
		from:    from,
		now:     o.Now,
	}
	if c.ReplyTo != "" {
		if s.replyTo, err = parseMailbox(c.ReplyTo); err != nil {
			return nil, fmt.Errorf("parse reply_to: %w", err)
		}
	}
	return s, nil
}

// Send delivers the letter to the server. SMTP has no idempotency key: a letter sent twice arrives twice, though with one
// Message-ID, by which many mail stores recognise the second.
func (s *smtpSender) Send(ctx context.Context, m Message) error {
	if err := m.Validate(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	message := s.message(m)
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() {
		// The server has said 250 to the letter; what failed afterwards (RSET, QUIT) must not send it again.
		return nil
	}
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err) // the library only saw its connection closed
	}
	return classifySMTP(err)
}

// client returns a client for one conversation, which ends with ctx: the library itself heeds ctx while it dials and no longer.
func (s *smtpSender) client(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.config.Port),
		gomail.WithTimeout(s.timeout),
		gomail.WithTLSConfig(s.tls),
		gomail.WithDialContextFunc(s.dialUntil(ctx)),
	}
	switch s.config.TLS {
	case TLSImplicit:
		options = append(options, gomail.WithSSL())
	case TLSNone:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.config.Username != "" {
		options = append(options, gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password),
			// The strongest first; PLAIN and LOGIN send the password and are refused by the library without TLS.
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256,
				gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	client, err := gomail.NewClient(s.config.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("set up smtp: %w", err)
	}
	return client, nil
}

// dialUntil returns a dialer whose connections are closed when ctx ends.
func (s *smtpSender) dialUntil(ctx context.Context) gomail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		var dialer interface {
			DialContext(context.Context, string, string) (net.Conn, error)
		} = &net.Dialer{}
		if s.config.TLS == TLSImplicit {
			dialer = &tls.Dialer{Config: s.tls}
		}
		conn, err := dialer.DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() }) // closing again after the library did is harmless
		return conn, nil
	}
}

func (s *smtpSender) message(m Message) *gomail.Msg {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(s.from)
	message.ToMailAddress(&mail.Address{Address: m.To}) // a bare address, as Validate saw to
	if s.replyTo != nil {
		message.ReplyToMailAddress(s.replyTo)
	}
	message.Subject(m.Subject)
	message.SetDateWithValue(s.now())
	message.SetMessageIDWithValue(messageID(m, s.from.Address))
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no out-of-office answers, please
	if m.Text != "" {
		message.SetBodyString(gomail.TypeTextPlain, m.Text)
	}
	if m.HTML != "" {
		message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return message
}

// messageID is the same for every attempt at one letter (RFC 5322 §3.6.4). It is a hash, since a key may contain what an id may
// not; without a key it is made from the letter, which is as good: two equal letters are one.
func messageID(m Message, from string) string {
	key := m.Key
	if key == "" {
		key = strings.Join([]string{m.To, m.Subject, m.Text, m.HTML}, "\n")
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + from[strings.LastIndexByte(from, '@'):]
}

// classifySMTP tells what a failure means. Permanent is a 5xx (RFC 5321 §4.2.1) to the recipient or the content. A 5xx before
// that, to the greeting, to AUTH or to our own sender address, speaks of our settings, which an operator can mend.
func classifySMTP(err error) error {
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return fmt.Errorf("send by smtp: %w", err)
	}
	aboutLetter := refused.Reason == gomail.ErrSMTPRcptTo || refused.Reason == gomail.ErrSMTPData || refused.Reason == gomail.ErrSMTPDataClose
	if code := refused.ErrorCode(); aboutLetter && code >= 500 && code <= 599 {
		return fmt.Errorf("send by smtp: %w: %w", err, ErrPermanent)
	}
	return fmt.Errorf("send by smtp: %w", err)
}
