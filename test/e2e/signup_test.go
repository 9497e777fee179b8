package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
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

// verificationLinkLifetime is R1's fifteen minutes: the letter and the token say so, and the token signed anew with an end
// that has passed is refused.
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
	claims := claimsOf(t, token)
	issued, ends := claims["iat"].(float64), claims["exp"].(float64)
	if ends-issued != 900 {
		t.Errorf("the link works for %f seconds", ends-issued)
	}
	claims["iat"], claims["exp"] = issued-901, ends-901
	expired := "/api/auth/verify-email?token=" + signHS256(t, claims)
	p.Get(t, expired).WantError(t, http.StatusUnauthorized, "TOKEN_EXPIRED")
	if r := p.Get(t, expired+"&callbackURL=/welcome").Want(t, http.StatusFound); r.Header.Get("Location") != "/welcome?error=TOKEN_EXPIRED" {
		t.Errorf("the expired link leads to %q", r.Header.Get("Location"))
	}
	p.isOut(t)
	p.trySignIn(t, p.password).WantError(t, http.StatusForbidden, "EMAIL_NOT_VERIFIED")

	claims["iat"], claims["exp"] = issued, ends // the end alone made the difference
	p.noteSession(p.Get(t, "/api/auth/verify-email?token="+signHS256(t, claims)).Want(t, http.StatusOK))
	p.Get(t, "/api/me").Want(t, http.StatusOK)
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// signHS256 makes the token that better-auth makes of the claims (RFC 7515, Appendix A.1).
func signHS256(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(harness.Secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
