package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestAPageIsWhereABrowserIsSent goes from the application to the page and its files, and looks at what stays the application's. Not
// parallel: see startDev.
func TestAPageIsWhereABrowserIsSent(t *testing.T) {
	v := &visitor{t, "http://" + startDev(t, "POSTERN_ROUTES=[{path: /private/**, auth: required}, {path: /**, auth: public}]", "POSTERN_PAGES_NAME=Acme"), newBrowser(t)}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.api+"/private/tasks", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Mode", "navigate")
	request.Header.Set("Accept", "text/html")
	response, err := v.browser.Do(request)
	page := v.answer(response, err)
	if got := response.Request.URL.RequestURI(); got != "/auth/sign-in?return_to=%2Fprivate%2Ftasks" {
		t.Errorf("the browser ends at %s", got)
	}
	for _, want := range []string{"Sign in · Acme", `name="return_to" value="/private/tasks"`, "Continue with dev provider"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY"} {
		if got := response.Header.Get(header); got != want || len(response.Header[header]) != 1 {
			t.Errorf("%s: %q, want %q", header, response.Header[header], want)
		}
	}
	if css := v.read("/auth/pages.css"); !strings.Contains(css, "--accent: #2456c6;") || strings.Contains(css, "configured") {
		t.Errorf("the style sheet has no colours:\n%.500s", css)
	}
	if elsewhere := v.read("/author"); strings.Contains(elsewhere, "Acme") {
		t.Errorf("a page answers for the application: %s", elsewhere)
	}
}

// TestAnErrorIsReadable has an application that nobody runs. Not parallel: see startDev.
func TestAnErrorIsReadable(t *testing.T) {
	host := startDev(t, "POSTERN_ROUTES=[{path: /**, auth: public, upstream: \"http://"+freeAddress(t)+"\"}]", "POSTERN_PAGES_NAME=Acme")
	for accept, want := range map[string]string{"text/html": "<h1>Die Anwendung antwortet nicht</h1>", "*/*": `{"code":"BAD_GATEWAY",`} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/tasks", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", accept)
		request.Header.Set("Accept-Language", "de")
		v := &visitor{t, "http://" + host, newBrowser(t)}
		response, err := v.browser.Do(request)
		page, id := v.answer(response, err), response.Header.Get("X-Request-Id")
		if response.StatusCode != http.StatusBadGateway || !strings.Contains(page, want) || id == "" || !strings.Contains(page, id) {
			t.Errorf("Accept %s: %d, id %q\n%s", accept, response.StatusCode, id, page)
		}
	}
}
