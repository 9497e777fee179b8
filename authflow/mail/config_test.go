package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

func validConfig() mail.Config {
	return mail.Config{
		Transport: mail.TransportResend,
		From:      "Example <no-reply@example.com>",
		ReplyTo:   "support@example.com",
		Timeout:   5 * time.Second,
		Resend:    mail.ResendConfig{APIKey: "re_test", BaseURL: "https://api.resend.com"},
		SMTP:      mail.SMTPConfig{Host: "smtp.example.com", Port: 587, TLS: mail.TLSStartTLS, Username: "u", Password: "p"},
	}
}

func TestConfigNamesEveryProblemWithItsKey(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*mail.Config)
		keys   []string // no keys: valid
	}{
		"resend": {func(*mail.Config) {}, nil},
		"smtp":   {func(c *mail.Config) { c.Transport = mail.TransportSMTP }, nil},
		"log":    {func(c *mail.Config) { *c = mail.Config{Transport: mail.TransportLog, Timeout: time.Second} }, nil},
		"settings of the other transport are left alone": {func(c *mail.Config) { c.SMTP = mail.SMTPConfig{} }, nil},
		"unknown transport":             {func(c *mail.Config) { c.Transport = "pigeon" }, []string{"transport"}},
		"no sender":                     {func(c *mail.Config) { c.From = "" }, []string{"from"}},
		"bad addresses":                 {func(c *mail.Config) { c.From, c.ReplyTo = "x", "y\r\n" }, []string{"from", "reply_to"}},
		"no key and no URL":             {func(c *mail.Config) { c.Resend = mail.ResendConfig{BaseURL: "ftp://x"} }, []string{"resend.api_key", "resend.base_url"}},
		"longer than the queue's lease": {func(c *mail.Config) { c.Timeout = time.Hour }, []string{"timeout"}},
		"nothing about smtp": {func(c *mail.Config) { c.Transport, c.SMTP = mail.TransportSMTP, mail.SMTPConfig{} },
			[]string{"smtp.host", "smtp.port", "smtp.tls"}},
		"password in clear": {func(c *mail.Config) { c.Transport, c.SMTP.TLS = mail.TransportSMTP, mail.TLSNone }, []string{"smtp.tls"}},
		"password in clear to this machine": {func(c *mail.Config) {
			c.Transport, c.SMTP.TLS, c.SMTP.Host = mail.TransportSMTP, mail.TLSNone, "127.0.0.1"
		}, nil},
		"password without user": {func(c *mail.Config) { c.Transport, c.SMTP.Username = mail.TransportSMTP, "" }, []string{"smtp.username"}},
	} {
		config := validConfig()
		row.change(&config)
		err := config.Validate()
		if len(row.keys) == 0 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var lines []string
		if err != nil {
			lines = strings.Split(err.Error(), "\n")
		}
		if len(lines) != len(row.keys) {
			t.Errorf("%s: problems %q, want keys %q", name, lines, row.keys)
			continue
		}
		for i, key := range row.keys {
			if !strings.HasPrefix(lines[i], key+": ") {
				t.Errorf("%s: problem %q does not begin with %q", name, lines[i], key)
			}
		}
	}
}
