package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// TestSomebodySignsInWithTheDevelopmentProvider goes the way that a browser goes, from the console to the demo application. Not parallel:
// see startDev.
func TestSomebodySignsInWithTheDevelopmentProvider(t *testing.T) {
	api := "http://" + startDev(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	read := func(response *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if page := read(browser.Get(api + "/dev")); !strings.Contains(page, `data-provider="dev"`) {
		t.Errorf("the console does not offer it:\n%s", page)
	}
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
	if me := read(browser.Get(api + "/api/me")); !strings.Contains(me, `"email":"grace@example.com"`) || !strings.Contains(me, `"name":"Grace Hopper"`) {
		t.Errorf("the application sees %s", me)
	}
}
