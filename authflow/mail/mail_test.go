package mail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow/mail"
)

func message() mail.Message {
	m := verifyLetter().Message(brand)
	m.Key = "letter-1"
	return m
}

func TestD83MessageThatCouldAddAHeaderIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mail.Message){
		"CRLF in subject":          func(m *mail.Message) { m.Subject = "Hi\r\nBcc: v@example.com" },
		"LF in subject":            func(m *mail.Message) { m.Subject = "Hi\nBcc: v@example.com" },
		"NUL in subject":           func(m *mail.Message) { m.Subject = "Hi\x00" },
		"invalid UTF-8 in subject": func(m *mail.Message) { m.Subject = "Hi\xff" },
		"endless subject":          func(m *mail.Message) { m.Subject = strings.Repeat("x", 1<<20) },
		"no subject":               func(m *mail.Message) { m.Subject = "" },
		"CRLF in recipient":        func(m *mail.Message) { m.To = "a@example.com\r\nBcc: v@example.com" },
		"two recipients":           func(m *mail.Message) { m.To = "a@example.com, v@example.com" },
		"a group":                  func(m *mail.Message) { m.To = "all: a@example.com, v@example.com;" },
		"a display name":           func(m *mail.Message) { m.To = "Ada <a@example.com>" },
		"a comment":                func(m *mail.Message) { m.To = "a@example.com (Ada)" },
		"no domain":                func(m *mail.Message) { m.To = "ada" },
		"no recipient":             func(m *mail.Message) { m.To = "" },
		// D83: rejected by length first.
		"a megabyte of address": func(m *mail.Message) { m.To = strings.Repeat("a@", 1<<19) },
		"line break in key":     func(m *mail.Message) { m.Key = "a\r\nX: y" },
		"endless key":           func(m *mail.Message) { m.Key = strings.Repeat("k", 257) },
		"no content":            func(m *mail.Message) { m.Text, m.HTML = "", "" },
	} {
		m := message()
		change(&m)
		if err := m.Validate(); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%s: Validate = %v, want ErrPermanent", name, err)
		}
	}
	if err := message().Validate(); err != nil {
		t.Errorf("a good letter: %v", err)
	}
}

func TestLogTransportPrintsTheLinkAndSaysWhatItIs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := validConfig()
	config.Transport = mail.TransportLog
	sender, err := mail.New(config, mail.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "development only") {
		t.Errorf("no warning at start: %s", log.String())
	}
	if err := sender.Send(context.Background(), message()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ada@example.com", "Confirm your address", verifyLetter().ActionURL} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q: %s", want, log.String())
		}
	}
}
