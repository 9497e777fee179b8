package proxy

import (
	"fmt"
	"net/http"
	"testing"
)

func TestResponseHeadersAreSetAndRemoved(t *testing.T) { // users-ask 47
	t.Parallel()
	f := start(t, setup{
		routes: []RouteConfig{
			{
				Path:                  "/changed",
				SetResponseHeaders:    map[string]string{"x-frame-options": "DENY", "Cache-Control": "no-store", "X-Both": "set"},
				RemoveResponseHeaders: []string{"server", "X-Powered-By", "x-both", "Set-Cookie"},
			},
			{Path: "/**"},
		},
		app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["Server"], h["X-Powered-By"], h["X-Both"], h["Cache-Control"] = []string{"app"}, []string{"a", "b"}, []string{"theirs"}, []string{"public", "max-age=1"}
			h.Add("Set-Cookie", "theme=dark")
			if r.URL.Path == "/changed" && r.Method == http.MethodHead {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}),
	})
	for _, method := range []string{"GET", "HEAD"} {
		res, _ := f.get(t, method, "/changed", "Cookie: "+cookieName+"=renewed")
		for name, want := range map[string][]string{
			"X-Frame-Options": {"DENY"}, "Cache-Control": {"no-store"}, "X-Both": {"set"}, "Server": nil, "X-Powered-By": nil,
			"Set-Cookie": {cookieName + "=renewed; Path=/"}, "X-Request-Id": {"req-1"}, // ours are not the application's
		} {
			if got := res.Header[name]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %s is %q, want %q", method, name, got, want)
			}
		}
	}
	res, _ := f.get(t, "GET", "/other", asAnn)
	if res.Header.Get("Server") != "app" || res.Header.Get("X-Frame-Options") != "" || len(res.Header["Cache-Control"]) != 2 {
		t.Errorf("another route: %v", res.Header)
	}
	if res, _ := f.get(t, "GET", "/changed"); res.StatusCode != 401 || res.Header.Get("X-Frame-Options") != "" {
		t.Errorf("our own answer: %v", res.Header)
	}
}
