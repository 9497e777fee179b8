package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

// smtpTo returns a Sender for the server; change may be nil.
func smtpTo(t *testing.T, s *smtpServer, change func(*mail.Config)) mail.Sender {
	t.Helper()
	config := validConfig()
	config.Transport = mail.TransportSMTP
	config.SMTP = mail.SMTPConfig{Host: s.host, Port: s.port, TLS: mail.TLSStartTLS, Username: "mailer", Password: "s3cret"}
	if change != nil {
		change(&config)
	}
	sender, err := mail.New(config, mail.Options{
		RootCAs: s.pool,
		Now:     func() time.Time { return time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func withoutPassword(c *mail.Config) { c.SMTP.Username, c.SMTP.Password = "", "" }

func TestSMTPDeliversTheWholeLetterEncryptedAndAuthenticated(t *testing.T) {
	t.Parallel()
	for name, implicit := range map[string]bool{"starttls": false, "implicit": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startSMTP(t, &smtpServer{password: "s3cret", implicit: implicit})
			sender := smtpTo(t, server, func(c *mail.Config) { c.SMTP.TLS = name })
			if err := sender.Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			letters := server.received()
			if len(letters) != 1 {
				t.Fatalf("%d letters arrived, want 1", len(letters))
			}
			if got := letters[0]; !got.encrypted || got.user != "mailer" ||
				!strings.HasPrefix(got.from, "FROM:<no-reply@example.com>") || !strings.HasPrefix(got.to, "TO:<ada@example.com>") {
				t.Errorf("envelope: %+v", got)
			}
			checkLetter(t, letters[0].data)
		})
	}
}

// checkLetter reads the letter as a mail program would.
func checkLetter(t *testing.T, data string) {
	t.Helper()
	parsed, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatalf("read letter: %v\n%s", err, data)
	}
	for header, want := range map[string]string{
		"From": `"Example" <no-reply@example.com>`, "To": "<ada@example.com>", "Reply-To": "<support@example.com>",
		"Subject": "Confirm your address", "Date": "Fri, 01 May 2026 10:00:00 +0000", "Auto-Submitted": "auto-generated",
	} {
		if got := parsed.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	_, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for _, want := range []string{message().Text, message().HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
			t.Errorf("part is\n%s\nwant\n%s", got, want)
		}
	}
}

func TestSecondAttemptHasTheSameMessageID(t *testing.T) {
	t.Parallel()
	server := startSMTP(t, &smtpServer{password: "s3cret"})
	sender := smtpTo(t, server, nil)
	other := message()
	other.Key = "letter-2"
	for _, m := range []mail.Message{message(), message(), other} {
		if err := sender.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, letter := range server.received() {
		parsed, err := netmail.ReadMessage(strings.NewReader(letter.data))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, parsed.Header.Get("Message-ID"))
	}
	if len(ids) != 3 || ids[0] != ids[1] || ids[0] == ids[2] || !strings.HasSuffix(ids[0], "@example.com>") {
		t.Errorf("Message-IDs %q: want two equal ones and another", ids)
	}
}

func TestSMTPFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answers   map[string]string
		permanent bool
	}{
		"unknown recipient":           {map[string]string{"RCPT": "550 5.1.1 no such user"}, true},
		"content refused at once":     {map[string]string{"DATA": "554 5.7.1 no"}, true},
		"content refused":             {map[string]string{".": "554 5.7.1 looks like spam"}, true},
		"recipient greylisted":        {map[string]string{"RCPT": "450 4.2.0 come back later"}, false},
		"storage full":                {map[string]string{".": "452 4.3.1 no room"}, false},
		"server going down":           {map[string]string{"MAIL": "421 4.3.2 closing"}, false},
		"our address refused":         {map[string]string{"MAIL": "550 5.7.1 not yours to send from"}, false},
		"password refused":            {map[string]string{"AUTH": "535 5.7.8 wrong"}, false},
		"greeting refuses":            {map[string]string{"": "554 no service"}, false},
		"greeting is HTTP":            {map[string]string{"": "HTTP/1.1 400 Bad Request"}, false},
		"answer is garbage":           {map[string]string{"RCPT": "\x00\xff"}, false},
		"answer is empty":             {map[string]string{"RCPT": ""}, false},
		"answer is endless":           {map[string]string{"RCPT": strings.Repeat("x", 1<<20)}, false},
		"cut before the greeting":     {map[string]string{"": "cut"}, false},
		"cut after the letter":        {map[string]string{".": "cut"}, false},
		"STARTTLS refused":            {map[string]string{"STARTTLS": "454 not now"}, false},
		"extensions without STARTTLS": {map[string]string{"EHLO": "250 test.example"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startSMTP(t, &smtpServer{password: "s3cret", answers: row.answers})
			err := smtpTo(t, server, nil).Send(t.Context(), message())
			if err == nil {
				t.Fatal("Send succeeded")
			}
			if got := errors.Is(err, mail.ErrPermanent); got != row.permanent {
				t.Errorf("permanent = %v, want %v: %v", got, row.permanent, err)
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "token=") {
				t.Errorf("error tells a secret: %v", err)
			}
		})
	}
}

// What goes wrong after the server took the letter must not send it again.
func TestFailureAfterAcceptanceIsSuccess(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"RSET", "QUIT"} {
		for _, answer := range []string{"421 bye", "cut"} {
			server := startSMTP(t, &smtpServer{password: "s3cret", answers: map[string]string{verb: answer}})
			if err := smtpTo(t, server, nil).Send(t.Context(), message()); err != nil {
				t.Errorf("%s answered %q: Send = %v", verb, answer, err)
			}
			if got := len(server.received()); got != 1 {
				t.Errorf("%s answered %q: %d letters", verb, answer, got)
			}
		}
	}
}

func TestPasswordIsNeverSentWithoutTLS(t *testing.T) {
	t.Parallel()
	server := startSMTP(t, &smtpServer{password: "s3cret", noTLS: true})
	if err := smtpTo(t, server, nil).Send(t.Context(), message()); err == nil {
		t.Error("Send succeeded though the server has no STARTTLS")
	}
	if server.saw("AUTH") || server.saw("MAIL") {
		t.Error("the conversation went on in clear")
	}
}

func TestCertificateOfAnotherAuthorityIsRefused(t *testing.T) {
	t.Parallel()
	server := startSMTP(t, &smtpServer{password: "s3cret"})
	_, server.pool = certificate(t)
	if err := smtpTo(t, server, nil).Send(t.Context(), message()); err == nil || errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want a temporary error", err)
	}
	if server.saw("AUTH") {
		t.Error("the password was sent")
	}
}

func TestSMTPWithoutTLSOrPasswordReachesALocalRelay(t *testing.T) {
	t.Parallel()
	server := startSMTP(t, &smtpServer{noTLS: true})
	sender := smtpTo(t, server, func(c *mail.Config) { withoutPassword(c); c.SMTP.TLS = mail.TLSNone })
	if err := sender.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if got := len(server.received()); got != 1 {
		t.Errorf("%d letters, want 1", got)
	}
}

func TestSilentServerIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"", "EHLO", "RCPT", "."} {
		t.Run("silent at "+verb, func(t *testing.T) {
			t.Parallel()
			server := startSMTP(t, &smtpServer{password: "s3cret", answers: map[string]string{verb: "hang"}})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := smtpTo(t, server, nil).Send(ctx, message())
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, mail.ErrPermanent) {
				t.Errorf("Send = %v, want a temporary error for the deadline", err)
			}
		})
	}
}

func TestSMTPServerThatIsNotThereIsTemporary(t *testing.T) {
	t.Parallel()
	server := startSMTP(t, &smtpServer{})
	server.port = 1 // nothing listens there
	if err := smtpTo(t, server, nil).Send(t.Context(), message()); err == nil || errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want a temporary error", err)
	}
}
