package harness

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ResendKey is the API key that Resend accepts.
const ResendKey = "re_harness_key"

// Letter is what Resend was asked to send.
type Letter struct {
	Key     string // Idempotency-Key
	From    string
	To      string
	Subject string
	Text    string
	HTML    string
}

// Link is the address that has a line to itself: what the letter is about.
func (l Letter) Link() string {
	for line := range strings.Lines(l.Text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http") && strings.Contains(line, "/api/") {
			return line
		}
	}
	return ""
}

// Resend takes letters as https://resend.com/docs/api-reference/emails/send-email describes, and remembers them instead of
// sending. A letter whose idempotency key it knows is delivered once.
type Resend struct {
	URL string

	over      chan struct{} // closed with the test
	mu        sync.Mutex
	delay     time.Duration
	status    int // answered instead of taking the letter; 0 takes it
	delivered []Letter
	keys      map[string]bool
	taken     map[int]bool // by index in delivered
}

// StartResend serves until the test ends.
func StartResend(t testing.TB) *Resend {
	t.Helper()
	r := &Resend{keys: map[string]bool{}, taken: map[int]bool{}, over: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	r.URL = server.URL
	t.Cleanup(func() {
		close(r.over) // slow answers are wanted no more
		server.Close()
	})
	return r
}

// Settings make Postern send by this server.
func (r *Resend) Settings() map[string]string {
	return map[string]string{
		"mail.transport":       "resend",
		"mail.from":            "Postern <no-reply@postern.test>",
		"mail.resend.api_key":  ResendKey,
		"mail.resend.base_url": r.URL,
	}
}

// Slow makes every answer wait.
func (r *Resend) Slow(delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay = delay
}

// Fail makes every answer the status; 0 makes letters welcome again.
func (r *Resend) Fail(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// Delivered are the letters that were taken, each once, in order.
func (r *Resend) Delivered() []Letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.delivered)
}

// DeliveredTo are the letters to one address.
func (r *Resend) DeliveredTo(address string) []Letter {
	return slices.DeleteFunc(r.Delivered(), func(l Letter) bool { return l.To != address })
}

// deliveryTimeout covers a first retry.
const deliveryTimeout = 60 * time.Second

// Take waits for a letter to the address whose subject contains the words, and returns each letter once.
func (r *Resend) Take(t testing.TB, address, words string) Letter {
	t.Helper()
	for deadline := time.Now().Add(deliveryTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if letter, ok := r.Next(address, words); ok {
			return letter
		}
	}
	t.Fatalf("no letter %q to %s; delivered: %v", words, address, r.DeliveredTo(address))
	return Letter{}
}

// Next is Take without waiting.
func (r *Resend) Next(address, words string) (Letter, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, letter := range r.delivered {
		if !r.taken[i] && letter.To == address && strings.Contains(letter.Subject, words) {
			r.taken[i] = true
			return letter, true
		}
	}
	return Letter{}, false
}

func (r *Resend) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	delay, status := r.delay, r.status
	r.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.over:
		return
	}
	var body struct {
		From    string   `json:"from"`
		To      []string `json:"to"`
		Subject string   `json:"subject"`
		Text    string   `json:"text"`
		HTML    string   `json:"html"`
	}
	switch {
	case status != 0:
		refuse(w, status, "application_error")
	case req.Method != http.MethodPost || req.URL.Path != "/emails":
		refuse(w, http.StatusNotFound, "not_found")
	case req.Header.Get("Authorization") != "Bearer "+ResendKey:
		refuse(w, http.StatusUnauthorized, "missing_api_key")
	case json.NewDecoder(req.Body).Decode(&body) != nil || len(body.To) != 1 || body.From == "":
		refuse(w, http.StatusUnprocessableEntity, "validation_error")
	default:
		id := r.deliver(Letter{req.Header.Get("Idempotency-Key"), body.From, body.To[0], body.Subject, body.Text, body.HTML})
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
	}
}

func refuse(w http.ResponseWriter, status int, name string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"statusCode":%d,"name":%q,"message":"refused by the test"}`, status, name)
}

func (r *Resend) deliver(letter Letter) (id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if letter.Key == "" || !r.keys[letter.Key] {
		r.keys[letter.Key] = true
		r.delivered = append(r.delivered, letter)
	}
	return fmt.Sprintf("id-of-%s", letter.Key)
}
