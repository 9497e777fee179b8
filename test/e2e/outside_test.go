package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// errorsAreJSON is R16.
func errorsAreJSON(t *testing.T, s *stack) {
	p := s.user(t)
	bare := p.elsewhere()
	for name, c := range map[string]struct {
		r      *harness.Response
		status int
		code   string
	}{
		"no session":           {bare.Get(t, "/api/tasks"), 401, "UNAUTHORIZED"},
		"no session, method":   {bare.Do(t, http.MethodDelete, "/anything/at/all", nil), 401, "UNAUTHORIZED"},
		"ambiguous path":       {bare.Get(t, "/public/..%2fapi/tasks"), 400, "BAD_REQUEST"},
		"malformed JSON":       {bare.Post(t, "/api/auth/sign-in/email", `{"email":`), 400, "BAD_REQUEST"},
		"wrong type":           {bare.Post(t, "/api/auth/sign-in/email", `{"email":{},"password":"x"}`), 400, "VALIDATION_ERROR"},
		"wrong media type":     {bare.Post(t, "/api/auth/sign-in/email", `a=b`, harness.Header("Content-Type", "text/plain")), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"strange origin":       {p.Post(t, "/api/auth/update-user", `{"name":"x"}`, harness.Header("Origin", "https://evil.test")), 403, "INVALID_ORIGIN"},
		"missing origin":       {p.Post(t, "/api/auth/update-user", `{"name":"x"}`, func(r *http.Request) { r.Header.Del("Origin") }), 403, "MISSING_OR_NULL_ORIGIN"},
		"strange redirect":     {bare.Post(t, "/api/auth/sign-in/email", `{"email":"a@b.test","password":"x","callbackURL":"https://evil.test"}`), 403, "INVALID_CALLBACK_URL"},
		"malformed cookie":     {bare.Get(t, "/api/tasks", harness.Header("Cookie", harness.SessionCookie+"=%zz.%; =;;")), 401, "UNAUTHORIZED"},
		"malformed credential": {bare.Get(t, "/api/tasks", harness.Header("Authorization", "Bearer \t%%%")), 401, "UNAUTHORIZED"},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.r.WantError(t, c.status, c.code)
			if kind := r.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("Content-Type %q", kind)
			}
			if r.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
	bare.Get(t, "/api/auth/no-such-route").Want(t, http.StatusNotFound)
	r := bare.Get(t, "/api/auth/ok").Want(t, http.StatusOK)
	if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("security headers: %v", r.Header)
	}
	bare.Get(t, "/public/hello").Want(t, http.StatusOK)
}

// crossOrigin is R15.
func crossOrigin(t *testing.T, s *stack) {
	p := s.user(t)
	readable := func(t *testing.T, r *harness.Response) {
		t.Helper()
		if r.Header.Get("Access-Control-Allow-Origin") != frontend || r.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%d is not readable: %v", r.Status, r.Header)
		}
	}
	from := harness.Header("Origin", frontend)
	for _, path := range []string{"/api/tasks", "/api/auth/sign-in/email"} {
		preflight := s.visitor().Do(t, http.MethodOptions, path, nil, from,
			harness.Header("Access-Control-Request-Method", "POST"), harness.Header("Access-Control-Request-Headers", "content-type"))
		readable(t, preflight)
		if preflight.Status != http.StatusNoContent || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "POST") ||
			preflight.Header.Get("Access-Control-Allow-Headers") != "content-type" {
			t.Errorf("preflight of %s: %d %v", path, preflight.Status, preflight.Header)
		}
	}
	readable(t, s.visitor().Get(t, "/api/tasks", from).Want(t, http.StatusUnauthorized))
	readable(t, s.visitor().Get(t, "/api/auth/me", from).Want(t, http.StatusUnauthorized))
	readable(t, p.Get(t, "/api/me", from).Want(t, http.StatusOK))
	readable(t, p.Post(t, "/api/auth/update-user", map[string]any{"name": "From Afar"}, from).Want(t, http.StatusOK))
	strange := harness.Header("Origin", "https://evil.test")
	for _, r := range []*harness.Response{
		p.Get(t, "/api/me", strange), s.visitor().Get(t, "/api/me", strange),
		s.visitor().Do(t, http.MethodOptions, "/api/tasks", nil, strange, harness.Header("Access-Control-Request-Method", "POST")),
	} {
		if allowed := r.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
			t.Errorf("a strange page may read %d: %q", r.Status, allowed)
		}
	}
}

// traces is R16 and R17: one line for each request, one audit row and line for each event.
func traces(t *testing.T, s *stack) {
	p := s.user(t)
	r := p.Get(t, "/api/tasks").Want(t, http.StatusOK)
	line := s.requestLine(t, r)
	for key, want := range map[string]any{"user_id": p.id, "status": 200.0, "method": "GET", "path": "/api/tasks", "client": "127.0.0.1"} {
		if line[key] != want {
			t.Errorf("%s is %v in %v, want %v", key, line[key], line, want)
		}
	}
	for _, key := range []string{"time", "level", "route", "duration_ms", "upstream_ms", "session_id"} {
		if line[key] == nil {
			t.Errorf("no %s in %v", key, line)
		}
	}

	p.elsewhere().trySignIn(t, "not "+p.password).Want(t, http.StatusUnauthorized)
	other := p.device(t, firefox)
	p.Do(t, http.MethodDelete, "/api/auth/sessions/"+other.current(t), nil).Want(t, http.StatusOK)
	p.Post(t, "/api/auth/update-user", map[string]any{"name": "Traced"}).Want(t, http.StatusOK)
	p.Post(t, "/api/auth/change-password", map[string]any{"currentPassword": p.password, "newPassword": "new " + p.password}).Want(t, http.StatusOK)
	p.reset(t, p.resetToken(t), p.password).Want(t, http.StatusOK)
	p.signIn(t)
	left := p.Post(t, "/api/auth/sign-out", nil).Want(t, http.StatusOK)

	table := s.db.Own("audit_event")
	rows := harness.Values[string](t, s.db, `SELECT event || ' ' || outcome FROM `+table+` WHERE user_id = $1 ORDER BY at, id`, p.id)
	for _, want := range []string{
		"sign_up success", "verification_sent success", "email_verified success", "sign_in success", "sign_in_failed failure",
		"session_revoked success", "user_updated success", "password_changed success", "password_reset_requested success",
		"password_reset success", "sessions_revoked success", "sign_out success",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("no audit row %q among %q", want, rows)
		}
	}
	row := harness.Value[string](t, s.db, `SELECT event || ' ' || ip_address || ' ' || user_agent FROM `+table+` WHERE request_id = $1`, left.Header.Get("X-Request-Id"))
	if row != "sign_out 127.0.0.1 harness" {
		t.Errorf("row of the sign-out: %q", row)
	}
	logged := 0
	for _, line := range s.LogLines(t, "audit") {
		if event, ok := line["audit"].(map[string]any); ok && event["user_id"] == p.id {
			logged++
		}
	}
	if logged != len(rows) {
		t.Errorf("%d audit lines for %d rows", logged, len(rows))
	}
}

// requestLine is the log line of the request that was answered.
func (s *stack) requestLine(t *testing.T, r *harness.Response) map[string]any {
	t.Helper()
	id := r.Header.Get("X-Request-Id")
	var found map[string]any
	// The line is written once the answer is out, so it may come a moment later.
	harness.Eventually(t, fmt.Sprintf("one log line of request %s", id), func() bool {
		n := 0
		for _, line := range s.LogLines(t, "request") {
			if line["request_id"] == id {
				found = line
				n++
			}
		}
		return n == 1
	})
	return found
}
