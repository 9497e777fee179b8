package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/posternhq/postern/test/harness"
)

func wrongPassword(t *testing.T, s *stack) {
	p, stranger := s.user(t), s.visitor()
	other := p.elsewhere()
	wrong := other.trySignIn(t, "not "+p.password).WantError(t, http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD")
	unknown := stranger.trySignIn(t, stranger.password).WantError(t, http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD")
	if string(wrong.Body) != string(unknown.Body) || len(wrong.Header) != len(unknown.Header) {
		t.Errorf("wrong password: %s %v\nunknown address: %s %v", wrong.Body, wrong.Header, unknown.Body, unknown.Header)
	}
	other.isOut(t)
	p.isIn(t)
}

// cookieAndBearer is R5, and the cookie's form.
func cookieAndBearer(t *testing.T, s *stack) {
	p := s.user(t)
	r := p.signIn(t)
	set := r.Header["Set-Cookie"]
	form := regexp.MustCompile(`^better-auth\.session_token=[A-Za-z0-9]{32}\.[A-Za-z0-9%]+%3D; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax$`)
	if len(set) != 1 || !form.MatchString(set[0]) {
		t.Errorf("Set-Cookie: %q", set)
	}
	var answer struct{ Token string }
	r.JSON(t, &answer)
	signed := r.Header.Get("Set-Auth-Token")
	if token, _, _ := strings.Cut(signed, "."); token != answer.Token || token != p.token(t) {
		t.Errorf("three tokens: body %q, header %q, cookie %q", answer.Token, signed, p.token(t))
	}
	p.isIn(t)

	bare := p.elsewhere()
	for name, bearer := range map[string]string{"plain": answer.Token, "signed": signed, "encoded": url.QueryEscape(signed)} {
		bare.isIn(t, harness.Bearer(bearer))
		var session struct{ Session struct{ Token string } }
		bare.Get(t, "/api/auth/get-session", harness.Bearer(bearer)).Want(t, http.StatusOK).JSON(t, &session)
		if session.Session.Token != answer.Token {
			t.Errorf("%s bearer token: get-session answered %+v", name, session)
		}
	}
	bare.isIn(t, harness.Header("Authorization", "bearer "+answer.Token))
	bare.isOut(t)
	if row := harness.Value[string](t, s.db, `SELECT "userId" FROM session WHERE token = $1`, answer.Token); row != p.id {
		t.Errorf("the row belongs to %q", row)
	}
}

// kinds gives one string as every kind of credential (D07): what is remembered of it as one says nothing of it as another.
func kinds(t *testing.T, s *stack) {
	p := s.user(t)
	p.signIn(t)
	token, signed := p.token(t), p.signed(t)
	bare := p.elsewhere()
	cookie := func(value string) harness.Edit { return harness.Header("Cookie", harness.SessionCookie+"="+value) }
	for range 2 { // the second time everything is remembered
		bare.isIn(t, harness.Bearer(token))
		bare.isIn(t, cookie(url.QueryEscape(signed)))
		for name, edit := range map[string]harness.Edit{
			"a bearer token as cookie":       cookie(token),
			"a token under another scheme":   harness.Header("Authorization", "Token "+token),
			"a token as Basic":               harness.Header("Authorization", "Basic "+token),
			"a token as an API key":          harness.Header("X-Api-Key", token),
			"a token as the cookie cache":    harness.Header("Cookie", "better-auth.session_data="+token),
			"a cookie under another name":    harness.Header("Cookie", "better-auth.dont_remember="+url.QueryEscape(signed)),
			"the id of the session":          harness.Bearer(harness.Value[string](t, s.db, `SELECT id FROM session WHERE token = $1`, token)),
			"the id of the user":             harness.Bearer(p.id),
			"an assertion's header and body": harness.Bearer("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0." + token),
		} {
			if r := bare.Get(t, "/api/me", edit); r.Status != http.StatusUnauthorized {
				t.Errorf("%s answered %d", name, r.Status)
			}
		}
	}
}

var scryptForm = regexp.MustCompile(`^[0-9a-f]{32}:[0-9a-f]{128}$`)

// otherHashes is R2.
func otherHashes(t *testing.T, s *stack) {
	p := s.user(t)
	hash := func() string {
		return harness.Value[string](t, s.db, `SELECT password FROM account WHERE "userId" = $1`, p.id)
	}
	if !scryptForm.MatchString(hash()) {
		t.Errorf("hash of a new user: %q", hash())
	}
	imported, err := bcrypt.GenerateFromPassword([]byte(p.password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	s.db.Exec(t, `UPDATE account SET password = $1 WHERE "userId" = $2`, string(imported), p.id)
	p.elsewhere().trySignIn(t, "not "+p.password).Want(t, http.StatusUnauthorized)
	p.elsewhere().signIn(t)
	if !scryptForm.MatchString(hash()) {
		t.Errorf("hash after sign-in: %q", hash())
	}
	p.elsewhere().signIn(t)
}

func sessionThatEndsWithTheBrowser(t *testing.T, s *stack) {
	p := s.user(t).elsewhere()
	r := p.noteSession(p.Post(t, "/api/auth/sign-in/email", map[string]any{
		"email": p.email, "password": p.password, "rememberMe": false,
	}).Want(t, http.StatusOK))
	for _, name := range []string{harness.SessionCookie, "better-auth.dont_remember"} {
		cookie := r.SetsCookie(name)
		if cookie == nil || cookie.MaxAge != 0 || !cookie.Expires.IsZero() || !cookie.HttpOnly {
			t.Errorf("cookie %s: %v", name, cookie)
		}
	}
	days := s.daysLeft(t, p.token(t))
	if days < 0.9 || days > 1 {
		t.Errorf("the row lives for %f days", days)
	}
	p.isIn(t)
	renamed := p.Post(t, "/api/auth/update-user", map[string]any{"name": "Still Not Remembered"}).Want(t, http.StatusOK)
	if cookie := renamed.SetsCookie(harness.SessionCookie); cookie == nil || cookie.MaxAge != 0 {
		t.Errorf("the choice did not stick: %v", cookie)
	}
}

func signOut(t *testing.T, s *stack) {
	p := s.user(t)
	cookie, signed, token := p.Cookie(harness.SessionCookie), p.signed(t), p.token(t)
	p.isIn(t) // cached from here on
	r := p.Post(t, "/api/auth/sign-out", nil).Want(t, http.StatusOK)
	if string(r.Body) != `{"success":true}` {
		t.Errorf("answered %s", r.Body)
	}
	if gone := r.SetsCookie(harness.SessionCookie); gone == nil || gone.MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", gone)
	}
	p.isOut(t)
	thief := p.elsewhere()
	thief.isOut(t, harness.Header("Cookie", harness.SessionCookie+"="+cookie))
	thief.isOut(t, harness.Bearer(signed))
	thief.isOut(t, harness.Bearer(token))
	if n := harness.Value[int](t, s.db, `SELECT count(*) FROM session WHERE token = $1`, token); n != 0 {
		t.Error("the row is still there")
	}
	p.Post(t, "/api/auth/sign-out", nil).Want(t, http.StatusOK)

	byBearer := p.device(t, "command line")
	token = byBearer.token(t)
	bare := p.elsewhere()
	bare.isIn(t, harness.Bearer(token))
	bare.Post(t, "/api/auth/signout", nil, harness.Bearer(token)).Want(t, http.StatusOK)
	bare.isOut(t, harness.Bearer(token))
	byBearer.isOut(t)
}

// plainRoutes is R8 and the aliases.
func plainRoutes(t *testing.T, s *stack) {
	p := s.visitor()
	p.Post(t, "/api/auth/signup", map[string]any{"name": p.name, "email": p.email, "password": p.password}).Want(t, http.StatusOK)
	p.noteSession(p.Get(t, p.link(t, p.email, "Confirm your e-mail address")))
	p = p.elsewhere()
	p.noteSession(p.Post(t, "/api/auth/signin", map[string]any{"email": p.email, "password": p.password}).Want(t, http.StatusOK))

	var me struct {
		User    struct{ Email string }
		Session struct {
			ID        string
			IsCurrent bool
			Token     *string
		}
	}
	token := p.token(t)
	bare := p.elsewhere()
	for name, r := range map[string]*harness.Response{
		"GET /me":                          p.Get(t, "/api/auth/me"),
		"GET /verify-token":                p.Get(t, "/api/auth/verify-token"),
		"GET /verify-token, bearer":        bare.Get(t, "/api/auth/verify-token", harness.Bearer(token)),
		"POST /verify-token":               p.Post(t, "/api/auth/verify-token", nil),
		"POST /verify-token, bearer":       bare.Post(t, "/api/auth/verify-token", nil, harness.Bearer(token)),
		"POST /verify-token, token inside": bare.Post(t, "/api/auth/verify-token", map[string]any{"token": token}),
	} {
		me.Session.ID = ""
		r.Want(t, http.StatusOK).JSON(t, &me)
		if me.User.Email != p.email || me.Session.ID == "" || !me.Session.IsCurrent || me.Session.Token != nil {
			t.Errorf("%s answered %s", name, r.Body)
		}
	}
	bare.Post(t, "/api/auth/verify-token", map[string]any{"token": "x" + token}).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	bare.Get(t, "/api/auth/verify-token").WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")

	var health struct{ Status, Timestamp, Database string }
	bare.Get(t, "/api/auth/health").Want(t, http.StatusOK).JSON(t, &health)
	if health.Status != "ok" || health.Database != "ok" || health.Timestamp == "" {
		t.Errorf("health: %+v", health)
	}
	bare.Get(t, "/api/auth/ok").Want(t, http.StatusOK)
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		if r := bare.Get(t, path); r.Status != http.StatusUnauthorized {
			t.Errorf("%s on the public listener answered %d", path, r.Status)
		}
	}
	p.Post(t, "/api/auth/forgot-password", map[string]any{"email": p.email, "redirectTo": "/reset"}).Want(t, http.StatusOK)
	s.mail.Take(t, p.email, "Reset your password")
	p.Post(t, "/api/auth/signout", nil).Want(t, http.StatusOK)
	p.isOut(t)
}
