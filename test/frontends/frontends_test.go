package frontends

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// folded are the lines that an application might take for a name, as CGI and its descendants fold it.
func folded(h http.Header, name string) (lines []string) {
	fold := strings.NewReplacer("_", "-", ".", "-")
	for key, values := range h {
		if strings.EqualFold(fold.Replace(key), name) {
			lines = append(lines, values...)
		}
	}
	return lines
}

// identityHeaders are all that tell an application who is asking.
var identityHeaders = []string{
	"X-Postern-User-Id", "X-Postern-User-Email", "X-Postern-User-Email-Verified", "X-Postern-User-Name", "X-Postern-User-Roles", "X-Postern-Session-Id", "X-Postern-Assertion",
}

// forged are headers of a client that wants to be somebody else.
func forged() []string {
	var lines []string
	for _, name := range identityHeaders {
		half := strings.Replace(name, "-User-", "_User-", 1)
		for _, spelling := range []string{name, strings.ToLower(name), strings.ReplaceAll(name, "-", "_"), strings.ToUpper(strings.ReplaceAll(name, "-", "_")), half} {
			lines = append(lines, spelling+": forged")
		}
	}
	return lines
}

func only(t *testing.T, all []seen) seen {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("the application got %d requests, not one: %+v", len(all), all)
	}
	return all[0]
}

// D19, D21, D22, D26: each identity header arrives once with Postern's value, or not at all, whatever the client sends.
func TestD19D21D22D26IdentityPassesFrontEndsUnforged(t *testing.T) {
	t.Parallel()
	everyFrontEnd(t, func(t *testing.T, s *stack) {
		ada, id := s.signUp(t, "ada")
		want := map[string]string{"X-Postern-User-Id": id, "X-Postern-User-Email": "ada@example.com", "X-Postern-User-Email-Verified": "false", "X-Postern-User-Name": "ada"}
		for what, lines := range map[string][]string{
			"plainly": nil, "with forged headers": forged(), "with a Connection list": {"Connection: close, X-Postern-User-Id, X-Postern-Assertion, x-postern-user-email"},
		} {
			s.raw(t, "GET /tasks/1?x=a;b&c=%zz", append(lines, cookie(ada))...).Want(t, 200)
			got := only(t, s.take())
			if got.method != "GET" || got.target != "/tasks/1?x=a;b&c=%zz" {
				t.Errorf("%s: the application got %s %s", what, got.method, got.target)
			}
			for _, name := range identityHeaders {
				lines := folded(got.header, name)
				switch value, known := want[name]; {
				case name == "X-Postern-User-Roles":
					if strings.Join(lines, "") != "" {
						t.Errorf("%s: %s is %q", what, name, lines)
					}
				case len(lines) != 1 || known && lines[0] != value || lines[0] == "forged" || lines[0] == "":
					t.Errorf("%s: %s is %q, want one line %q", what, name, lines, value)
				}
			}
			if got := folded(got.header, "Cookie"); len(got) != 1 || got[0] != "theme=dark" {
				t.Errorf("%s: cookies %q", what, got)
			}
			wantAssertion(t, got, id, "GET", "/tasks/1")
		}
		for what, line := range map[string]string{"nobody": "Accept: */*", "nobody's session": "Cookie: " + harness.SessionCookie + "=forged.forged"} {
			for _, target := range []string{"/public/a", "/"} {
				s.raw(t, "GET "+target, append(forged(), line)...).Want(t, 200)
				got := only(t, s.take())
				for _, name := range identityHeaders {
					if lines := folded(got.header, name); strings.Join(lines, "") != "" {
						t.Errorf("%s at %s: %s is %q", what, target, name, lines)
					}
				}
			}
		}
	})
}

// wantAssertion reads what an assertion says; that it is signed well is tested elsewhere.
func wantAssertion(t *testing.T, got seen, user, method, path string) {
	t.Helper()
	_, payload, _ := strings.Cut(got.header.Get("X-Postern-Assertion"), ".")
	payload, _, _ = strings.Cut(payload, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	var said struct{ Sub, Method, Path string }
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil || said.Sub != user || said.Method != method || said.Path != path {
		t.Errorf("the assertion says %+v, want %s %s %s: %v", said, user, method, path, err)
	}
}

func TestFrontEndsTurnAway(t *testing.T) {
	t.Parallel()
	everyFrontEnd(t, func(t *testing.T, s *stack) {
		ada, _ := s.signUp(t, "ada")
		session := cookie(ada)
		s.raw(t, "GET /tasks").WantError(t, 401, "UNAUTHORIZED")
		if answer := s.raw(t, "GET /tasks").Header.Get("Www-Authenticate"); answer != "Bearer" {
			t.Errorf("a 401 with %q", answer)
		}
		s.raw(t, "GET /tasks", "Cookie: "+harness.SessionCookie+"=forged.forged", "Authorization: Bearer forged").Want(t, 401)
		if to := s.raw(t, "GET /tasks?a=b", "Sec-Fetch-Mode: navigate", "Accept: text/html").Want(t, 302).Header.Get("Location"); to != s.URL+"/public/sign-in?return_to=%2Ftasks%3Fa%3Db" {
			t.Errorf("a browser is sent to %q", to)
		}
		s.raw(t, "POST /tasks", "Content-Type: application/grpc", "Content-Length: 0").Want(t, 401)
		s.raw(t, "GET /admin/x", session).Want(t, 403)
		s.raw(t, "GET /admin/x", session, "Sec-Fetch-Mode: navigate", "Accept: text/html").Want(t, 403)
		s.raw(t, "POST /tasks", session, "Content-Length: 1", "Origin: https://evil.example", "", "x").Want(t, 403)
		if readable := s.raw(t, "GET /tasks", "Origin: https://page.example").Want(t, 401).Header.Get("Access-Control-Allow-Origin"); readable != "https://page.example" {
			t.Errorf("a 401 is readable to %q", readable)
		}
		if readable := s.raw(t, "GET /tasks", "Origin: https://evil.example").Want(t, 401).Header.Get("Access-Control-Allow-Origin"); readable != "" {
			t.Errorf("a 401 is readable to %q", readable)
		}
		if got := s.take(); len(got) != 0 {
			t.Errorf("passed: %+v", got)
		}
		s.raw(t, "POST /tasks", session, "Content-Length: 11", "Content-Type: text/plain", "", "hello world").Want(t, 200)
		if got := only(t, s.take()); got.method != "POST" || got.body != "hello world" {
			t.Errorf("the application got %s %q", got.method, got.body)
		}
		if got := ada.Get(t, "/api/auth/me").Want(t, 200); !strings.Contains(string(got.Body), "ada@example.com") {
			t.Errorf("me: %s", got.Body)
		}
	})
}

// D01, D03, D05, D10, D11, D14, D15, D18: no way of writing a target leads somewhere that it should not.
func TestD01D03D05D10D11D14D15D18FrontEndsOpenNothing(t *testing.T) {
	t.Parallel()
	everyFrontEnd(t, func(t *testing.T, s *stack) {
		ada, _ := s.signUp(t, "ada")
		session := cookie(ada)
		for _, target := range []string{
			"/admin/x?a=/public/", "/admin/x?/../public/a", "/public/../admin/x", "/public/%2e%2e/admin/x", "/public/%2E%2E/admin/x", "/public/..%2fadmin/x", "/public%2f..%2fadmin/x",
			"/public/..;/admin/x", "/public/%252e%252e/admin/x", "//admin/x", "///admin/x", "/./admin/x", "/public//../admin/x", "/public/./../admin/x", "/%61dmin/x", "/admin%2fx", "/admin/",
			"/admin", `/\admin/x`, "/public/%5c..%5cadmin/x", "/admin/x#/public/", "/public/#/../admin/x", "/api/auth/../../admin/x", "/api/auth/%2e%2e/%2e%2e/admin/x", "/api/auth/..%2f..%2fadmin/x",
			"//api/auth/../../admin/x", "/_postern/../admin/x", "/public/a/..%c0%af../admin/x", "/api/auth/forward/traefik",
		} {
			for _, more := range [][]string{
				nil,
				{"X-Forwarded-Uri: /public/a", "X-Original-Uri: /public/a", "X-Original-Url: /public/a", "X-Rewrite-Url: /public/a", "X-Forwarded-Prefix: /public"},
				{"X_Forwarded_Uri: /public/a", "X_Original_Uri: /public/a", "X-Forwarded-Method: OPTIONS", "X-Original-Method: OPTIONS", "X-Http-Method-Override: OPTIONS"},
			} {
				res := s.raw(t, "GET "+target, append(more, session)...)
				for _, got := range s.take() {
					asked, _, _ := strings.Cut(got.target, "?")
					if clean := path.Clean("/" + asked); !strings.HasPrefix(clean, "/public/") || strings.Contains(asked, "..") || strings.ContainsAny(asked, `%;#\`) || strings.Contains(asked, "//") {
						t.Errorf("%s %q: the application got %s", target, more, got.target)
					}
				}
				if res.Status < 300 && !strings.HasPrefix(target, "/public/") || res.Header.Get("X-Postern-User-Id") != "" || res.Header.Get("X-Postern-Assertion") != "" {
					t.Errorf("%s %q: %d %v", target, more, res.Status, res.Header)
				}
			}
		}
	})
}

// D74: what cannot be known is not let through, and neither is anything when there is nobody to ask.
func TestD74FrontEndsFailClosed(t *testing.T) {
	t.Parallel()
	everyFrontEnd(t, func(t *testing.T, s *stack) {
		ada, _ := s.signUp(t, "ada")
		s.db.Exec(t, "ALTER TABLE session RENAME TO lost")
		s.raw(t, "GET /tasks", cookie(ada)).Want(t, 503)
		s.raw(t, "GET /public/a", cookie(ada)).Want(t, 200)
		s.db.Exec(t, "ALTER TABLE lost RENAME TO session")
		s.raw(t, "GET /tasks", cookie(ada)).Want(t, 200)
		s.take()
		s.Kill()
		for _, target := range []string{"/tasks", "/public/a"} {
			if res := s.raw(t, "GET "+target, cookie(ada)); res.Status < 500 {
				t.Errorf("without Postern %s is %d", target, res.Status)
			}
		}
		if got := s.take(); len(got) != 0 {
			t.Errorf("without Postern, passed: %+v", got)
		}
	})
}

func TestFrontEndsHandOnRenewedSessions(t *testing.T) {
	t.Parallel()
	everyFrontEnd(t, func(t *testing.T, s *stack) {
		ada, _ := s.signUp(t, "ada")
		if res := s.raw(t, "GET /tasks", cookie(ada)).Want(t, 200); res.SetsCookie(harness.SessionCookie) != nil || res.SetsCookie("theme") == nil || len(res.Header["Set-Cookie"]) != 1 {
			t.Errorf("a session that need not be renewed: %q", res.Header["Set-Cookie"])
		}
		grace, _ := s.signUp(t, "grace")
		s.db.Exec(t, `UPDATE session SET "expiresAt" = $1 WHERE "userId" = (SELECT id FROM user WHERE name = 'grace')`, time.Now().Add(24*time.Hour))
		s.Kill() // whatever is remembered
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		res := s.raw(t, "GET /tasks", cookie(grace)).Want(t, 200)
		if renewed := res.SetsCookie(harness.SessionCookie); renewed == nil || renewed.MaxAge < 6*24*3600 || res.SetsCookie("theme") == nil {
			t.Errorf("a session that is to be renewed: %q", res.Header["Set-Cookie"])
		}
	})
}

// D99: the upgrade of a foreign page does not pass, though front ends keep the headers of upgrades to themselves.
func TestD99FrontEndsCheckWhereWebSocketsComeFrom(t *testing.T) {
	t.Parallel()
	everyFrontEnd(t, func(t *testing.T, s *stack) {
		ada, _ := s.signUp(t, "ada")
		upgrade := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", cookie(ada)}
		s.raw(t, "GET /socket", append(upgrade, "Origin: https://evil.example")...).Want(t, 403)
		s.raw(t, "GET /socket", upgrade[:4]...).Want(t, 401)
		if got := s.take(); len(got) != 0 {
			t.Fatalf("passed: %+v", got)
		}
		s.raw(t, "GET /socket", append(upgrade, "Origin: "+s.URL)...).Want(t, 101)
		if got := only(t, s.take()); got.header.Get("X-Postern-User-Name") != "ada" {
			t.Errorf("the application got %+v", got)
		}
	})
}
