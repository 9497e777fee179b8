package frontends

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// asking are the headers of a question that Traefik would put.
func asking(method, target string, more ...harness.Edit) []harness.Edit {
	return append([]harness.Edit{
		harness.Header("X-Forwarded-Method", method), harness.Header("X-Forwarded-Uri", target),
		harness.Header("X-Forwarded-Host", "app.example"), harness.Header("X-Forwarded-Proto", "https"), harness.Header("X-Forwarded-For", "192.0.2.7"),
	}, more...)
}

// Without a listener of their own, front ends ask on the public one, and nobody else does.
func TestFrontEndsMayAskOnThePublicListener(t *testing.T) {
	t.Parallel()
	settings := func(trusted string) map[string]string {
		return harness.Settings(harness.SQLite(t).Settings(), map[string]string{
			"forward_auth.enabled": "true", "server.trusted_proxies": trusted, "mail.transport": "log", "routes": "[{path: /public/**, auth: public}]",
			"cors.allowed_origins": "https://page.example",
		})
	}
	p := harness.StartPostern(t, settings("127.0.0.1"))
	client := harness.NewClient(p.URL)
	client.Get(t, "/api/auth/forward", asking("GET", "/public/a")...).Want(t, 200)
	client.Get(t, "/api/auth/forward/traefik", asking("GET", "/tasks")...).WantError(t, 401, "UNAUTHORIZED")
	client.Get(t, "/api/auth/forward/nothing", asking("GET", "/public/a")...).WantError(t, 404, "NOT_FOUND")
	client.Get(t, "/public/a").WantError(t, 404, "NOT_FOUND") // there is no application
	client.Get(t, "/api/auth/ok").Want(t, 200)

	// A preflight that a front end asks about is its application's, whatever the question itself looks like.
	preflight := []harness.Edit{harness.Header("Origin", "https://page.example"), harness.Header("Access-Control-Request-Method", "PUT")}
	if r := client.Do(t, http.MethodOptions, "/api/auth/forward/envoy/tasks", nil, append(preflight, harness.Header("X-Forwarded-Proto", "https"))...); r.Status != 200 || r.Header.Get("X-Envoy-Auth-Headers-To-Remove") == "" {
		t.Errorf("a preflight by Envoy: %d %v", r.Status, r.Header)
	}
	client.Get(t, "/api/auth/forward", asking("OPTIONS", "/tasks", preflight...)...).Want(t, 200)
	client.Get(t, "/api/auth/forward", asking("OPTIONS", "/tasks", preflight[0])...).Want(t, 401)

	for _, line := range p.LogLines(t, "request") {
		if line["front_end"] == "traefik" && (line["path"] != "/tasks" || line["method"] != "GET" || line["client"] != "192.0.2.7" || line["reason"] != "no_session" || line["status"] != 401.0) {
			t.Errorf("logged %v", line)
		}
	}
	if !strings.Contains(p.Metrics(t), `postern_http_requests_total{auth="required",code="401",method="OPTIONS",route="default"} 1`) {
		t.Error("a question is counted as another method than was asked about")
	}

	stranger := harness.StartPostern(t, settings("10.0.0.0/8"))
	harness.NewClient(stranger.URL).Get(t, "/api/auth/forward", asking("GET", "/public/a", harness.Header("X-Forwarded-For", "10.0.0.1"))...).WantError(t, 403, "FORBIDDEN")
	if !strings.Contains(stranger.Metrics(t), `postern_rejected_requests_total{reason="untrusted_front_end"} 1`) {
		t.Error("a stranger's question is not counted")
	}
}

// At a listener of their own there are only questions, and on the public one there are none.
func TestListenersForFrontEndsAnswerQuestionsAlone(t *testing.T) {
	t.Parallel()
	s := beside(t, frontEnd{name: "none"})
	questions, public := harness.NewClient("http://"+s.Forward), harness.NewClient(s.Postern.URL)
	questions.Get(t, "/api/auth/forward", asking("GET", "/public/a")...).Want(t, 200)
	for _, path := range []string{"/", "/api/auth/ok", "/api/auth/get-session", "/public/a", "/metrics"} {
		questions.Get(t, path).Want(t, 404)
	}
	public.Get(t, "/api/auth/forward", asking("GET", "/public/a")...).Want(t, 404)
	public.Get(t, "/api/auth/forward/traefik", asking("GET", "/public/a")...).Want(t, 404)
}

// A reload of the routes reaches those who ask, over HTTP as by gRPC: all ask the generation that serves.
func TestReloadsReachFrontEnds(t *testing.T) {
	t.Parallel()
	s := beside(t, frontEnd{name: "none"})
	questions := harness.NewClient("http://" + s.Forward)
	questions.Get(t, "/api/auth/forward", asking("GET", "/tasks")...).Want(t, 401)
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "path: /public/**", "path: /tasks", 1))
	if err := os.WriteFile(filepath.Clean(s.file), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the new routes decide", func() bool {
		return questions.Get(t, "/api/auth/forward", asking("GET", "/tasks")...).Status == 200
	})
	questions.Get(t, "/api/auth/forward", asking("GET", "/public/a")...).Want(t, 401)
}
