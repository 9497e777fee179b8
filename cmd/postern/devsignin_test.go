package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestSomebodySignsInWithTheDevelopmentProvider goes the way that a browser goes, from the console to the demo application. Not parallel:
// see startDev.
func TestSomebodySignsInWithTheDevelopmentProvider(t *testing.T) {
	v := &visitor{t, "http://" + startDev(t), newBrowser(t)}
	if page := v.read("/dev"); !strings.Contains(page, `data-provider="dev"`) {
		t.Errorf("the console does not offer it:\n%s", page)
	}
	v.signIn()
	if me := v.read("/api/me"); !strings.Contains(me, `"email":"grace@example.com"`) || !strings.Contains(me, `"name":"Grace Hopper"`) {
		t.Errorf("the application sees %s", me)
	}
}

// An application calls the provider for its user, with the token that came in a header. Not parallel either.
func TestTheApplicationGetsTheAccessTokenOfARoute(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(r.Header) }))
	t.Cleanup(app.Close)
	routes := fmt.Sprintf(`[{path: /calendar, upstream: %[1]q, provider_tokens: {dev: X-Dev-Token}}, {path: /elsewhere, upstream: %[1]q}]`, app.URL)
	v := &visitor{t, "http://" + startDev(t, "POSTERN_ROUTES="+routes), newBrowser(t)}
	v.signIn()
	seen := func(path string) (header http.Header) {
		t.Helper()
		if body := v.read(path); json.Unmarshal([]byte(body), &header) != nil {
			t.Fatalf("%s answered %s", path, body)
		}
		return header
	}
	token := seen("/calendar").Get("X-Dev-Token")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.api+"/dev/idp/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if claims := v.answer(http.DefaultClient.Do(request)); !strings.Contains(claims, "grace@example.com") {
		t.Errorf("the provider answers the token %q with %s", token, claims)
	}
	if header := seen("/elsewhere"); header.Get("X-Dev-Token") != "" || header.Get("X-Postern-User-Email") != "grace@example.com" {
		t.Errorf("another route gets %v", header)
	}
}

// visitor is a person with a browser.
type visitor struct {
	t       *testing.T
	api     string
	browser *http.Client
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func (v *visitor) read(path string) string {
	v.t.Helper()
	return v.answer(v.browser.Get(v.api + path))
}

func (v *visitor) answer(response *http.Response, err error) string {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(body)
}

// signIn makes the visitor Grace Hopper at the development provider.
func (v *visitor) signIn() {
	t, api, browser, read := v.t, v.api, v.browser, v.answer
	t.Helper()
	var started struct{ URL string }
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api+"/api/auth/sign-in/social", bytes.NewBufferString(`{"provider":"dev","callbackURL":"/dev"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", api)
	if answer := read(browser.Do(request)); json.Unmarshal([]byte(answer), &started) != nil || !strings.HasPrefix(started.URL, api+"/dev/idp/authorize?") {
		t.Fatalf("sign-in/social answered %s", answer)
	}
	if page := read(browser.Get(started.URL)); !strings.Contains(page, "Who do you want to be?") {
		t.Fatalf("the provider shows\n%s", page)
	}
	asked, err := url.Parse(started.URL)
	if err != nil {
		t.Fatal(err)
	}
	form := asked.Query() // what the page's hidden fields hold
	form.Set("name", "Grace Hopper")
	form.Set("email", "grace@example.com")
	form.Set("verified", "on")
	back, err := browser.PostForm(api+"/dev/idp/authorize", form)
	if read(back, err); back.Request.URL.String() != api+"/dev" {
		t.Fatalf("the browser ends at %s", back.Request.URL)
	}
}
