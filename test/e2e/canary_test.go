package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// canaries are secrets that are planted, each with a name that tells where it was put in.
type canaries struct {
	mu   sync.Mutex
	live map[string]string // the secret, and where it went in
}

// plant makes one. It has the characters of a token, so that it fits anywhere.
func (c *canaries) plant(where string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	secret := fmt.Sprintf("canary%02dKq7Zp3Wm9Xs5Lt1Vb8Nc4Rd6Fh2Jy", len(c.live))
	c.live[secret] = where
	return secret
}

// mustNotBeIn fails the test for each that an output holds.
func (c *canaries) mustNotBeIn(t *testing.T, output, text string) {
	t.Helper()
	for secret, where := range c.live {
		if strings.Contains(text, secret) {
			at := strings.Index(text, secret)
			t.Errorf("%s holds what was put in as %s: …%.200s…", output, where, text[max(0, at-80):])
		}
	}
}

// collector takes whatever is posted to it: traces, and audit events.
func startCollector(t *testing.T) (url string, taken func() string) {
	t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what arrived is looked at
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&all, "%s %s\n%s\n", r.URL, r.Header, body)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

// TestD66D67NoCanaryIsSeenAgain plants secrets in every input and looks for them in every output: logs, metrics, traces, errors, letters, the audit record, wherever
// that goes, and the printed configuration.
func TestD66D67NoCanaryIsSeenAgain(t *testing.T) {
	t.Parallel()
	c := &canaries{live: map[string]string{}}
	traces, traced := startCollector(t)
	siem, streamed := startCollector(t)
	db, letters := harness.SQLite(t), harness.StartResend(t)
	const closed = "http://127.0.0.1:1" // an application that is away: errors tell of it
	p := harness.NewPostern(t, harness.Settings(db.Settings(), letters.Settings(), map[string]string{
		"upstream.url": closed, "routes": "[{path: /public/**, auth: public}]", "log.level": "debug",
		"auth.secret": c.plant("auth.secret"), "auth.previous_secrets": c.plant("auth.previous_secrets"),
		"audit.signing_secret": c.plant("audit.signing_secret"), "audit.stream.webhook_secret": c.plant("audit.stream.webhook_secret"),
		"audit.stream.webhook_url": siem, "audit.seal_interval": "1s",
		"auth.social.google.client_id": "the-client", "auth.social.google.client_secret": c.plant("client secret"),
		"auth.user.change_email.enabled": "true", "auth.user.delete_user.enabled": "true",
	}))
	p.Variable("OTEL_EXPORTER_OTLP_ENDPOINT", traces)
	p.Variable("OTEL_TRACES_SAMPLER", "always_on")
	p.Variable("OTEL_BSP_SCHEDULE_DELAY", "200")
	p.Variable("OTEL_EXPORTER_OTLP_HEADERS", "authorization="+c.plant("OTEL_EXPORTER_OTLP_HEADERS"))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	// Streaming begins with what happens once it is on.
	harness.Eventually(t, "the stream of audit events", func() bool {
		harness.NewClient(p.URL).Post(t, "/api/auth/sign-in/email", map[string]any{"email": "nobody@example.test", "password": c.plant("a password of nobody")})
		return strings.Contains(streamed(), `"sign_in_failed"`)
	})
	errors := plantEverywhere(t, c, p, letters)
	harness.Eventually(t, "the last event in the stream", func() bool { return strings.Contains(streamed(), `"state_mismatch"`) })
	metrics := p.Metrics(t)
	if err := p.Terminate(); err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitExit(); err != nil {
		t.Fatal(err)
	}

	rows := p.Output(t, "audit", "export")
	if !strings.Contains(rows, `"sign_in_failed"`) || !strings.Contains(traced(), "postern") || !strings.Contains(metrics, "postern_auth_events_total") {
		t.Fatalf("an output is missing: audit %d bytes, traces %d, stream %d", len(rows), len(traced()), len(streamed()))
	}
	c.mustNotBeIn(t, "the log", p.Log())
	c.mustNotBeIn(t, "the metrics", metrics)
	c.mustNotBeIn(t, "an error", errors)
	c.mustNotBeIn(t, "the audit record", rows)
	c.mustNotBeIn(t, "the audit stream", streamed())
	c.mustNotBeIn(t, "the printed configuration", p.Output(t, "config", "print"))
	c.mustNotBeIn(t, "a trace", strings.ReplaceAll(traced(), headerCanary(c), "")) // the collector is told its own header
	var mail strings.Builder
	for secret, where := range c.live {
		if where == "verification token" || where == "reset token" {
			delete(c.live, secret) // letters are there to hold it
		}
	}
	for _, l := range letters.Delivered() {
		mail.WriteString(l.Subject + l.Text + l.HTML + "\n")
	}
	c.mustNotBeIn(t, "a letter", mail.String())
}

func headerCanary(c *canaries) string {
	for secret, where := range c.live {
		if where == "OTEL_EXPORTER_OTLP_HEADERS" {
			return secret
		}
	}
	return ""
}

// plantEverywhere uses every kind of input, right and wrong, and returns all that was answered but for what is the client's own.
func plantEverywhere(t *testing.T, c *canaries, p *harness.Postern, letters *harness.Resend) string {
	t.Helper()
	var answers strings.Builder
	email, password := "ada@example.test", c.plant("password")
	ada, nobody := harness.NewClient(p.URL), harness.NewClient(p.URL)
	say := func(r *harness.Response) *harness.Response {
		if r.Status >= 400 {
			fmt.Fprintf(&answers, "%d %s %s\n", r.Status, r.Header, r.Body)
		}
		return r
	}
	say(ada.Post(t, "/api/auth/sign-up/email", map[string]any{"name": "Ada", "email": email, "password": password})).Want(t, http.StatusOK)
	link := letters.Take(t, email, "Confirm your e-mail address").Link()
	noteLink(t, c, link, "verification token")
	ada.Get(t, link).Want(t, http.StatusFound)
	cookie, err := url.PathUnescape(ada.Cookie(harness.SessionCookie))
	if err != nil {
		t.Fatal(err)
	}
	token, signature, _ := strings.Cut(cookie, ".")
	c.mu.Lock()
	c.live[token], c.live[signature], c.live[url.QueryEscape(signature)] = "session token", "cookie signature", "cookie signature, encoded"
	c.mu.Unlock()

	for _, path := range []string{"/tasks", "/public/x", "/api/auth/get-session", "/api/auth/nothing", "/api/auth/me"} {
		for _, client := range []*harness.Client{ada, nobody} {
			say(client.Get(t, path+"?token="+c.plant("a query parameter")+"&state="+c.plant("a state"), harness.Header("X-Api-Key", c.plant("an API key"))))
			say(client.Get(t, path, harness.Bearer(c.plant("a bearer token"))))
			say(client.Get(t, path, harness.Header("Authorization", "Basic "+c.plant("basic credentials"))))
			say(harness.NewClient(p.URL).Get(t, path, harness.Header("Cookie", harness.SessionCookie+"="+c.plant("a cookie")+".x; app="+c.plant("the application's cookie"))))
			say(client.Post(t, path, map[string]any{"password": c.plant("a password"), "token": c.plant("a token in a body")}))
		}
	}
	for path, body := range map[string]map[string]any{
		"/sign-in/email":           {"email": email, "password": c.plant("a wrong password")},
		"/sign-up/email":           {"name": "Ada", "email": email, "password": c.plant("another password")},
		"/change-password":         {"currentPassword": c.plant("a wrong current password"), "newPassword": c.plant("a new password")},
		"/verify-password":         {"password": c.plant("a wrong password again")},
		"/reset-password":          {"newPassword": c.plant("a reset's password"), "token": c.plant("a reset token")},
		"/verify-token":            {"token": c.plant("a token to verify")},
		"/delete-user":             {"token": c.plant("a deletion token")},
		"/revoke-session":          {"token": c.plant("a session to revoke")},
		"/sign-in/social":          {"provider": "google", "idToken": map[string]any{"token": c.plant("an ID token"), "accessToken": c.plant("an access token")}},
		"/set-password":            {"newPassword": c.plant("a password to set")},
		"/change-email":            {"newEmail": "grace@example.test"},
		"/request-password-reset":  {"email": email, "redirectTo": "/reset"},
		"/send-verification-email": {"email": email},
	} {
		say(ada.Post(t, "/api/auth"+path, body))
		say(nobody.Post(t, "/api/auth"+path, `{"password":"`+c.plant("broken JSON")+`"`))
	}
	for _, path := range []string{"/verify-email?token=", "/reset-password/", "/delete-user/callback?token=", "/callback/google?state=x&code="} {
		say(nobody.Get(t, "/api/auth"+path+c.plant("the link "+path)))
	}
	noteLink(t, c, letters.Take(t, email, "Reset your password").Link(), "reset token")
	say(nobody.Get(t, "/api/auth/callback/google?code="+c.plant("a code")+"&state="+c.plant("an unknown state")))
	return answers.String()
}

// noteLink takes the token of a mailed link for a canary, in everything but letters, which are there to hold it.
func noteLink(t *testing.T, c *canaries, link, what string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || link == "" {
		t.Fatalf("link %q: %v", link, err)
	}
	secret := u.Query().Get("token")
	if secret == "" {
		secret = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[secret] = what
}
