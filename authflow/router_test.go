package authflow

import (
	"net/http"
	"strings"
	"testing"
)

func newTestRouter(routes ...Route) *Router {
	r := newRouter()
	for _, route := range routes {
		r.Handle(route)
	}
	return r
}

func TestPathsAreMatchedExactly(t *testing.T) {
	t.Parallel()
	r := newTestRouter(
		Route{Method: http.MethodGet, Path: "/ok"},
		Route{Method: http.MethodPost, Path: "/sign-in/email", Aliases: []string{"/signin"}},
		Route{Method: http.MethodGet, Path: "/reset-password/:token"},
		Route{Method: http.MethodPost, Path: "/reset-password"},
		Route{Method: http.MethodDelete, Path: "/sessions/:id"},
		Route{Method: http.MethodGet, Path: "/delete-user/callback"},
	)
	for _, tt := range []struct{ method, path, want, param string }{
		{"GET", "/ok", "/ok", ""},
		{"POST", "/signin", "/sign-in/email", ""},
		{"GET", "/reset-password/abc", "/reset-password/:token", "abc"},
		{"GET", "/reset-password/%00", "/reset-password/:token", "\x00"},
		{"GET", "/reset-password/a%2Fb", "/reset-password/:token", "a/b"},
		{"DELETE", "/sessions/x", "/sessions/:id", "x"},
		{"POST", "/ok", "", ""}, {"HEAD", "/ok", "", ""}, {"OPTIONS", "/ok", "", ""}, {"get", "/ok", "", ""}, {"PUT", "/ok", "", ""},
		{"GET", "", "", ""}, {"GET", "/", "", ""}, {"GET", "/ok/", "", ""}, {"GET", "//ok", "", ""}, {"GET", "/OK", "", ""}, {"GET", "/%6fk", "", ""}, {"GET", "/ok%2f", "", ""},
		{"GET", "/ok%20", "", ""}, {"GET", "/ok;x", "", ""}, {"GET", "/./ok", "", ""}, {"GET", "/x/../ok", "", ""}, {"GET", "ok", "", ""},
		{"POST", "/sign-in/email/", "", ""}, {"POST", "/sign-in//email", "", ""}, {"POST", "/sign-in%2Femail", "", ""},
		{"GET", "/reset-password/", "", ""}, {"GET", "/reset-password", "", ""}, {"GET", "/reset-password/a/b", "", ""}, {"GET", "/reset-password/%zz", "", ""},
		{"GET", "/Reset-password/a", "", ""}, {"DELETE", "/sessions/", "", ""}, {"GET", "/sessions/x", "", ""}, {"GET", "/sessions/:id", "", ""},
	} {
		route, params := r.find(tt.method, tt.path)
		got := ""
		if route != nil {
			got = route.Path
		}
		if got != tt.want {
			t.Errorf("%s %s is %q, want %q", tt.method, tt.path, got, tt.want)
		}
		if param := params.Get("token") + params.Get("id"); param != tt.param {
			t.Errorf("%s %s has parameter %q, want %q", tt.method, tt.path, param, tt.param)
		}
	}
}

type mountFunc func(*Router)

func (mountFunc) Name() string      { return "test" }
func (f mountFunc) Mount(r *Router) { f(r) }

func TestTwoRoutesOfOnePathAreAMistakeOfOurs(t *testing.T) {
	t.Parallel()
	core := newTestCore(t, &fakeStore{})
	_, err := New(core, mountFunc(func(r *Router) {
		r.Handle(Route{Method: http.MethodGet, Path: "/a"})
		r.Handle(Route{Method: http.MethodPost, Path: "/a"})
		r.Handle(Route{Method: http.MethodGet, Path: "/b", Aliases: []string{"/a"}})
	}))
	if err == nil || !strings.Contains(err.Error(), "mount test: two routes for GET /a") {
		t.Errorf("%v", err)
	}
}
