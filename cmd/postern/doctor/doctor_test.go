package doctor

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// installationOf plays an installation: a Postern as it should be, on the way to which something happens.
func installationOf(t *testing.T, https bool, on func(w http.ResponseWriter, r *http.Request, next http.Handler)) Installation {
	t.Helper()
	secure, attributes := "", "; Path=/; HttpOnly; SameSite=Lax"
	if https {
		secure, attributes = "__Secure-", "; Path=/; HttpOnly; Secure; SameSite=Lax"
	}
	var public string
	good := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		foreign := r.Header.Get("Cookie") != "" && r.Header.Get("Origin") != "" && r.Header.Get("Origin") != public
		switch {
		case foreign:
			w.WriteHeader(403)
			_, _ = io.WriteString(w, `{"code":"INVALID_ORIGIN"}`)
		case r.URL.EscapedPath() == "/api/auth/ok":
			_, _ = io.WriteString(w, `{"ok":true}`)
		case r.URL.Path == "/api/auth/get-session" && strings.Contains(r.Header.Get("Cookie"), "session_token=alive"):
			_, _ = io.WriteString(w, `{"user":{"email":"ada@people.test"}}`)
		case r.URL.Path == "/api/auth/get-session":
			_, _ = io.WriteString(w, "null")
		case r.URL.Path == "/api/auth/sign-in/email":
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(string(body), "ada@people.test") {
				h.Add("Set-Cookie", secure+"better-auth.session_token=alive"+attributes)
				return
			}
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"code":"INVALID_EMAIL_OR_PASSWORD"}`)
		case r.URL.Path == "/api/auth/sign-out":
			h.Add("Set-Cookie", secure+"better-auth.session_token=; Max-Age=0"+attributes)
		case r.URL.Path == "/admin" && strings.Contains(r.Header.Get("Cookie"), "session_token=alive"):
		default:
			w.WriteHeader(401)
		}
	})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { on(w, r, good) }))
	if https {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	public = server.URL
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return Installation{URL: u, BasePath: "/api/auth", AdminListen: "127.0.0.1:9090", Sensitive: "/admin", Client: server.Client()}
}

func untouched(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }

func told(t *testing.T, found []Finding) (text string, failures int) {
	t.Helper()
	var out bytes.Buffer
	failures, err := Tell(&out, found)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), failures
}

func TestAGoodInstallationIsWell(t *testing.T) {
	t.Parallel()
	for _, https := range []bool{false, true} {
		i := installationOf(t, https, untouched)
		if text, failures := told(t, Examine(t.Context(), i)); failures != 0 || strings.Contains(text, "WARN") {
			t.Errorf("https %t:\n%s", https, text)
		}
	}
}

// editing changes the headers of answers.
type editing struct {
	http.ResponseWriter
	edit func(http.Header)
}

func (e editing) WriteHeader(status int) {
	e.edit(e.Header())
	e.ResponseWriter.WriteHeader(status)
}

func (e editing) Write(p []byte) (int, error) {
	e.edit(e.Header())
	return e.ResponseWriter.Write(p)
}

func rewriting(edit func(http.Header)) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		wrapped := editing{w, edit}
		next.ServeHTTP(wrapped, r)
		edit(w.Header())
	}
}

func TestClassicMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		https bool
		on    func(http.ResponseWriter, *http.Request, http.Handler)
		want  string
	}{
		{"another host", true, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, "https://www.example.test"+r.URL.Path, http.StatusMovedPermanently)
		}, "FAIL  %s redirects to https://www.example.test"},
		{"a front that answers itself", true, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(404) }, "which is not Postern's"},
		{"no cookies", true, rewriting(func(h http.Header) { h.Del("Set-Cookie") }), "FAIL  answers come without cookies"},
		{"cookies of another path", true, rewriting(func(h http.Header) {
			for i, line := range h["Set-Cookie"] {
				h["Set-Cookie"][i] = strings.Replace(line, "Path=/;", "Path=/app;", 1)
			}
		}), "FAIL  the session's cookie is for the path /app alone"},
		{"cookies of another domain", true, rewriting(func(h http.Header) {
			for i, line := range h["Set-Cookie"] {
				if !strings.Contains(line, "Domain") {
					h["Set-Cookie"][i] = line + "; Domain=internal.test"
				}
			}
		}), "FAIL  the session's cookie is for internal.test"},
		{"cookies without Secure", true, rewriting(func(h http.Header) {
			for i, line := range h["Set-Cookie"] {
				h["Set-Cookie"][i] = strings.Replace(strings.Replace(line, "__Secure-", "", 1), "; Secure", "", 1)
			}
		}), "is not for https alone"},
		{"a cache", true, rewriting(func(h http.Header) { h.Set("Cache-Control", "max-age=60") }), "FAIL  answers of the auth API come without Cache-Control: no-store"},
		{"a cache that has it", true, rewriting(func(h http.Header) { h.Set("Age", "12") }), "FAIL  get-session comes from a cache"},
		{"no HSTS", true, rewriting(func(h http.Header) { h.Del("Strict-Transport-Security") }), "WARN  answers have no Strict-Transport-Security"},
		{"an Origin that is changed", true, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("Origin") != "" {
				r.Header.Set("Origin", "http://10.0.0.1")
			}
			next.ServeHTTP(w, r)
		}, "may not sign in"},
		{"an Origin that is removed", true, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.Header.Del("Origin")
			next.ServeHTTP(w, r)
		}, "FAIL  a page of any other site may act"},
		{"paths that are tidied", true, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.URL.RawPath = ""
			if strings.Contains(r.URL.Path, "..") {
				r.URL.Path = "/api/auth/ok"
			}
			next.ServeHTTP(w, r)
		}, "WARN  /api/auth/x/../ok is answered as /api/auth/ok"},
		{"a proxy that is not trusted", true, rewriting(func(h http.Header) { h.Set("Via", "1.1 front") }), "WARN  a proxy is in front (Via: 1.1 front), and server.trusted_proxies is empty"},
		{"an open door", true, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Path == "/admin" {
				return
			}
			next.ServeHTTP(w, r)
		}, "FAIL  /admin is shown without a session"},
		{"public metrics", true, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Path == "/metrics" {
				_, _ = io.WriteString(w, "postern_build_info 1\n")
				return
			}
			next.ServeHTTP(w, r)
		}, "FAIL  the metrics are public"},
		{"a database that is away", true, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Path == "/api/auth/sign-in/email" {
				w.WriteHeader(503)
				return
			}
			next.ServeHTTP(w, r)
		}, "FAIL  signing in answers 503"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := installationOf(t, tt.https, tt.on)
			text, _ := told(t, Examine(t.Context(), i))
			if want := strings.ReplaceAll(tt.want, "%s", i.URL.String()); !strings.Contains(text, want) {
				t.Errorf("%q is missing in\n%s", want, text)
			}
		})
	}
}

func TestALentAccountSignsInAndOut(t *testing.T) {
	t.Parallel()
	i := installationOf(t, true, untouched)
	i.Email, i.Password = "ada@people.test", "a password that is lent"
	text, failures := told(t, Examine(t.Context(), i))
	// This Postern forgets no session, which shows.
	if failures != 1 || !strings.Contains(text, "ok    ada@people.test has signed in") || !strings.Contains(text, "FAIL  the session lives on after signing out") || strings.Contains(text, i.Password) {
		t.Errorf("told\n%s", text)
	}
	i.Email = "grace@people.test"
	if text, _ := told(t, Examine(t.Context(), i)); !strings.Contains(text, "FAIL  grace@people.test cannot sign in: 401") {
		t.Errorf("told\n%s", text)
	}
}

func TestNothingThereIsOneFinding(t *testing.T) {
	t.Parallel()
	u, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if found := Examine(t.Context(), Installation{URL: u, BasePath: "/api/auth"}); len(found) != 1 || found[0].Level != Fail || found[0].Remedy == "" {
		t.Errorf("found %+v", found)
	}
}

// An application that listens at all addresses is found; one at 127.0.0.1 alone is not. (127.0.0.2 stands for the network here: tests listen on this machine alone.)
func TestD92AnApplicationPastPosternIsFound(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("no second loopback address: %v", err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.NotFoundHandler()}}
	server.Start()
	defer server.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if found := reachable(t.Context(), []string{"127.0.0.3", "127.0.0.2"}, port); len(found) != 1 || found[0] != "127.0.0.2:"+port {
		t.Errorf("found %v", found)
	}
	for _, elsewhere := range []string{"http://app.internal:8000", "http://10.0.0.9:8000", "unix:///run/app.sock"} {
		u, err := url.Parse(elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		if found := Around(t.Context(), u); found != nil {
			t.Errorf("%s: %v", elsewhere, found)
		}
	}
	local := httptest.NewServer(http.NotFoundHandler())
	defer local.Close()
	u, err := url.Parse(local.URL)
	if err != nil {
		t.Fatal(err)
	}
	if found := Around(t.Context(), u); found != nil {
		t.Errorf("an application at 127.0.0.1 alone is found at %v", found)
	}
}
