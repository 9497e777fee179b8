package audit

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config says what is remembered. Its root key is `audit`.
type Config struct {
	Enabled      bool          `key:"enabled" default:"true" doc:"Whether authentication events are written to the database and the log. They are counted in the metrics in any case."`
	Retention    time.Duration `key:"retention" default:"2160h" doc:"How long rows are kept. Zero keeps them for ever."`
	SealInterval time.Duration `key:"seal_interval" default:"10s" doc:"How often new rows are sealed, and streamed: within that time changes to a row show, but not that one was removed."`
	SigningKey   string        `key:"signing_secret" secret:"true" doc:"Secret that signs rows and seals, of 32 characters or more. Empty: one derived from auth.secret, and former ones from auth.previous_secrets, which then have to stay there for as long as rows are kept."`
	Stream       StreamConfig  `key:"stream" doc:"Where events are sent, each at least once and in order, as soon as they are sealed. How far that has come is kept in the database."`
}

// StreamConfig is the section audit.stream.
type StreamConfig struct {
	WebhookURL    string `key:"webhook_url" example:"https://siem.example.com/postern" doc:"Where batches are posted as JSON. A status from 200 to 299 says that a batch is kept; otherwise it comes again."`
	WebhookSecret string `key:"webhook_secret" secret:"true" doc:"Secret that signs batches: X-Postern-Signature is the hex HMAC-SHA256 of X-Postern-Timestamp, a dot and the body."`
	Syslog        string `key:"syslog" example:"tls://logs.example.com:6514" doc:"Where each event is sent as a message of RFC 5424: tcp://host:port or tls://host:port. Syslog acknowledges nothing; a batch is sent again when the connection breaks."`
}

// Validate returns every problem, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Retention < 0 || (c.Retention > 0 && c.Retention < time.Hour) {
		report("retention: %v is below 1h; use at least 1h, or 0 to keep rows for ever", c.Retention)
	}
	if c.SealInterval != 0 && (c.SealInterval < time.Second || c.SealInterval > 5*time.Minute) {
		report("seal_interval: %v is not between 1s and 5m", c.SealInterval)
	}
	if c.SigningKey != "" && len(c.SigningKey) < 32 {
		report("signing_secret: has %d characters; use 32 or more", len(c.SigningKey))
	}
	if u, err := url.Parse(c.Stream.WebhookURL); c.Stream.WebhookURL != "" && (err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http")) {
		report("stream.webhook_url: is not a URL like https://siem.example.com/postern")
	}
	if _, err := c.Stream.syslog(); c.Stream.Syslog != "" && err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// Sinks are the systems that are configured. client posts to the webhook.
func (c StreamConfig) Sinks(client *http.Client) ([]Sink, error) {
	var sinks []Sink
	if c.WebhookURL != "" {
		sinks = append(sinks, Webhook{URL: c.WebhookURL, Secret: c.WebhookSecret, Client: client})
	}
	if c.Syslog != "" {
		address, err := c.syslog()
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, Syslog{Address: address})
	}
	return sinks, nil
}

func (c StreamConfig) syslog() (*url.URL, error) {
	u, err := url.Parse(c.Syslog)
	switch {
	case err == nil && u.Scheme == "udp":
		return nil, errors.New("stream.syslog: udp loses messages without a word; use tcp or tls")
	case err != nil || u.Port() == "" || u.Hostname() == "" || (u.Scheme != "tcp" && u.Scheme != "tls"):
		return nil, fmt.Errorf("stream.syslog: %q is not an address like tls://logs.example.com:6514", c.Syslog)
	}
	return u, nil
}
