package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// assertedApp is what stands around the dependency that docs/proxy.md shows.
const assertedApp = `
from typing import Annotated
from fastapi import Depends, FastAPI

app = FastAPI()

@app.api_route("/{path:path}", methods=["GET", "POST"])
def show(request: Request, said: Annotated[dict, Depends(asserted)]) -> dict:
    return {"said": said, "token": request.headers["x-postern-assertion"]}
`

type asserted struct {
	Said struct {
		Sub, Sid, Iss, Aud, Email, Name, Method, Path string
		Roles                                         []string
		EmailVerified                                 bool `json:"email_verified"`
		Iat, Exp                                      int64
	}
	Token string
}

// TestFastAPIVerifiesTheAssertion runs the Python of docs/proxy.md as it stands there, but for the addresses.
func TestFastAPIVerifiesTheAssertion(t *testing.T) {
	t.Parallel()
	app := harness.NewPython(t)
	s := newStackBefore(t, harness.PostgreSQL(t), "unix:"+app.Socket, map[string]string{"routes": "[{path: /v1/**, strip_prefix: /v1}]"})
	app.StartASGI(t, strings.NewReplacer("http://127.0.0.1:8080", s.URL, "https://app.example.com", s.URL).Replace(docsPython(t))+assertedApp)
	p := s.user(t)

	for path, arrives := range map[string]string{"/tasks?page=2": "/tasks", "/caf%C3%A9/a%20b": "/caf%C3%A9/a%20b", "/v1/tasks/": "/tasks/"} {
		var got asserted
		p.Get(t, path, harness.Header("X-Postern-Assertion", "forged")).Want(t, http.StatusOK).JSON(t, &got)
		said := got.Said
		if said.Sub != p.id || said.Email != p.email || said.Name != p.name || !said.EmailVerified || said.Sid == "" || len(said.Roles) != 0 {
			t.Errorf("%s: %+v", path, said)
		}
		if said.Iss != s.URL || said.Aud != "upstream" || said.Method != "GET" || said.Path != arrives || said.Exp-said.Iat != 60 {
			t.Errorf("%s: %+v", path, said)
		}
	}

	var mine asserted
	p.Get(t, "/mine").Want(t, http.StatusOK).JSON(t, &mine)
	token := p.Get(t, "/api/auth/token").Want(t, http.StatusOK)
	var service struct{ Token string }
	token.JSON(t, &service)
	direct := func(method, path, assertion string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if assertion != "" {
			r.Header.Set("X-Postern-Assertion", assertion)
		}
		resp, err := app.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := direct("GET", "/mine", mine.Token); got != http.StatusOK {
		t.Errorf("the application does not take an assertion for the same request: %d", got)
	}
	head, body, _ := strings.Cut(mine.Token, ".")
	for name, row := range map[string]struct{ method, path, assertion string }{
		"none":                            {"GET", "/mine", ""},
		"for another path":                {"GET", "/others", mine.Token},
		"for a path in another spelling":  {"GET", "/%6Dine", mine.Token},
		"for another method":              {"POST", "/mine", mine.Token},
		"without its signature":           {"GET", "/mine", mine.Token[:strings.LastIndexByte(mine.Token, '.')+1]},
		"with another header":             {"GET", "/mine", "eyJhbGciOiJub25lIn0." + body},
		"with its parts changed round":    {"GET", "/mine", body + "." + head},
		"D68 a token of /token":           {"GET", "/mine", service.Token},
		"D68 the session's token":         {"GET", "/mine", p.token(t)},
		"D68 the session's signed cookie": {"GET", "/mine", p.signed(t)},
	} {
		if got := direct(row.method, row.path, row.assertion); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
	t.Run("D68 an assertion is no session and no token", func(t *testing.T) {
		bare := p.elsewhere()
		bare.isOutAt(t, "/mine", harness.Bearer(mine.Token))
		bare.isOutAt(t, "/mine", harness.Header("Cookie", harness.SessionCookie+"="+mine.Token))
		bare.isOutAt(t, "/mine", harness.Bearer(service.Token))
		var kid struct{ Kid string }
		header := mine.header(t)
		if err := json.Unmarshal(header, &kid); err != nil || kid.Kid == "" {
			t.Fatalf("header %s: %v", header, err)
		}
		if keys := bare.Get(t, "/api/auth/jwks").Want(t, http.StatusOK); strings.Contains(string(keys.Body), kid.Kid) {
			t.Error("the key of assertions is among those of /token")
		}
		if keys := bare.Get(t, "/api/auth/assertion/jwks").Want(t, http.StatusOK); !strings.Contains(string(keys.Body), kid.Kid) || strings.Contains(string(keys.Body), `"d"`) {
			t.Errorf("key set %s", keys.Body)
		}
	})
}

// isOutAt fails the test unless neither the API nor a route takes the credential.
func (p *person) isOutAt(t *testing.T, path string, credential harness.Edit) {
	t.Helper()
	p.Get(t, path, credential).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	p.Get(t, "/api/auth/me", credential).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")
	if r := p.Get(t, "/api/auth/get-session", credential).Want(t, http.StatusOK); string(r.Body) != "null" {
		t.Errorf("get-session answered %s", r.Body)
	}
}

// header is the first part of the token, decoded.
func (a asserted) header(t *testing.T) []byte {
	t.Helper()
	head, _, _ := strings.Cut(a.Token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// docsPython is the block of docs/proxy.md that verifies.
func docsPython(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/proxy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```python\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok || !strings.Contains(block, "PyJWKClient") {
		t.Fatal("docs/proxy.md has no such block")
	}
	return block
}
