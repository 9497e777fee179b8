package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The values of Config.Transport.
const (
	TransportLog    = "log"
	TransportResend = "resend"
	TransportSMTP   = "smtp"
)

// The values of SMTPConfig.TLS.
const (
	TLSStartTLS = "starttls"
	TLSImplicit = "implicit"
	TLSNone     = "none"
)

// Config says how letters leave. Its root key is `mail`.
type Config struct {
	Transport string `key:"transport" default:"log" doc:"How letters are delivered: log, resend or smtp. log prints every letter with its link to the log, for development only."`
	From      string `key:"from" example:"Example <no-reply@example.com>" doc:"Sender of all letters: an address, or a name with an address in angle brackets. Required unless transport is log."`
	ReplyTo   string `key:"reply_to" example:"support@example.com" doc:"Address that answers go to. Empty: the sender."`

	Notifications bool `key:"notifications" default:"true" doc:"Whether users are told by letter of a sign-in on a new device, a changed password or a changed address. The first two letters have a link by which they say that it was not them: it ends all sessions and the password."`

	// Timeout stays below the lease that outbox holds on a letter, so that no two workers send one letter at a time.
	Timeout time.Duration `key:"timeout" default:"30s" doc:"How long one attempt to hand over a letter may take, from 1s to 1m."`

	Resend ResendConfig `key:"resend"`
	SMTP   SMTPConfig   `key:"smtp"`
}

// ResendConfig is for the transport resend.
type ResendConfig struct {
	APIKey  string `key:"api_key" secret:"true" env:"RESEND_API_KEY" doc:"API key of Resend; sending access is enough."`
	BaseURL string `key:"base_url" default:"https://api.resend.com" doc:"Where Resend's API is."`
}

// SMTPConfig is for the transport smtp.
type SMTPConfig struct {
	Host     string `key:"host" example:"smtp.example.com" doc:"Host name or address of the SMTP server. Its certificate must be valid for it."`
	Port     int    `key:"port" default:"587" doc:"Port of the SMTP server: usually 587 with starttls, 465 with implicit."`
	Username string `key:"username" doc:"User name for the SMTP server. Empty: no authentication."`
	Password string `key:"password" secret:"true" doc:"Password for the SMTP server."`
	TLS      string `key:"tls" default:"starttls" doc:"starttls (required, never skipped when the server does not offer it), implicit (TLS from the first byte), or none (a server on this machine)."`
}

// Validate returns every problem, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	if c.Timeout < time.Second || c.Timeout > time.Minute {
		problem("timeout: %v is not between 1s and 1m", c.Timeout)
	}
	if c.From != "" {
		if _, err := parseMailbox(c.From); err != nil {
			problem("from: %w; write it as no-reply@example.com or Example <no-reply@example.com>", err)
		}
	} else if c.Transport != TransportLog {
		problem("from: required with transport %s; set the address that letters come from", c.Transport)
	}
	if c.ReplyTo != "" {
		if _, err := parseMailbox(c.ReplyTo); err != nil {
			problem("reply_to: %w; write it as support@example.com", err)
		}
	}

	switch c.Transport {
	case TransportLog:
	case TransportResend:
		problems = append(problems, c.Resend.validate()...)
	case TransportSMTP:
		problems = append(problems, c.SMTP.validate()...)
	default:
		problem("transport: %q is none of log, resend and smtp", c.Transport)
	}
	return errors.Join(problems...)
}

func (c ResendConfig) validate() (problems []error) {
	if strings.TrimSpace(c.APIKey) == "" {
		problems = append(problems, errors.New("resend.api_key: required with transport resend; create one in Resend's dashboard"))
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, fmt.Errorf("resend.base_url: %q is not an http or https URL", c.BaseURL))
	}
	return problems
}

func (c SMTPConfig) validate() (problems []error) {
	if c.Host == "" {
		problems = append(problems, errors.New("smtp.host: required with transport smtp"))
	}
	if c.Port < 1 || c.Port > 65535 {
		problems = append(problems, fmt.Errorf("smtp.port: %d is not between 1 and 65535", c.Port))
	}
	if !slices.Contains([]string{TLSStartTLS, TLSImplicit, TLSNone}, c.TLS) {
		problems = append(problems, fmt.Errorf("smtp.tls: %q is none of starttls, implicit and none", c.TLS))
	}
	if c.TLS == TLSNone && c.Username != "" && !isLoopback(c.Host) {
		problems = append(problems, errors.New("smtp.tls: none would send the password in clear over the network; use starttls or implicit, or no smtp.username"))
	}
	if c.Username == "" && c.Password != "" {
		problems = append(problems, errors.New("smtp.username: required with smtp.password"))
	}
	return problems
}

// isLoopback names the hosts for which the SMTP library, too, sends a password without TLS.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// parseMailbox reads an address with or without a display name (RFC 5322 §3.4), as an operator writes it.
func parseMailbox(s string) (*mail.Address, error) {
	if err := checkHeader(s, 2*maxAddressBytes); err != nil {
		return nil, err
	}
	address, err := mail.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not an e-mail address", s)
	}
	return address, nil
}

// Options are what New needs beside the configuration. Zero values work.
type Options struct {
	Logger  *slog.Logger     // nil: nothing is logged
	Now     func() time.Time // nil: time.Now
	RootCAs *x509.CertPool   // whom to trust for TLS; nil: the system's list
}

// New returns the Sender that the configuration asks for. It does not connect: a mail service that is down must not keep
// Postern from starting. The configuration must be valid.
func New(c Config, o Options) (Sender, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("mail configuration: %w", err)
	}
	switch c.Transport {
	case TransportResend:
		return newResend(c, o)
	case TransportSMTP:
		return newSMTP(c, o)
	default:
		return newLog(o.Logger), nil
	}
}
