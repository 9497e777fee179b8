package e2e

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// resetToken asks for a reset and returns the token of the letter.
func (p *person) resetToken(t *testing.T) string {
	t.Helper()
	p.Post(t, "/api/auth/request-password-reset", map[string]any{"email": p.email, "redirectTo": "/new-password?from=mail"}).Want(t, http.StatusOK)
	return p.mailedResetToken(t)
}

func (p *person) mailedResetToken(t *testing.T) string {
	t.Helper()
	link, err := url.Parse(p.link(t, p.email, "Reset your password"))
	if err != nil {
		t.Fatal(err)
	}
	token := path.Base(link.Path)
	p.s.secret("reset token", token)
	opened := p.elsewhere().Get(t, link.String()).Want(t, http.StatusFound).Header.Get("Location")
	if want := p.s.URL + "/new-password?from=mail&token=" + token; opened != want {
		t.Fatalf("the link leads to %q, want %q", opened, want)
	}
	return token
}

func (p *person) reset(t *testing.T, token, password string) *harness.Response {
	t.Helper()
	p.s.secret("new password", password)
	return p.elsewhere().Post(t, "/api/auth/reset-password", map[string]any{"token": token, "newPassword": password})
}

// passwordReset is R3.
func passwordReset(t *testing.T, s *stack) {
	p := s.user(t)
	second := p.device(t, firefox)
	p.isIn(t)
	second.isIn(t)
	token := p.resetToken(t)

	p.reset(t, token, "short").WantError(t, http.StatusBadRequest, "PASSWORD_TOO_SHORT")
	fresh := "new " + p.password
	p.reset(t, token, fresh).Want(t, http.StatusOK)
	p.reset(t, token, "again "+p.password).WantError(t, http.StatusBadRequest, "INVALID_TOKEN")
	p.reset(t, "x"+token, "again "+p.password).WantError(t, http.StatusBadRequest, "INVALID_TOKEN")

	p.isOut(t)
	second.isOut(t)
	p.trySignIn(t, p.password).WantError(t, http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD")
	p.password = fresh
	p.signIn(t)
	p.isIn(t)
	s.mail.Take(t, p.email, "Your password was changed")

	known := p.elsewhere().Post(t, "/api/auth/request-password-reset", map[string]any{"email": p.email})
	unknown := p.elsewhere().Post(t, "/api/auth/request-password-reset", map[string]any{"email": "nobody-" + p.email})
	if known.Status != http.StatusOK || unknown.Status != known.Status || string(unknown.Body) != string(known.Body) {
		t.Errorf("known: %d %s\nunknown: %d %s", known.Status, known.Body, unknown.Status, unknown.Body)
	}
	if letters := s.mail.DeliveredTo("nobody-" + p.email); len(letters) > 0 {
		t.Errorf("a stranger gets %v", letters)
	}
}

func resetTokenLifetime(t *testing.T, s *stack) {
	p := s.user(t)
	token := p.resetToken(t)
	const byToken = ` FROM verification WHERE identifier = $1`
	row := "reset-password:" + token
	if life := s.db.Time(t, `SELECT "expiresAt"`+byToken, row).Sub(s.db.Time(t, `SELECT "createdAt"`+byToken, row)); life != time.Hour {
		t.Errorf("a reset token lives for %s", life)
	}
	s.db.Exec(t, `UPDATE verification SET "expiresAt" = $1 WHERE identifier = $2`, time.Now().Add(-time.Second), row)
	p.reset(t, token, "too late "+p.password).WantError(t, http.StatusBadRequest, "INVALID_TOKEN")
	opened := p.elsewhere().Get(t, "/api/auth/reset-password/"+token+"?callbackURL=%2Fnew-password").Want(t, http.StatusFound)
	if !strings.HasSuffix(opened.Header.Get("Location"), "/new-password?error=INVALID_TOKEN") {
		t.Errorf("the expired link leads to %q", opened.Header.Get("Location"))
	}
	p.isIn(t)
	p.elsewhere().signIn(t)
}

// concurrentResets is D59, over HTTP.
func concurrentResets(t *testing.T, s *stack) {
	p := s.user(t)
	token := p.resetToken(t)
	answers := make(chan int, 4)
	var all sync.WaitGroup
	for i := range cap(answers) {
		all.Go(func() {
			r, err := harness.NewClient(s.URL).Try(t.Context(), http.MethodPost, "/api/auth/reset-password",
				map[string]any{"token": token, "newPassword": strings.Repeat("x", i) + p.password})
			if err != nil {
				t.Error(err)
				return
			}
			answers <- r.Status
		})
	}
	all.Wait()
	close(answers)
	counts := map[int]int{}
	for status := range answers {
		counts[status]++
	}
	if counts[http.StatusOK] != 1 || counts[http.StatusBadRequest] != cap(answers)-1 {
		t.Errorf("answers by status: %v", counts)
	}
}
