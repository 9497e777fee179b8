package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// nothingBeforeVerification is R1.
func nothingBeforeVerification(t *testing.T, s *stack) {
	p := s.visitor()
	r := p.signUp(t)
	var answer struct {
		Token *string
		User  struct {
			ID            string
			EmailVerified bool
		}
	}
	r.JSON(t, &answer)
	if answer.Token != nil || answer.User.ID == "" || answer.User.EmailVerified || len(r.Header["Set-Cookie"]) > 0 {
		t.Errorf("sign-up answered %s with cookies %v", r.Body, r.Header["Set-Cookie"])
	}
	p.isOut(t)
	first := p.link(t, p.email, "Confirm your e-mail address")

	p.trySignIn(t, p.password).WantError(t, http.StatusForbidden, "EMAIL_NOT_VERIFIED")
	p.isOut(t)
	p.trySignIn(t, "wrong "+p.password).WantError(t, http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD")
	if n := harness.Value[int](t, s.db, `SELECT count(*) FROM session WHERE "userId" = $1`, answer.User.ID); n != 0 {
		t.Errorf("%d sessions before verification", n)
	}
	p.link(t, p.email, "Confirm your e-mail address") // sign-in with the right password mails another

	opened := p.noteSession(p.Get(t, first).Want(t, http.StatusFound))
	if opened.Header.Get("Location") != "/welcome" {
		t.Errorf("the link leads to %q", opened.Header.Get("Location"))
	}
	p.id = answer.User.ID
	p.isIn(t)

	again := p.elsewhere()
	if again.Get(t, first).Want(t, http.StatusFound); again.Cookie(harness.SessionCookie) != "" {
		t.Error("a link that was followed before signs in again")
	}
	p.Get(t, strings.Replace(first, "token=", "token=x", 1)).Want(t, http.StatusFound)
}

// signUpHidesAccounts compares the answers for a new and for a taken address.
func signUpHidesAccounts(t *testing.T, s *stack) {
	p := s.user(t)
	before := len(s.mail.DeliveredTo(p.email))
	impostor := p.elsewhere()
	impostor.password = "password of an impostor"
	taken := impostor.signUp(t)
	var known, unknown map[string]any
	taken.JSON(t, &known)
	s.visitor().signUp(t).JSON(t, &unknown)
	if len(known) != len(unknown) || len(known["user"].(map[string]any)) != len(unknown["user"].(map[string]any)) {
		t.Errorf("taken: %v\nnew: %v", known, unknown)
	}
	if known["user"].(map[string]any)["id"] == p.id {
		t.Error("sign-up tells the id of somebody else")
	}
	impostor.trySignIn(t, impostor.password).WantError(t, http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD")
	p.isIn(t)
	if after := len(s.mail.DeliveredTo(p.email)); after != before {
		t.Errorf("%d letters, were %d", after, before)
	}
}

// verificationLinkLifetime is R1's fifteen minutes. That a link ends is TestVerificationLinkExpires.
func verificationLinkLifetime(t *testing.T, s *stack) {
	p := s.visitor()
	p.signUp(t)
	letter := s.mail.Take(t, p.email, "Confirm your e-mail address")
	if !strings.Contains(letter.Text, "15 minutes") || !strings.Contains(letter.HTML, "15 minutes") {
		t.Errorf("the letter does not say how long its link works: %s", letter.Text)
	}
	u, err := url.Parse(letter.Link())
	if err != nil {
		t.Fatal(err)
	}
	token := u.Query().Get("token")
	s.secret("mailed token", token)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ IAT, EXP int64 }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.EXP-claims.IAT != 900 {
		t.Errorf("the link works for %d seconds", claims.EXP-claims.IAT)
	}
}
