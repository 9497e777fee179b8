package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// writePage is an ErrorPage that shows what it was given.
func writePage(w http.ResponseWriter, _ *http.Request, no Refusal) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(no.Status)
	_, _ = fmt.Fprintf(w, "page %d %s %s %s", no.Status, no.Code, no.RequestID, no.SignInURL)
}

func TestPeopleGetPagesAndProgramsJSON(t *testing.T) {
	t.Parallel()
	f := start(t, setup{
		options: Options{ErrorPage: writePage, SignInURL: "/sign-in"},
		routes: []RouteConfig{
			{Path: "/fresh", MaxSessionAge: time.Hour}, {Path: "/admin", Roles: []string{"admin"}}, {Path: "/api/**"}, {Path: "/private", OnUnauthenticated: "401"},
			{Path: "/gone", Auth: "public"},
		},
		app: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }),
	})
	const navigate, html, ann = "Sec-Fetch-Mode: navigate", "Accept: text/html,application/xhtml+xml,*/*;q=0.8", "Cookie: " + cookieName + "=ann"
	for _, c := range []struct {
		method, path, want string // empty: JSON
		header             []string
	}{
		{"GET", "/admin", "page 403 FORBIDDEN req-1 ", []string{navigate, html, ann}},
		{"GET", "/admin", "page 403 FORBIDDEN req-1 ", []string{html, ann}},
		{"GET", "/fresh?a=b", "page 401 SESSION_NOT_FRESH req-1 /sign-in?return_to=%2Ffresh%3Fa%3Db", []string{navigate, html, ann}},
		{"GET", "/private", "page 401 UNAUTHORIZED req-1 /sign-in?return_to=%2Fprivate", []string{navigate, html}},
		{"GET", "/gone", "page 502 BAD_GATEWAY req-1 ", []string{navigate, html}},
		{"POST", "/gone", "page 502 BAD_GATEWAY req-1 ", []string{navigate, html}},
		{"POST", "/private", "page 401 UNAUTHORIZED req-1 /sign-in", []string{navigate, html}}, // a form cannot be come back to
		{"GET", "/x%2f", "page 400 BAD_REQUEST req-1 ", []string{navigate, html}},
		{"GET", "/private", "page 503 SERVICE_UNAVAILABLE req-1 ", []string{navigate, html, "Cookie: " + cookieName + "=down"}},
		{"GET", "/api/x", "page 401 UNAUTHORIZED req-1 /sign-in?return_to=%2Fapi%2Fx", []string{navigate, html}},

		{"GET", "/api/x", "", []string{html}},
		{"GET", "/admin", "", []string{ann}},
		{"GET", "/admin", "", []string{ann, "Accept: application/json, text/html;q=0.9"}},
		{"GET", "/admin", "", []string{ann, html, "Sec-Fetch-Mode: cors"}},
		{"GET", "/admin", "", []string{ann, html, "X-Requested-With: XMLHttpRequest"}},
		{"GET", "/admin", "", []string{ann, html, "Hx-Request: true"}},
		{"GET", "/gone", "", nil},
	} {
		res, body := f.get(t, c.method, c.path, c.header...)
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s %v: may be kept by a cache: %v", c.method, c.path, c.header, res.Header)
		}
		if c.want != "" {
			if body != c.want {
				t.Errorf("%s %s %v: %q, want %q", c.method, c.path, c.header, body, c.want)
			}
			continue
		}
		var problem struct{ Code string }
		if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Code == "" {
			t.Errorf("%s %s %v: %q, want JSON", c.method, c.path, c.header, body)
		}
	}
	if res, _ := f.get(t, "GET", "/fresh", navigate, html, ann); !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("a page of a 401 names no scheme: %v", res.Header)
	}
}
