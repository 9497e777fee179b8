package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// identity checks what the application is told, and what it is not.
func identity(t *testing.T, s *stack) {
	p := s.user(t)
	for name, edits := range map[string][]harness.Edit{
		"cookie": {harness.Header("Cookie", harness.SessionCookie+"="+p.Cookie(harness.SessionCookie)+"; theme=dark")},
		"bearer": {harness.Bearer(p.signed(t))},
	} {
		t.Run(name, func(t *testing.T) {
			bare := p.elsewhere()
			r := bare.Get(t, "/api/headers", edits...)
			got := p.received(t, r)
			p.wantIdentity(t, got)
			if cookie := got["cookie"]; strings.Contains(cookie, "session_token") {
				t.Errorf("the application gets the session's cookie: %q", cookie)
			}
			if name == "cookie" && got["cookie"] != "theme=dark" {
				t.Errorf("the application's own cookie: %q", got["cookie"])
			}
			if got["authorization"] != "" {
				t.Errorf("the application gets the bearer token: %q", got["authorization"])
			}
			if got["x-request-id"] == "" || got["x-request-id"] != r.Header.Get("X-Request-Id") {
				t.Errorf("request id %q there, %q here", got["x-request-id"], r.Header.Get("X-Request-Id"))
			}
			if got["x-forwarded-for"] != "127.0.0.1" || got["x-forwarded-proto"] != "http" || "http://"+got["x-forwarded-host"] != s.URL {
				t.Errorf("forwarded: %v", got)
			}
		})
	}
}

// received are the headers that the application got. Several lines of one name are joined with a comma, and names that differ
// in "_" and "-" are several.
func (p *person) received(t *testing.T, r *harness.Response) map[string]string {
	t.Helper()
	var got map[string]string
	r.Want(t, http.StatusOK).JSON(t, &got)
	return got
}

// wantIdentity fails the test unless the application got exactly the person's identity, one value each. A nil person means
// nobody's.
func (p *person) wantIdentity(t *testing.T, got map[string]string) {
	t.Helper()
	want := map[string]string{}
	if p != nil {
		want = map[string]string{
			"x-postern-user-id": p.id, "x-postern-user-email": p.email, "x-postern-user-email-verified": "true", "x-postern-user-name": p.name,
		}
		if got["x-postern-session-id"] == "" || strings.Contains(got["x-postern-session-id"], ",") {
			t.Errorf("session id %q", got["x-postern-session-id"])
		}
	}
	for name, value := range got {
		if !strings.HasPrefix(strings.ReplaceAll(name, "_", "-"), "x-postern-") {
			continue
		}
		switch wanted, known := want[name]; {
		case strings.Contains(value, "forged"):
			t.Errorf("%s arrives as %q", name, value)
		case known && value != wanted:
			t.Errorf("%s is %q, want %q", name, value, wanted)
		case !known && (p == nil || name != "x-postern-session-id" && name != "x-postern-assertion"):
			t.Errorf("%s: %q arrives", name, value)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// forgeries are ways to tell the application who one is, or to keep Postern from telling it (D19 to D28). Each is a part of a
// request's head.
func forgeries() map[string]string {
	names := []string{
		"X-Postern-User-Id", "X-Postern-User-Email", "X-Postern-User-Email-Verified", "X-Postern-User-Name", "X-Postern-User-Roles",
		"X-Postern-Session-Id", "X-Postern-Assertion", "X-Postern-Anything",
	}
	spell := func(change func(string) string) string {
		var head strings.Builder
		for _, name := range names {
			fmt.Fprintf(&head, "%s: forged\r\n", change(name))
		}
		return head.String()
	}
	replace := func(from, to string) func(string) string {
		return func(name string) string { return strings.ReplaceAll(name, from, to) }
	}
	same := func(name string) string { return name }
	all := map[string]string{
		"plain":                    spell(same),
		"lower case":               spell(strings.ToLower),
		"upper case":               spell(strings.ToUpper),
		"underscores":              spell(replace("-", "_")),
		"underscores, lower case":  spell(func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "-", "_")) }),
		"one underscore":           spell(replace("User-", "User_")),
		"another underscore":       spell(replace("X-", "X_")),
		"dots":                     spell(replace("-", ".")),
		"odd case and underscores": spell(func(name string) string { return "x_POSTERN" + strings.ReplaceAll(name[len("X-Postern"):], "-", "_") }),
		"twice":                    spell(same) + spell(same),
		"twice in two spellings":   spell(same) + spell(replace("-", "_")),
		"folded by commas":         "X-Postern-User-Id: forged, forged\r\n",
		"empty beside forged":      "X-Postern-User-Id:\r\nX-Postern-User-Id: forged\r\n",
	}
	lists := map[string]string{
		"as it is": strings.Join(names, ", "), "in lower case": strings.ToLower(strings.Join(names, ",")),
		"with spaces": " " + strings.Join(names, " , ") + " ", "with tabs": "\t" + strings.Join(names, "\t,\t"),
		"with underscores": strings.ReplaceAll(strings.Join(names, ", "), "-", "_"), "with forwarding": "X-Forwarded-For, X-Request-Id, Cookie, Authorization",
	}
	for how, list := range lists {
		for _, header := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "TE"} {
			all[header+" lists them "+how] = header + ": " + list + "\r\n"
			all[header+" lists forged ones "+how] = spell(same) + header + ": " + list + "\r\n"
		}
	}
	all["two Connection lines"] = "Connection: X-Postern-User-Id\r\nConnection: x-postern-user-email\r\n"
	return all
}

func forgedHeaders(t *testing.T, s *stack) {
	p := s.user(t)
	cookie := "Cookie: " + harness.SessionCookie + "=" + p.Cookie(harness.SessionCookie) + "\r\n"
	host := strings.TrimPrefix(s.URL, "http://")
	get := func(t *testing.T, host, head string) map[string]string {
		t.Helper()
		return p.received(t, harness.Raw(t, s.URL, "GET /api/headers HTTP/1.1\r\nHost: "+host+"\r\n"+head+"\r\n"))
	}
	for name, head := range forgeries() {
		t.Run(name, func(t *testing.T) {
			p.wantIdentity(t, get(t, host, cookie+head))
			(*person)(nil).wantIdentity(t, get(t, host, head))
			(*person)(nil).wantIdentity(t, get(t, "public.test", cookie+head))
		})
	}
	t.Run("trailers", func(t *testing.T) { // D25
		got := p.received(t, harness.Raw(t, s.URL, "GET /api/headers HTTP/1.1\r\nHost: "+host+"\r\n"+cookie+
			"Transfer-Encoding: chunked\r\nTrailer: X-Postern-User-Id, X-Postern-Anything\r\n\r\n"+
			"2\r\nhi\r\n0\r\nX-Postern-User-Id: forged\r\nX-Postern-Anything: forged\r\n\r\n"))
		p.wantIdentity(t, got)
	})
	t.Run("where the request comes from", func(t *testing.T) { // D27, D28
		got := get(t, host, cookie+"X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\n"+
			"X-Forwarded-Prefix: /evil\r\nX-Forwarded-Port: 666\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Id: forged\r\n")
		for name, value := range got {
			if strings.Contains(value, "6.6.6.6") || strings.Contains(value, "evil") || strings.Contains(value, "forged") || strings.Contains(value, "666") {
				t.Errorf("%s: %q arrives", name, value)
			}
		}
		if got["x-forwarded-proto"] != "http" || got["x-forwarded-for"] != "127.0.0.1" {
			t.Errorf("forwarded: %v", got)
		}
	})
}
