package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/sessionstore"
)

// valid is a configuration that serves.
func valid(t *testing.T) Config {
	t.Helper()
	loaded, err := Sources{Mode: Serve, Environ: []string{
		"POSTERN_SERVER_PUBLIC_URL=https://app.example.com", "POSTERN_UPSTREAM_URL=http://127.0.0.1:8000",
		"POSTERN_AUTH_SECRET=Zr8vQm2KxW5nTb9LpJ4hYd7cGf3sAe6u", "POSTERN_MAIL_TRANSPORT=resend",
		"POSTERN_MAIL_FROM=no-reply@example.com", "POSTERN_MAIL_RESEND_API_KEY=re_Zr8vQm2KxW5nTb9L",
	}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Config
}

func TestOnlyServeAsksForWhatHasNoDefault(t *testing.T) {
	t.Parallel()
	for mode, want := range map[Mode]int{Any: 0, Dev: 0, Serve: 3} {
		_, err := Sources{Mode: mode}.Load()
		var e *Error
		if got := errors.As(err, &e); got != (want > 0) || (got && len(e.Problems) != want) {
			t.Errorf("%q: %v", mode, err)
		}
	}
}

func TestValidateTakesAConfigMadeInCode(t *testing.T) {
	t.Parallel()
	c := valid(t)
	if err := c.Validate(Serve); err != nil {
		t.Error(err)
	}
	c.Auth.Core.Cookie.Domain = "com"
	err := c.Validate(Serve)
	if err == nil || !strings.HasPrefix(err.Error(), "auth.cookie.domain: com is a top-level domain") {
		t.Errorf("got %v", err)
	}
}

func TestCookieDomainMustCoverThePublicHost(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		url, domain string
		ok          bool
	}{
		{"https://app.example.com", "", true},
		{"https://app.example.com", "example.com", true},
		{"https://app.example.com", ".Example.com", true},
		{"https://app.example.com", "app.example.com", true},
		{"https://app.example.com", "ample.com", false},
		{"https://app.example.com", "other.example.com", false},
		{"https://app.example.com", "com", false},
		{"http://localhost:8080", "localhost", true},
		{"http://127.0.0.1:8080", "127.0.0.1", false},
		{"http://[::1]:8080", "example.com", false},
	} {
		c := valid(t)
		c.Server.PublicURL, c.Auth.Core.Cookie.Domain = row.url, row.domain
		if err := c.Validate(Any); (err == nil) != row.ok {
			t.Errorf("%s with %q: %v", row.url, row.domain, err)
		}
	}
}

func TestListenersThatMeet(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{":8080", "127.0.0.1:9090", false},
		{":8080", "127.0.0.1:8080", true},
		{"0.0.0.0:8080", "127.0.0.1:8080", true},
		{"[::]:8080", "10.0.0.1:8080", true},
		{"10.0.0.1:8080", "127.0.0.1:8080", false},
		{"127.0.0.1:8080", "127.0.0.1:8080", true},
		{":0", ":0", false},
		{"unix:/a", "unix:/a", true},
		{"unix:/a", "unix:/b", false},
		{"unix:/a", ":8080", false},
	} {
		if got := sameListener(row.a, row.b); got != row.want {
			t.Errorf("%s and %s: got %v", row.a, row.b, got)
		}
	}
}

func TestPatternsThatMatchEverySite(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"*": true, "https://*": true, "*://*": true, "https://*.com": true, "https://*.*": true, "https://app.*": true,
		"https://example.???": true, "*example.com": true, "https://*:8443": true, "https://*.example.com": false,
		"https://app-*.example.com": false, "http://localhost:*": false, "http://*.localhost": false, "https://app.example.com": false, "myapp://": false,
		"192.168.*.*": false, "http://10.*:3000": false, "http://172.20.*.*": false, "http://127.0.0.?": false, "exp://*": false, "exp://192.168.*.*:*/**": false,
		"192.*": true, "http://172.*.*.*": true, "http://172.32.*.*": true, "http://8.8.*.*": true, "192.168*": true,
	} {
		if got := matchesEverySite(pattern); got != want {
			t.Errorf("%s: got %v", pattern, got)
		}
	}
}

func TestPlaceholdersAreTold(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]bool{
		"": false, "change-me": true, "CHANGE_ME_PLEASE": true, "your-secret-key-here": true, "better-auth-secret-12345678901234567890": true,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": true, "Zr8vQm2KxW5nTb9LpJ4hYd7cGf3sAe6u": false, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b": false,
	} {
		if got := isPlaceholder(secret); got != want {
			t.Errorf("%q: got %v", secret, got)
		}
	}
}

func TestWarningsAreForServe(t *testing.T) {
	t.Parallel()
	c := valid(t)
	if w := c.Warnings(Serve); len(w) != 0 {
		t.Errorf("a sound configuration warns: %v", w)
	}
	c.Mail.Transport, c.Server.PublicURL, c.Proxy.DefaultAuth = "log", "http://app.example.com", "public"
	c.Proxy.Routes = []proxy.RouteConfig{{Path: "/a"}, {Path: "/a/*/**"}, {Path: "/a/**"}, {Path: "/api/authority"}, {Path: "/api/auth/ok"}}
	var keys []string
	for _, w := range c.Warnings(Serve) {
		keys = append(keys, w.Key)
	}
	if !reflect.DeepEqual(keys, []string{"mail.transport", "server.public_url", "default_auth", "routes[2].path", "routes[4].path"}) {
		t.Errorf("got %v", keys)
	}
	c.Pages.Enabled, c.Proxy.Routes = true, []proxy.RouteConfig{{Path: "/auth/login"}, {Path: "/author"}}
	if w := c.Warnings(Serve); len(w) != 4 || w[3].Key != "routes[0].path" || !strings.Contains(w[3].Message, "Postern's own pages") {
		t.Errorf("got %v", w)
	}
	if w := c.Warnings(Dev); len(w) != 0 {
		t.Errorf("dev warns: %v", w)
	}
}

func TestTheSignInPageIsOurOwnUnlessAnotherIsNamed(t *testing.T) {
	t.Parallel()
	c := valid(t)
	if got := c.SignInURL(); got != "" {
		t.Errorf("without pages: %q", got)
	}
	c.Pages.Enabled = true
	if got := c.SignInURL(); got != "/auth/sign-in" {
		t.Errorf("with pages: %q", got)
	}
	c.Auth.Core.SignInURL = "/login"
	if got := c.SignInURL(); got != "/login" {
		t.Errorf("with pages and another: %q", got)
	}
}

func TestOneOrSeveralUpstreams(t *testing.T) {
	t.Parallel()
	problem := func(env ...string) string {
		_, err := Sources{Mode: Serve, Environ: append(env, "POSTERN_SERVER_PUBLIC_URL=https://a.example.com", "POSTERN_AUTH_SECRET=Zr8vQm2KxW5nTb9LpJ4hYd7cGf3sAe6u",
			"POSTERN_MAIL_FROM=a@example.com", "POSTERN_SERVER_LISTEN=:8080")}.Load()
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for name, row := range map[string]struct{ env, want string }{
		"none":              {"POSTERN_UPSTREAM_URLS=", "upstream.url: required by 'postern serve'"},
		"several":           {"POSTERN_UPSTREAM_URLS=http://a:1,http://b:1", ""},
		"one of them ours":  {"POSTERN_UPSTREAM_URLS=http://a:1,http://localhost:8080", "upstream.urls[1]: http://localhost:8080 is Postern's own listener"},
		"one of them wrong": {"POSTERN_UPSTREAM_URLS=http://a:1,b", `upstream.urls[1]: "b" is not a URL`},
		"one of a route's":  {`POSTERN_ROUTES=[{path: /a, upstreams: ["http://127.0.0.1:8080"]}]`, "routes[0].upstreams[0]: http://127.0.0.1:8080 is Postern's own listener"},
	} {
		if got := problem(row.env); row.want == "" && got != "" || !strings.Contains(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestTemplatesNameFieldsThatThereAre(t *testing.T) {
	t.Parallel()
	c := valid(t)
	c.Auth.User.AdditionalFields = sessionstore.FieldConfigs{"tenant": {}}
	c.Proxy.Identity.Templates = map[string]string{"X-A": "{user.fields.tenant}", "X-B": "{user.fields.tenants} {session.fields.tenant}"}
	var got []string
	for _, p := range c.problems(Any) {
		if strings.HasPrefix(p.Key, "identity") {
			got = append(got, p.String())
		}
	}
	want := []string{
		"identity.templates.X-B: {user.fields.tenants} is no field of a user; describe it under auth.user.additional_fields",
		"identity.templates.X-B: {session.fields.tenant} is no field of a session; describe it under auth.session.additional_fields",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestCORSFallsBackToTheTrustedOrigins(t *testing.T) {
	t.Parallel()
	c := valid(t)
	c.Auth.Core.TrustedOrigins = []string{"https://a.example.com"}
	if got := c.CORSOrigins(); !reflect.DeepEqual(got, c.Auth.Core.TrustedOrigins) {
		t.Errorf("got %v", got)
	}
	c.CORS.AllowedOrigins = []string{"https://b.example.com"}
	if got := c.CORSOrigins(); !reflect.DeepEqual(got, c.CORS.AllowedOrigins) {
		t.Errorf("got %v", got)
	}
}

func TestMessagesOfPackagesAreRidOfSecrets(t *testing.T) {
	t.Parallel()
	l, err := Load("", []string{"POSTERN_AUTH_SECRET=Zr8vQm2KxW5nTb9LpJ4hYd7cGf3sAe6u", "DATABASE_URL=postgres://app:tr0ub4dor@db/app"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := l.hideSecrets(problems{{Message: "cannot use Zr8vQm2KxW5nTb9LpJ4hYd7cGf3sAe6u"}, {Message: "password tr0ub4dor is wrong"}})
	if got[0].Message != "cannot use [redacted]" || got[1].Message != "password [redacted] is wrong" {
		t.Errorf("got %v", got)
	}
}

func TestPagesThatCouldNotBeSent(t *testing.T) {
	t.Parallel()
	c := Config{}
	c.Auth.Captcha.Provider, c.Auth.Captcha.Endpoints = "hcaptcha", []string{"/sign-in/email"}
	told := func() bool {
		var ps problems
		ps.riddles(c)
		return len(ps) > 0
	}
	if told() {
		t.Error("a captcha without pages is a problem")
	}
	if c.Pages.Enabled = true; !told() {
		t.Error("pages that ask for a captcha they do not show are none")
	}
}
