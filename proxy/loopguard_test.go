package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const page = "Sec-Fetch-Mode: navigate"

func TestRedirectsEndAfterAFew(t *testing.T) { // users-ask 10
	t.Parallel()
	f := start(t, setup{options: Options{SignInURL: "/sign-in", PublicURL: "https://public.example"}})
	cookie := ""
	for i := range maxRedirects {
		res, _ := f.get(t, "GET", "/x?a=b", page, "Cookie: theme=dark"+cookie)
		if res.StatusCode != 302 || len(res.Cookies()) != 1 {
			t.Fatalf("redirect %d: %d with %v", i, res.StatusCode, res.Header)
		}
		c := res.Cookies()[0]
		if c.Value != fmt.Sprint(i+1) || c.MaxAge != redirectsSeconds || !c.HttpOnly || c.Path != "/" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("redirect %d: cookie %v", i, c)
		}
		cookie = "; " + c.Name + "=" + c.Value
		f.outcome(t)
	}
	res, body := f.get(t, "GET", "/x?a=b", page, "Cookie: theme=dark"+cookie)
	if res.StatusCode != 401 || res.Header.Get("Location") != "" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("after %d: %d %v", maxRedirects, res.StatusCode, res.Header)
	}
	for _, want := range []string{"https://public.example", f.URL, "No session cookie arrived", "request req-1", `href="/sign-in?return_to=%2Fx%3Fa%3Db"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q: %s", want, body)
		}
	}
	if o := f.outcome(t); o.Reason != "redirect_loop" {
		t.Errorf("outcome %+v", o)
	}
	if _, body := f.get(t, "GET", "/x", page, "Cookie: "+cookieName+"=gone"+cookie); !strings.Contains(body, "A session cookie arrived and was not accepted") {
		t.Errorf("with a dead session: %s", body)
	}
	// Whoever has signed in is counted anew, and the application hears nothing of it.
	res, _ = f.get(t, "GET", "/x", page, asAnn+"; theme=dark"+cookie)
	if res.StatusCode != 200 || len(res.Cookies()) != 1 || res.Cookies()[0].MaxAge != -1 {
		t.Errorf("signed in: %d %v", res.StatusCode, res.Header)
	}
	if got := f.app.only(t); got.header.Get("Cookie") != "theme=dark" {
		t.Errorf("the application gets %q", got.header["Cookie"])
	}
}

func TestStrangeCountsOfRedirects(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{SignInURL: "/sign-in"}, routes: []RouteConfig{{Path: "/app", OnUnauthenticated: "redirect"}}})
	for value, want := range map[string]int{"": 302, "x": 302, "-1": 302, "99999999999999999999": 302, "5": 401, "6": 401} {
		if res, _ := f.get(t, "GET", "/x", page, "Cookie: "+redirectsCookie+"="+value); res.StatusCode != want {
			t.Errorf("%q: %d, want %d", value, res.StatusCode, want)
		}
	}
	res, body := f.get(t, "GET", "/app", "Cookie: "+redirectsCookie+"=5") // no page for a program
	if res.StatusCode != 401 || !strings.Contains(body, `"code":"REDIRECT_LOOP"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	res, body = f.raw(t, "GET /x HTTP/1.1\r\nHost: app.example\r\n"+page+"\r\nX-Forwarded-Host: <script>\r\nCookie: "+redirectsCookie+"=5\r\n\r\n")
	if res.StatusCode != 401 || strings.Contains(body, "<script>") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

func TestCrossOriginFetchesAreNeverRedirected(t *testing.T) { // users-ask 5
	t.Parallel()
	f := start(t, setup{options: Options{SignInURL: "/sign-in"}, routes: []RouteConfig{{Path: "/**", OnUnauthenticated: "redirect"}}})
	for _, header := range [][]string{
		{"Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site", "Origin: https://other.example"}, {"Origin: https://other.example", "Accept: text/html"}, {"Origin: null"},
	} {
		if res, _ := f.get(t, "GET", "/x", header...); res.StatusCode != 401 {
			t.Errorf("%q: %d", header, res.StatusCode)
		}
	}
	if res, _ := f.get(t, "GET", "/x", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin"); res.StatusCode != 302 {
		t.Errorf("our own page: %d", res.StatusCode)
	}
}
