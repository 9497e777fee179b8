package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/resend/resend-go/v3"
)

// resendSender speaks to Resend by its official SDK.
type resendSender struct {
	client  *resend.Client
	from    string
	replyTo string
	timeout time.Duration
	now     func() time.Time
}

var _ Sender = (*resendSender)(nil)

func newResend(c Config, o Options) (*resendSender, error) {
	base, err := url.Parse(strings.TrimRight(c.Resend.BaseURL, "/") + "/") // the SDK resolves "emails" against it
	if err != nil {
		return nil, fmt.Errorf("parse resend.base_url: %w", err)
	}
	client := resend.NewCustomClient(&http.Client{
		Transport: &answerRecorder{next: resendTransport(o)},
		Timeout:   c.Timeout,
		// A redirect is not an answer of Resend's API, and would take key and letter to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, c.Resend.APIKey)
	client.BaseURL = base
	return &resendSender{client: client, from: c.From, replyTo: c.ReplyTo, timeout: c.Timeout, now: o.Now}, nil
}

func resendTransport(o Options) http.RoundTripper {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     time.Minute,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// Send posts the letter. Its Key goes along as Idempotency-Key, which Resend remembers for 24 hours: as long as outbox tries.
func (s *resendSender) Send(ctx context.Context, m Message) error {
	if err := m.Validate(); err != nil {
		return err
	}
	var got answer
	sent, err := s.client.Emails.SendWithOptions(context.WithValue(ctx, answerKey{}, &got), &resend.SendEmailRequest{
		From:    s.from,
		ReplyTo: s.replyTo,
		To:      []string{m.To},
		Subject: m.Subject,
		Text:    m.Text,
		Html:    m.HTML,
	}, &resend.SendEmailOptions{IdempotencyKey: m.Key})
	if err == nil && sent.Id == "" {
		err = errors.New("the answer names no e-mail id, so it is not from Resend")
	}
	if err != nil {
		return s.classify(got, err)
	}
	return nil
}

// classify tells what a failure means. Permanent are the answers that speak of this letter alone: 400 and 422 (a field
// is not acceptable) and 413. A refused key (401, 403), an unverified domain (403) or a wrong base URL (404, 405) can be mended
// while letters wait; 409 is the same letter on its way twice; 429 and 5xx pass by themselves; and no status at all is the
// network. A 2xx whose body is not Resend's counts as failed, since trying again with the same key is harmless.
//
// See https://resend.com/docs/api-reference/errors.
func (s *resendSender) classify(got answer, err error) error {
	switch got.status {
	case 0:
		return fmt.Errorf("send by resend: %w", err)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return fmt.Errorf("resend answered %d: %w: %w", got.status, err, ErrPermanent)
	}
	err = fmt.Errorf("resend answered %d: %w", got.status, err)
	if after, ok := parseRetryAfter(got.retryAfter, s.now()); ok {
		return &busyError{after: after, err: err}
	}
	return err
}

// parseRetryAfter reads seconds or a date (RFC 9110 §10.2.3).
func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil || at.Before(now) {
		return 0, false
	}
	return at.Sub(now), true
}

// answer is what the SDK's errors leave out.
type answer struct {
	status     int
	retryAfter string
}

type answerKey struct{}

// answerRecorder notes status and Retry-After in the *answer of the request's context: the SDK reports most statuses as text
// only. It also bounds how much of an answer is read.
type answerRecorder struct{ next http.RoundTripper }

const maxAnswerBytes = 64 << 10

func (t *answerRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if got, ok := r.Context().Value(answerKey{}).(*answer); ok {
		got.status, got.retryAfter = resp.StatusCode, resp.Header.Get("Retry-After")
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswerBytes), resp.Body}
	return resp, nil
}
