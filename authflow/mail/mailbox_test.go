package mail_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

func newMailbox(t *testing.T) (*mail.Mailbox, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mail")
	box, err := mail.NewMailbox(dir, func() time.Time { return time.Date(2026, 5, 1, 10, 0, 0, 123456789, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	return box, dir
}

func send(t *testing.T, sender mail.Sender, key, subject string) {
	t.Helper()
	m := message()
	m.Key, m.Subject = key, subject
	if err := sender.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, box *mail.Mailbox, path string) (*http.Response, string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	box.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(recorder.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return recorder.Result(), string(body)
}

func TestMailboxShowsLettersNewestFirstAsJSON(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t)
	if _, body := get(t, box, "/dev/mail.json"); strings.TrimSpace(body) != "[]" {
		t.Errorf("an empty mailbox is %q, want []", body)
	}
	send(t, box, "1", "first")
	send(t, box, "2", "second")

	resp, body := get(t, box, "/dev/mail.json")
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	var letters []map[string]any
	if err := json.Unmarshal([]byte(body), &letters); err != nil {
		t.Fatal(err)
	}
	if len(letters) != 2 || letters[0]["subject"] != "second" || letters[1]["subject"] != "first" {
		t.Fatalf("letters are %s", body)
	}
	m := message()
	want := map[string]any{"id": letters[1]["id"], "to": m.To, "subject": "first", "kind": m.Kind, "text": m.Text, "html": m.HTML,
		"links": []any{verifyLetter().ActionURL, brand.URL}, "sentAt": "2026-05-01T10:00:00.123Z"}
	if fmt.Sprint(letters[1]) != fmt.Sprint(want) {
		t.Errorf("letter is\n%v\nwant\n%v", letters[1], want)
	}
}

func TestMailboxKeepsALetterOnceAndOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	box, dir := newMailbox(t)
	send(t, box, "1", "one")
	again, err := mail.NewMailbox(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	send(t, again, "1", "one")
	send(t, again, "2", "two")
	letters, err := again.Letters()
	if err != nil {
		t.Fatal(err)
	}
	if len(letters) != 2 || letters[0].Subject != "two" {
		t.Errorf("letters are %+v, want two and one", letters)
	}
}

func TestMailboxKeepsTheNewest200ForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	box, dir := newMailbox(t)
	for i := range 205 {
		send(t, box, fmt.Sprint(i), fmt.Sprintf("letter %d", i))
	}
	letters, err := box.Letters()
	if err != nil {
		t.Fatal(err)
	}
	if len(letters) != 200 || letters[0].Subject != "letter 204" || letters[199].Subject != "letter 5" {
		t.Errorf("%d letters, from %q to %q", len(letters), letters[0].Subject, letters[len(letters)-1].Subject)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 200 {
		t.Errorf("%d files, want 200", len(entries))
	}
	for _, path := range []string{dir, filepath.Join(dir, entries[0].Name())} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v: readable by others", info.Name(), info.Mode())
		}
	}
}

func TestMailboxTakesLettersAtOnce(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t)
	var senders sync.WaitGroup
	for i := range 50 {
		senders.Go(func() {
			m := message()
			m.Key = fmt.Sprint(i % 25)
			if err := box.Send(t.Context(), m); err != nil {
				t.Error(err)
			}
			if _, err := box.Letters(); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	if letters, err := box.Letters(); err != nil || len(letters) != 25 {
		t.Errorf("%d letters (%v), want 25", len(letters), err)
	}
}

func TestMailboxPagesRunNothing(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t)
	m := message()
	m.Subject, m.Kind = "<script>alert(1)</script>", "\"><img src=x>"
	m.Text += "javascript:alert(1) http://app.example.com/\"onmouseover=x"
	m.HTML = "<script>alert(2)</script><p>letter</p>"
	if err := box.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	letters, err := box.Letters()
	if err != nil {
		t.Fatal(err)
	}
	one := "/dev/mail/" + letters[0].ID
	for _, path := range []string{"/dev/mail", one} {
		resp, body := get(t, box, path)
		if resp.StatusCode != http.StatusOK || strings.Contains(body, "<script") || strings.Contains(body, "<img") ||
			strings.Contains(body, "style=") || strings.Contains(body, "<style") || strings.Contains(body, `href="javascript`) {
			t.Errorf("%s answers %d with something to run:\n%s", path, resp.StatusCode, body)
		}
		if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		if !strings.Contains(body, "verify-email?token=") {
			t.Errorf("%s lacks the link:\n%s", path, body)
		}
	}
	resp, body := get(t, box, one+"/html")
	if policy := resp.Header.Get("Content-Security-Policy"); body != m.HTML ||
		!strings.Contains(policy, "sandbox") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") {
		t.Errorf("the frame has the policy %q and the body %s", policy, body)
	}
	if resp, body := get(t, box, "/dev/mail/style.css"); resp.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(body, "prefers-color-scheme") {
		t.Errorf("style is %q: %s", resp.Header.Get("Content-Type"), body)
	}
}

func TestMailboxServesLettersOnly(t *testing.T) {
	t.Parallel()
	box, dir := newMailbox(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret.json"), []byte(`{"text":"secret"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/mail/..%2fsecret", "/dev/mail/..%2fsecret/html", "/dev/mail/nothing", "/dev/mail/0000000000000000000-0000000000000000"} {
		if resp, body := get(t, box, path); resp.StatusCode != http.StatusNotFound || strings.Contains(body, "secret\"") {
			t.Errorf("%s answers %d: %s", path, resp.StatusCode, body)
		}
	}
}
