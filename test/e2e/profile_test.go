package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// The scenarios of this file are R9.

func changePassword(t *testing.T, s *stack) {
	p := s.user(t)
	other := p.device(t, firefox)
	fresh := "fresh " + p.password
	s.secret("new password", fresh)
	p.Post(t, "/api/auth/verify-password", map[string]any{"password": p.password}).Want(t, http.StatusOK)
	p.Post(t, "/api/auth/verify-password", map[string]any{"password": fresh}).WantError(t, http.StatusBadRequest, "INVALID_PASSWORD")
	p.Post(t, "/api/auth/change-password", map[string]any{"currentPassword": fresh, "newPassword": fresh}).WantError(t, http.StatusBadRequest, "INVALID_PASSWORD")
	p.Post(t, "/api/auth/change-password", map[string]any{"currentPassword": p.password, "newPassword": "short"}).WantError(t, http.StatusBadRequest, "PASSWORD_TOO_SHORT")

	p.Post(t, "/api/auth/change-password", map[string]any{"currentPassword": p.password, "newPassword": fresh}).Want(t, http.StatusOK)
	other.isIn(t) // not asked to leave
	p.elsewhere().trySignIn(t, p.password).Want(t, http.StatusUnauthorized)
	former := p.password
	p.password = fresh
	p.elsewhere().signIn(t)
	s.mail.Take(t, p.email, "Your password was changed")

	before := p.token(t)
	p.noteSession(p.Post(t, "/api/auth/change-password", map[string]any{
		"currentPassword": fresh, "newPassword": former, "revokeOtherSessions": true,
	}).Want(t, http.StatusOK))
	other.isOut(t)
	if p.token(t) == before {
		t.Error("the session is the same after all others were revoked")
	}
	p.isIn(t)
	p.elsewhere().isOut(t, harness.Bearer(before))
}

func updateUser(t *testing.T, s *stack) {
	p := s.user(t)
	other := p.device(t, firefox)
	p.isIn(t)
	other.isIn(t) // both sessions are cached
	name := "Zoë % Ångström \U0001F98A"
	p.Post(t, "/api/auth/update-user", map[string]any{"name": name, "image": "https://example.test/zoe.png"}).Want(t, http.StatusOK)
	for _, who := range []*person{p, other} {
		var me struct{ Name string }
		who.Get(t, "/api/me").Want(t, http.StatusOK).JSON(t, &me)
		if me.Name != name {
			t.Errorf("the application sees %q", me.Name)
		}
	}
	p.Post(t, "/api/auth/update-user", map[string]any{"email": "other-" + p.email}).WantError(t, http.StatusBadRequest, "EMAIL_CAN_NOT_BE_UPDATED")
	p.Post(t, "/api/auth/update-user", map[string]any{"emailVerified": false, "id": "root"}).Want(t, http.StatusBadRequest)
	p.isIn(t)
}

func changeEmail(t *testing.T, s *stack) {
	p, taken := s.user(t), s.user(t)
	p.isIn(t)
	former := p.email
	p.Post(t, "/api/auth/change-email", map[string]any{"newEmail": p.email}).Want(t, http.StatusBadRequest)
	p.Post(t, "/api/auth/change-email", map[string]any{"newEmail": taken.email}).Want(t, http.StatusOK) // and says no more
	p.Post(t, "/api/auth/change-email", map[string]any{"newEmail": "NEW-" + p.email, "callbackURL": "/changed"}).Want(t, http.StatusOK)
	p.isIn(t) // under the former address

	p.email = "new-" + former
	link := p.link(t, p.email, "Confirm your new e-mail address")
	taken.Get(t, link).Want(t, http.StatusFound)
	p.email = former
	p.isIn(t) // somebody else's browser changes nothing
	p.email = "new-" + former
	if r := p.noteSession(p.Get(t, link).Want(t, http.StatusFound)); r.Header.Get("Location") != "/changed" {
		t.Errorf("the link leads to %q", r.Header.Get("Location"))
	}
	p.isIn(t)
	s.mail.Take(t, former, "Your e-mail address was changed")
	p.elsewhere().signIn(t)
	ghost := p.elsewhere()
	ghost.email = former
	ghost.trySignIn(t, p.password).Want(t, http.StatusUnauthorized)
	for _, letter := range s.mail.DeliveredTo(taken.email) {
		if strings.Contains(letter.Subject, "new e-mail address") {
			t.Error("the owner of a taken address is bothered")
		}
	}
}

func deleteUser(t *testing.T, s *stack) {
	p, stranger := s.user(t), s.user(t)
	other := p.device(t, firefox)
	other.isIn(t)
	p.Post(t, "/api/auth/delete-user", map[string]any{"password": "not " + p.password}).WantError(t, http.StatusBadRequest, "INVALID_PASSWORD")
	p.Post(t, "/api/auth/delete-user", map[string]any{"callbackURL": "/goodbye"}).Want(t, http.StatusOK)
	stolen := p.link(t, p.email, "Confirm the deletion of your account")
	p.elsewhere().Get(t, stolen).WantError(t, http.StatusNotFound, "FAILED_TO_GET_USER_INFO")
	stranger.Get(t, stolen).WantError(t, http.StatusNotFound, "INVALID_TOKEN")
	stranger.isIn(t)
	p.isIn(t)

	p.Post(t, "/api/auth/delete-user", map[string]any{"callbackURL": "/goodbye"}).Want(t, http.StatusOK)
	link := p.link(t, p.email, "Confirm the deletion of your account")
	if r := p.Get(t, link).Want(t, http.StatusFound); r.Header.Get("Location") != "/goodbye" {
		t.Errorf("the link leads to %q", r.Header.Get("Location"))
	}
	p.isOut(t)
	other.isOut(t)
	p.trySignIn(t, p.password).WantError(t, http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD")
	for _, query := range []string{
		`SELECT count(*) FROM "user" WHERE id = $1`, `SELECT count(*) FROM session WHERE "userId" = $1`, `SELECT count(*) FROM account WHERE "userId" = $1`,
	} {
		if n := harness.Value[int](t, s.db, query, p.id); n != 0 {
			t.Errorf("%s: %d", query, n)
		}
	}
}
