package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Webhook delivers batches as JSON objects, by POST. Any status from 200 to 299 says that the batch is kept; after anything else it comes again.
type Webhook struct {
	URL    string
	Secret string // signs; empty: nothing is signed
	Client *http.Client
	Now    func() time.Time // nil: time.Now
}

// Name is what kind of sink it is: one is configured at a time.
func (Webhook) Name() string { return "webhook" }

// SignatureHeader is the hex HMAC-SHA256 under the secret of "<timestamp>.<body>"; TimestampHeader has the timestamp, in Unix seconds.
const (
	SignatureHeader = "X-Postern-Signature"
	TimestampHeader = "X-Postern-Timestamp"
)

// Deliver posts a batch.
func (w Webhook) Deliver(ctx context.Context, b Batch) error {
	body, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode audit events: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post audit events: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", b.Hash)
	w.sign(r.Header, body)
	answer, err := w.Client.Do(r)
	if err != nil {
		return fmt.Errorf("post audit events: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()                      // the status says it all
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("post audit events: status %d", answer.StatusCode)
	}
	return nil
}

func (w Webhook) sign(h http.Header, body []byte) {
	if w.Secret == "" {
		return
	}
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	timestamp := strconv.FormatInt(now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(w.Secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	h.Set(TimestampHeader, timestamp)
	h.Set(SignatureHeader, hex.EncodeToString(mac.Sum(nil)))
}
