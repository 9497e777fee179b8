package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)

type device struct {
	ID, Device, UserAgent, IPAddress, CreatedAt, LastUsedAt, ExpiresAt string
	IsCurrent                                                          bool
	Token                                                              *string
}

func (p *person) devices(t *testing.T) []device {
	t.Helper()
	var answer struct{ Sessions []device }
	p.Get(t, "/api/auth/sessions").Want(t, http.StatusOK).JSON(t, &answer)
	return answer.Sessions
}

// current is the id of the person's own session.
func (p *person) current(t *testing.T) string {
	t.Helper()
	for _, d := range p.devices(t) {
		if d.IsCurrent {
			return d.ID
		}
	}
	t.Fatal("no session is the current one")
	return ""
}

// devices is R7.
func devices(t *testing.T, s *stack) {
	p := s.user(t)
	desktop, phone := p.device(t, firefox), p.device(t, iphone)
	all := desktop.devices(t)
	if len(all) != 3 {
		t.Fatalf("%d sessions: %+v", len(all), all)
	}
	labels := map[string]bool{}
	for _, d := range all {
		labels[d.Device] = true
		if d.ID == "" || d.Token != nil || d.IPAddress != "127.0.0.1" || d.LastUsedAt == "" || d.IsCurrent != (d.UserAgent == firefox) {
			t.Errorf("session %+v", d)
		}
	}
	if !labels["Firefox on Linux"] || !labels["Safari on iPhone"] {
		t.Errorf("devices: %v", labels)
	}
	desktop.isIn(t)
	phone.isIn(t) // so that both are cached

	id := phone.current(t)
	desktop.Do(t, http.MethodDelete, "/api/auth/sessions/"+desktop.current(t), nil).WantError(t, http.StatusBadRequest, "CANNOT_REVOKE_CURRENT_SESSION")
	desktop.isIn(t)
	desktop.Do(t, http.MethodDelete, "/api/auth/sessions/"+id, nil).Want(t, http.StatusOK)
	phone.isOut(t) // the very next request
	desktop.isIn(t)
	desktop.Do(t, http.MethodDelete, "/api/auth/sessions/"+id, nil).WantError(t, http.StatusNotFound, "SESSION_NOT_FOUND")

	var listed []struct{ ID, Token, UserAgent string }
	desktop.Get(t, "/api/auth/list-sessions").Want(t, http.StatusOK).JSON(t, &listed)
	if len(listed) != 2 {
		t.Fatalf("list-sessions: %+v", listed)
	}
	for _, session := range listed {
		if session.UserAgent != firefox {
			desktop.Post(t, "/api/auth/revoke-session", map[string]any{"token": session.Token}).Want(t, http.StatusOK)
		}
	}
	p.isOut(t)
	desktop.isIn(t)
}

func revokeOthers(t *testing.T, s *stack) {
	p := s.user(t)
	second, third := p.device(t, firefox), p.device(t, iphone)
	p.isIn(t)
	third.isIn(t)
	second.Post(t, "/api/auth/revoke-other-sessions", nil).Want(t, http.StatusOK)
	p.isOut(t)
	third.isOut(t)
	second.isIn(t)
}

func revokeAll(t *testing.T, s *stack) {
	p := s.user(t)
	second := p.device(t, firefox)
	p.isIn(t)
	second.isIn(t)
	token := second.token(t)
	second.Post(t, "/api/auth/revoke-sessions", nil).Want(t, http.StatusOK)
	p.isOut(t)
	second.isOut(t)
	p.elsewhere().isOut(t, harness.Bearer(token))
	p.signIn(t)
	p.isIn(t)
}

func foreignSessions(t *testing.T, s *stack) {
	victim, attacker := s.user(t), s.user(t)
	attacker.Do(t, http.MethodDelete, "/api/auth/sessions/"+victim.current(t), nil).WantError(t, http.StatusNotFound, "SESSION_NOT_FOUND")
	attacker.Post(t, "/api/auth/revoke-session", map[string]any{"token": victim.token(t)}).Want(t, http.StatusOK)
	attacker.Post(t, "/api/auth/revoke-other-sessions", nil).Want(t, http.StatusOK)
	victim.isIn(t)
	attacker.isIn(t)
}

// expiredSession edits the row before Postern has seen the session; what the cache makes of a later change is
// TestCachedSessionEndsWithItsRow.
func expiredSession(t *testing.T, s *stack) {
	p := s.user(t).device(t, firefox)
	token := p.token(t)
	s.expireAt(t, token, time.Now().Add(-time.Second))
	p.Get(t, "/api/me").WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	p.elsewhere().Get(t, "/api/me", harness.Bearer(token)).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	r := p.Get(t, "/api/auth/get-session").Want(t, http.StatusOK)
	if gone := r.SetsCookie(harness.SessionCookie); string(r.Body) != "null" || gone == nil || gone.MaxAge >= 0 {
		t.Errorf("get-session answered %s and set %v", r.Body, gone)
	}
	p.isOut(t)
}

func (s *stack) expireAt(t *testing.T, token string, at time.Time) {
	t.Helper()
	if n := s.db.Exec(t, `UPDATE session SET "expiresAt" = $1 WHERE token = $2`, at, token); n != 1 {
		t.Fatalf("%d rows", n)
	}
}

func (s *stack) daysLeft(t *testing.T, token string) float64 {
	t.Helper()
	return time.Until(s.db.Time(t, `SELECT "expiresAt" FROM session WHERE token = $1`, token)).Hours() / 24
}

// renewal is R6: seven days, renewed once the last renewal is a day ago.
func renewal(t *testing.T, s *stack) {
	p := s.user(t)
	young, old, proxied := p.device(t, firefox), p.device(t, firefox), p.device(t, firefox)
	if days := s.daysLeft(t, young.token(t)); days < 6.99 || days > 7 {
		t.Errorf("a new session lives for %f days", days)
	}
	const nearlyADay, overADay = 23 * time.Hour, 25 * time.Hour
	s.expireAt(t, young.token(t), time.Now().Add(7*24*time.Hour-nearlyADay))
	s.expireAt(t, old.token(t), time.Now().Add(7*24*time.Hour-overADay))
	s.expireAt(t, proxied.token(t), time.Now().Add(7*24*time.Hour-overADay))

	if r := young.Get(t, "/api/auth/get-session").Want(t, http.StatusOK); len(r.Header["Set-Cookie"]) > 0 {
		t.Errorf("a young session is renewed: %v", r.Header["Set-Cookie"])
	}
	if r := old.Get(t, "/api/auth/get-session?disableRefresh=true").Want(t, http.StatusOK); len(r.Header["Set-Cookie"]) > 0 {
		t.Errorf("renewed although it was not to be: %v", r.Header["Set-Cookie"])
	}
	for who, path := range map[*person]string{old: "/api/auth/get-session", proxied: "/api/me"} {
		r := who.Get(t, path).Want(t, http.StatusOK)
		if cookie := r.SetsCookie(harness.SessionCookie); cookie == nil || cookie.MaxAge != 604800 {
			t.Errorf("%s set %v", path, cookie)
		}
		harness.Eventually(t, path+" to leave seven days", func() bool { // the row is written behind the answer
			days := s.daysLeft(t, who.token(t))
			return days > 6.99 && days <= 7
		})
		if r := who.Get(t, path).Want(t, http.StatusOK); len(r.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s renewed twice", path)
		}
		who.isIn(t)
	}
	if days := s.daysLeft(t, young.token(t)); days > 6.1 {
		t.Errorf("the young session has %f days", days)
	}
}
