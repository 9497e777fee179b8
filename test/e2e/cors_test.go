package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// ownCORS is an application that speaks CORS itself, with Starlette's middleware: to one page that Postern knows, and to one that it
// does not.
const ownCORS = `
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://both.example", "https://app-only.example"], allow_credentials=True,
    allow_methods=["PUT"], allow_headers=["x-from-the-page"], expose_headers=["x-from-the-application"])

@app.get("/{path:path}")
@app.put("/{path:path}")
async def answer(path: str):
    return {"path": path}
`

// corsHeaders are those of an answer, each of which a browser takes only if it is there once (Fetch Standard §3.2.3).
func corsHeaders(t *testing.T, what string, r *harness.Response) (readable, exposed string) {
	t.Helper()
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age"} {
		if lines := r.Header[name]; len(lines) > 1 {
			t.Errorf("%s: %s is there %d times: %q", what, name, len(lines), lines)
		}
	}
	if vary := strings.Split(strings.ToLower(strings.Join(r.Header["Vary"], ", ")), ", "); len(slices.Compact(slices.Sorted(slices.Values(vary)))) != len(vary) {
		t.Errorf("%s: Vary repeats itself: %q", what, vary)
	}
	return r.Header.Get("Access-Control-Allow-Origin"), strings.ToLower(r.Header.Get("Access-Control-Expose-Headers"))
}

// users-ask 4, 5: who may read what, with an application that speaks CORS as well, whoever is in charge of it.
func TestCORSIsNotDoubled(t *testing.T) {
	t.Parallel()
	app := harness.NewPython(t)
	app.StartASGI(t, ownCORS)
	for _, handledBy := range []string{"postern", "application"} {
		t.Run("handled by "+handledBy, func(t *testing.T) {
			t.Parallel()
			p := harness.StartPostern(t, harness.Settings(harness.SQLite(t).Settings(), map[string]string{
				"upstream.url": "unix:" + app.Socket, "mail.transport": "log", "cors.handled_by": handledBy, "cors.allowed_origins": "https://both.example,https://postern-only.example",
				"routes": `[{path: /public/**, auth: public}, {path: /other/**, auth: public, cors: ` + map[string]string{"postern": "application", "application": "postern"}[handledBy] + `}]`,
			}))
			// In which page's origin an answer can be read, by who is in charge of the route and who made the answer.
			ours := map[string]bool{"https://both.example": true, "https://postern-only.example": true}
			theirs := map[string]bool{"https://both.example": true, "https://app-only.example": true}
			either := map[string]bool{"https://both.example": true, "https://postern-only.example": true, "https://app-only.example": true}
			for path, byPostern := range map[string]bool{"/public/a": handledBy == "postern", "/other/a": handledBy != "postern"} {
				for _, origin := range []string{"https://both.example", "https://postern-only.example", "https://app-only.example", "https://evil.example"} {
					client := harness.NewClient(p.URL)
					answers := theirs
					if byPostern {
						answers = either // what the application marks itself is left alone
					}
					check := func(what string, r *harness.Response, may map[string]bool) {
						t.Helper()
						readable, exposed := corsHeaders(t, what+" of "+path+" for "+origin, r)
						if want := map[bool]string{true: origin}[may[origin]]; readable != want {
							t.Errorf("%s of %s for %s is readable to %q, want %q: %v", what, path, origin, readable, want, r.Header)
						}
						if what == "an answer" && readable != "" && theirs[origin] && !strings.Contains(exposed, "x-from-the-application") {
							t.Errorf("%s of %s exposes %q", what, path, exposed)
						}
					}
					check("an answer", client.Get(t, path, harness.Header("Origin", origin)).Want(t, 200), answers)
					preflight := client.Do(t, http.MethodOptions, path, nil, harness.Header("Origin", origin), harness.Header("Access-Control-Request-Method", "PUT"), harness.Header("Access-Control-Request-Headers", "x-from-the-page"))
					if byPostern && ours[origin] {
						check("a preflight", preflight.Want(t, http.StatusNoContent), ours)
					} else {
						check("a preflight", preflight, theirs)
					}
				}
			}
			for origin := range either {
				r := harness.NewClient(p.URL).Get(t, "/guarded", harness.Header("Origin", origin)).WantError(t, 401, "UNAUTHORIZED")
				if readable, _ := corsHeaders(t, "a 401 for "+origin, r); (readable == origin) != ours[origin] { // Postern's own, whoever is in charge
					t.Errorf("a 401 for %s is readable to %q", origin, readable)
				}
				preflight := harness.NewClient(p.URL).Do(t, http.MethodOptions, "/guarded", nil, harness.Header("Origin", origin), harness.Header("Access-Control-Request-Method", "PUT"))
				if allowed := preflight.Status < 300; allowed != (handledBy == "postern" && ours[origin] || handledBy == "application" && theirs[origin]) {
					t.Errorf("a preflight of a guarded path for %s: %d %s", origin, preflight.Status, preflight.Body)
				}
				// What only looks like one meets the guard.
				harness.NewClient(p.URL).Do(t, http.MethodOptions, "/guarded", nil, harness.Header("Origin", origin)).Want(t, 401)
				harness.NewClient(p.URL).Do(t, http.MethodOptions, "/guarded", "a body", harness.Header("Origin", origin), harness.Header("Access-Control-Request-Method", "PUT")).Want(t, 401)
			}
		})
	}
}
