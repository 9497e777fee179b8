package proxy

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const preflight = "Origin: https://page.example\r\nAccess-Control-Request-Method: PUT\r\n"

func TestOnlyRealPreflightsPassToTheApplication(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{
		{Path: "/own", Methods: []string{"PUT"}, CORS: "application"}, {Path: "/guarded/**"}, {Path: "/to-guarded", Rewrite: "/guarded/a", CORS: "application"},
		{Path: "/deep/**", CORS: "application"},
	}})
	for name, row := range map[string]struct {
		request string
		want    int
	}{
		"a preflight":                         {"OPTIONS /own HTTP/1.1\r\n" + preflight, 200},
		"of a route below":                    {"OPTIONS /deep/a/b?c HTTP/1.1\r\n" + preflight, 200},
		"for a method of another route":       {"OPTIONS /own HTTP/1.1\r\nOrigin: https://page.example\r\nAccess-Control-Request-Method: DELETE\r\n", 401},
		"of a route that Postern answers for": {"OPTIONS /guarded/a HTTP/1.1\r\n" + preflight, 401},
		"to a path that another route guards": {"OPTIONS /to-guarded HTTP/1.1\r\n" + preflight, 401},
		"without an origin":                   {"OPTIONS /deep HTTP/1.1\r\nAccess-Control-Request-Method: PUT\r\n", 401},
		"with an empty origin":                {"OPTIONS /deep HTTP/1.1\r\nOrigin: \r\nAccess-Control-Request-Method: PUT\r\n", 401},
		"with two origins":                    {"OPTIONS /deep HTTP/1.1\r\nOrigin: https://a.example\r\n" + preflight, 401},
		"that asks for nothing":               {"OPTIONS /deep HTTP/1.1\r\nOrigin: https://page.example\r\n", 401},
		"for no method":                       {"OPTIONS /deep HTTP/1.1\r\nOrigin: https://page.example\r\nAccess-Control-Request-Method: \r\n", 401},
		"for a forbidden method":              {"OPTIONS /deep HTTP/1.1\r\nOrigin: https://page.example\r\nAccess-Control-Request-Method: CONNECT\r\n", 401},
		"for two methods":                     {"OPTIONS /deep HTTP/1.1\r\n" + preflight + "Access-Control-Request-Method: GET\r\n", 401},
		"GET that looks like one":             {"GET /deep HTTP/1.1\r\n" + preflight, 401},
		"with an encoded slash":               {"OPTIONS /deep/a%2fb HTTP/1.1\r\n" + preflight, 400},
		"with dot segments":                   {"OPTIONS /deep/../guarded/a HTTP/1.1\r\n" + preflight, 400},
	} {
		request := row.request + "Host: app.example\r\n\r\n"
		res, body := f.raw(t, request)
		if arrived := len(f.app.take()); res == nil || res.StatusCode != row.want || (arrived == 1) != (row.want == 200) {
			t.Errorf("%s: %v %s; %d arrived", name, res, body, arrived)
		}
		if strings.HasPrefix(name, "a preflight") {
			continue
		}
		_, line, _ := strings.Cut(row.request, " ")
		if res, _ := f.raw(t, "OPTIONS "+line+"Host: app.example\r\nContent-Length: 1\r\n\r\nx"); res == nil || res.StatusCode == 200 {
			t.Errorf("%s, with a body: %v", name, res)
		}
	}
}

func TestPreflightsGoToTheApplicationAsNobodys(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]setup{
		"for all routes": {options: Options{ApplicationSpeaksCORS: true}},
		"for this one":   {routes: []RouteConfig{{Path: "/**", CORS: "application"}}},
	} {
		var own []string
		s.options.OwnCORS = func(r *http.Request) { own = append(own, r.Method) }
		f := start(t, s)
		f.raw(t, "OPTIONS /a HTTP/1.1\r\nHost: app.example\r\n"+preflight+"Cookie: "+cookieName+"=down\r\nX-Postern-User-Id: root\r\n\r\n")
		got := f.app.only(t)
		if got.method != "OPTIONS" || got.header["X-Postern-User-Id"] != nil || got.header.Get("Origin") != "https://page.example" {
			t.Errorf("%s: the application saw %+v", name, got)
		}
		f.get(t, "GET", "/a", asAnn)
		f.get(t, "GET", "/a")
		if !slices.Equal(own, []string{"OPTIONS", "GET"}) { // the 401 is Postern's
			t.Errorf("%s: left to the application: %v", name, own)
		}
		if _, _, passes := checked(t, f.proxy, "OPTIONS /a HTTP/1.1\r\nHost: app.example\r\n"+preflight+"\r\n"); !passes {
			t.Errorf("%s: does not pass behind a front end", name)
		}
	}
	f := start(t, setup{options: Options{ApplicationSpeaksCORS: true}, routes: []RouteConfig{{Path: "/**", CORS: "postern"}}})
	if res, _ := f.raw(t, "OPTIONS /a HTTP/1.1\r\nHost: app.example\r\n"+preflight+"\r\n"); res.StatusCode != 401 {
		t.Errorf("a route that says otherwise: %d", res.StatusCode)
	}
}

// Behind a front end Postern cannot answer a preflight, so those of origins that may read answers pass.
func TestPreflightsOfAllowedReadersPassBehindAFrontEnd(t *testing.T) {
	t.Parallel()
	f := start(t, setup{options: Options{AllowedReaders: func(origin string) bool { return origin == "https://page.example" }}})
	for request, want := range map[string]bool{
		preflight: true,
		strings.Replace(preflight, "page", "evil", 1):                false,
		strings.Replace(preflight, "Request-Method", "Requested", 1): false,
	} {
		if w, _, passes := checked(t, f.proxy, "OPTIONS /a HTTP/1.1\r\nHost: app.example\r\n"+request+"\r\n"); passes != want || !want && w.Code != 401 {
			t.Errorf("%q: passes %v, %d", request, passes, w.Code)
		}
	}
	if res, _ := f.raw(t, "OPTIONS /a HTTP/1.1\r\nHost: app.example\r\n"+preflight+"\r\n"); res.StatusCode != 401 {
		t.Errorf("without a front end: %d", res.StatusCode) // the edge has answered those that it allows
	}
}
