package captcha_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/captcha"
)

// service plays siteverify: it writes down what it was asked and says what it is told to.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	says  string
	asked []string
}

func newService(t *testing.T, says string) *service {
	s := &service{says: says}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.Header.Get("Content-Type")+" "+fields(t, r))
		if s.says == "" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, s.says)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = text
}

func (s *service) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// fields are those of a form or an object, in one spelling.
func fields(t *testing.T, r *http.Request) string {
	form := url.Values{}
	if r.Header.Get("Content-Type") == "application/json" {
		object := map[string]string{}
		if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
			t.Error(err)
		}
		for name, value := range object {
			form.Set(name, value)
		}
	} else {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form = r.PostForm
	}
	return form.Encode()
}

func guarded(t *testing.T, cfg captcha.Config, s *service) *authflowtest.Flow {
	t.Helper()
	cfg.SecretKey, cfg.SiteVerifyURL = "the-secret", s.URL
	if cfg.Endpoints == nil {
		cfg.Endpoints = []string{"/sign-up/email", "/sign-in/email", "/request-password-reset"}
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return authflowtest.Start(t, func(settings *authflowtest.Settings) { settings.Challenge = captcha.New(cfg, http.DefaultClient, nil) })
}

func signIn(f *authflowtest.Flow, email, response string) *authflowtest.Answer {
	b := f.Browser().At("192.0.2.7")
	if response != "" {
		b = b.With("x-captcha-response", response)
	}
	return b.Post("/sign-in/email", authflowtest.Body{"email": email, "password": authflowtest.Password})
}

const (
	missing = `{"message":"Missing CAPTCHA response","code":"MISSING_RESPONSE"}`
	failed  = `{"message":"Captcha verification failed","code":"VERIFICATION_FAILED"}`
	unknown = `{"message":"Something went wrong","code":"UNKNOWN_ERROR"}`
)

func TestEachServiceIsAskedInItsForm(t *testing.T) {
	t.Parallel()
	const form, object = "application/x-www-form-urlencoded", "application/json"
	for provider, want := range map[string]string{
		captcha.Turnstile:  object + " remoteip=192.0.2.7&response=token&secret=the-secret",
		captcha.ReCAPTCHA:  form + " remoteip=192.0.2.7&response=token&secret=the-secret",
		captcha.HCaptcha:   form + " remoteip=192.0.2.7&response=token&secret=the-secret&sitekey=site",
		captcha.CaptchaFox: form + " remoteIp=192.0.2.7&response=token&secret=the-secret&sitekey=site",
	} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			s := newService(t, `{"success":true}`)
			flow := guarded(t, captcha.Config{Provider: provider, SiteKey: "site"}, s)
			user := flow.User("Ada")
			signIn(flow, user.Email, "").Says(400, missing)
			signIn(flow, user.Email, "token").Is(200)
			s.say(`{"success":false,"error-codes":["invalid-input-response"]}`)
			signIn(flow, user.Email, "token").Says(403, failed)
			for _, broken := range []string{"", "<html>", `{"success":"yes"}`, `{"success":true` + strings.Repeat(" ", 1<<17) + `}`} {
				s.say(broken)
				signIn(flow, user.Email, "token").Says(500, unknown)
			}
			if got := s.questions(); got[0] != want {
				t.Errorf("asked %q, want %q", got[0], want)
			}
			if strings.Contains(flow.Log(), "the-secret") {
				t.Error("the secret is in the log")
			}
			if hashes := flow.Hashes(); hashes != 1 {
				t.Errorf("%d passwords were looked at, want 1", hashes)
			}
		})
	}
}

func TestWhatATokenWasMadeForCounts(t *testing.T) {
	t.Parallel()
	strict := captcha.Config{ExpectedAction: "login", AllowedHostnames: []string{"app.test"}, MinScore: 0.5}
	for _, tt := range []struct {
		name, provider, says string
		want                 int
	}{
		{"all is right", captcha.Turnstile, `{"success":true,"action":"login","hostname":"app.test"}`, 200},
		{"another action", captcha.Turnstile, `{"success":true,"action":"x","hostname":"app.test"}`, 403},
		{"another host", captcha.Turnstile, `{"success":true,"action":"login","hostname":"evil.test"}`, 403},
		{"no host", captcha.Turnstile, `{"success":true,"action":"login"}`, 403},
		{"a good score", captcha.ReCAPTCHA, `{"success":true,"action":"login","hostname":"app.test","score":0.5}`, 200},
		{"a bad score", captcha.ReCAPTCHA, `{"success":true,"action":"login","hostname":"app.test","score":0.4}`, 403},
		{"no score is v2", captcha.ReCAPTCHA, `{"success":true,"action":"login","hostname":"app.test"}`, 200},
		{"hCaptcha says neither", captcha.HCaptcha, `{"success":true}`, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := strict
			cfg.Provider = tt.provider
			flow := guarded(t, cfg, newService(t, tt.says))
			signIn(flow, flow.User("Ada").Email, "token").Is(tt.want)
		})
	}
}

// What is guarded is so under each of its names, and under no other spelling is there anything.
func TestD13AGuardedEndpointHasNoOtherWayIn(t *testing.T) {
	t.Parallel()
	s := newService(t, `{"success":false}`)
	flow := guarded(t, captcha.Config{Provider: captcha.HCaptcha, Endpoints: []string{"/sign-in/*", "/sign-up/email"}}, s)
	user := flow.User("Ada")
	body := authflowtest.Body{"email": user.Email, "password": authflowtest.Password, "name": "Ada"}
	for path, want := range map[string]int{
		"/sign-in/email": 400, "/signin": 400, "/sign-up/email": 400, "/signup": 400, "/sign-in/email?x-captcha-response=a": 400,
		"/sign-in/email/": 404, "//sign-in/email": 404, "/sign-in//email": 404, "/Sign-In/email": 404, "/sign-in/%65mail": 404, "/sign-in%2femail": 404,
		"/x/../sign-in/email": 404, "/sign-in/./email": 404, "/sign-in/email;x": 404, "/sign-in/email%00": 404,
	} {
		if got := flow.Browser().Post(path, body).Status; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if flow.Hashes() != 0 || len(s.questions()) != 0 {
		t.Errorf("%d passwords were looked at, the service was asked %d times", flow.Hashes(), len(s.questions()))
	}
	flow.Browser().Get("/get-session").Is(200)
	signIn(flow, user.Email, strings.Repeat("t", 1<<14)).Says(403, failed)
	if len(s.questions()) != 0 {
		t.Error("a token that is none was passed on")
	}
}

// Limits count first, so that nobody has the service asked without end.
func TestLimitsCountBeforeTheServiceIsAsked(t *testing.T) {
	t.Parallel()
	s := newService(t, `{"success":false}`)
	cfg := captcha.Config{Provider: captcha.Turnstile, SecretKey: "the-secret", SiteVerifyURL: s.URL, Endpoints: []string{"/sign-in/email"}}
	flow := authflowtest.Start(t, func(settings *authflowtest.Settings) {
		settings.Challenge = captcha.New(cfg, http.DefaultClient, nil)
		settings.RateLimit = authflow.RateLimitConfig{Enabled: true, Window: 10e9, Max: 100}
	})
	for range 10 {
		signIn(flow, "ada@people.test", "token")
	}
	if got := len(s.questions()); got != 3 {
		t.Errorf("the service was asked %d times, want 3", got)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	if err := (captcha.Config{}).Validate(); err != nil {
		t.Error(err)
	}
	bad := captcha.Config{Provider: "riddles", Endpoints: []string{"sign-in", "/["}, MinScore: 2, SiteVerifyURL: "x"}
	err := bad.Validate()
	for _, want := range []string{"provider:", "secret_key:", `"sign-in"`, `"/["`, "min_score:", "site_verify_url:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in %v", want, err)
		}
	}
}
