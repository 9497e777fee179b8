package proxy

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// TestAttacks repeats what has opened other proxies, by the numbers under which they are collected. Each is asked for with a
// guarded path in view, and must not reach the application. D09, D14 and D17 have tests of their own.
func TestAttacks(t *testing.T) {
	t.Parallel()
	f := start(t, setup{
		options: Options{PublicURL: "http://app.example"},
		routes: []RouteConfig{
			{Path: "/public/**", Auth: "public"}, {Path: "/health", Auth: "public"}, {Path: "/**", Host: "open.example", Auth: "public"},
			{Path: "/hello", Methods: []string{"GET"}, Auth: "public"},
		},
	})
	for name, requests := range map[string][]string{
		"D01 the query is no part of the path":          {"GET /admin?x=/public/", "GET /admin?/health", "GET /admin?/../public/a", "GET /admin??/public/"},
		"D02 a fragment does not end the path":          {"GET /admin#/public/", "GET /public/#/../admin", "GET /admin%23/public/", "GET http://app.example/admin#/public/"},
		"D03 no header says which path is meant":        {"GET /admin\nX-Forwarded-Uri: /public/a", "GET /admin\nX-Original-Url: /public/a", "GET /admin\nX-Original-Uri: /public/a", "GET /admin\nX-Rewrite-Url: /public/a"},
		"D04 no User-Agent opens anything":              {"GET /admin\nUser-Agent: GoogleHC/1.0", "GET /admin\nUser-Agent: kube-probe/1.30", "GET /admin\nUser-Agent: ELB-HealthChecker/2.0"},
		"D05 dot segments, however encoded":             {"GET /public/../admin", "GET /public/%2e%2e/admin", "GET /public/..;/admin", "GET /public/.%2e/admin", "GET /public/%252e%252e/admin"},
		"D08 an untrusted scheme changes nothing":       {"GET /admin\nX-Forwarded-Proto: https", "GET /admin\nForwarded: proto=https;host=open.example"},
		"D10 encoded slashes, in either case":           {"GET /public%2f..%2fadmin", "GET /public/..%2Fadmin", "GET /public%2F../admin", "GET /public/x%2f%2E%2e%2Fadmin"},
		"D11 no second slash begins an authority":       {"GET //admin/x", "GET ///admin", `GET /\admin`, "GET /%5cadmin", "GET //public/../admin", "GET //open.example/admin"},
		"D16 hosts are names":                           {"GET /admin\nHost: APP.example.", "GET /admin\nHost: app.example:80", "GET /admin\nHost: open.example.evil.example", "GET /admin\nHost: xn--open-.example"},
		"D18 bytes that a front did not tidy up":        {"GET /public/./../admin", "GET /public//../admin", "GET /public/%2E/%2E%2E/admin", "GET /./admin", "GET /%61dmin"},
		"methods are not overridden":                    {"POST /hello\nX-Http-Method-Override: GET", "DELETE /hello\nX-Method-Override: GET", "PUT /hello\nX-HTTP-Method: GET", "POST /hello?_method=GET"},
		"the authority of the target and Host disagree": {"GET http://open.example/admin\nHost: app.example", "GET http://app.example/admin\nHost: open.example"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range requests {
				line, header, _ := strings.Cut(text, "\n")
				if !strings.HasPrefix(header, "Host: ") {
					header = strings.TrimSuffix("Host: app.example\r\n"+header, "\r\n")
				}
				res, body := f.raw(t, line+" HTTP/1.1\r\n"+header+"\r\nContent-Length: 0\r\n\r\n")
				if res == nil || res.StatusCode != 400 && res.StatusCode != 401 {
					t.Errorf("%q: %v %s", text, res, body)
				}
			}
		})
	}
	if all := f.app.requests(); len(all) != 0 {
		t.Errorf("passed: %+v", all)
	}
	for _, allowed := range []string{"GET /public/admin", "GET /health", "GET /hello"} { // the guards are not simply shut
		if res, _ := f.raw(t, allowed+" HTTP/1.1\r\nHost: app.example\r\n\r\n"); res == nil || res.StatusCode != 200 {
			t.Errorf("%s: %v", allowed, res)
		}
	}
}

// What one route has found out about a session does not do for another that asks more.
func TestD06EachRouteDecidesAnew(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{{"/any", "/admin"}, {"/admin", "/any"}, {"/admin", "/any", "/admin", "/proven", "/admin"}} {
		f := start(t, setup{routes: []RouteConfig{{Path: "/any"}, {Path: "/admin", Roles: []string{"admin"}}, {Path: "/proven", VerifiedEmail: true}}})
		for _, path := range order {
			want := map[string]int{"/any": 200, "/admin": 403, "/proven": 403}[path]
			if res, _ := f.get(t, "GET", path, "Cookie: "+cookieName+"=new"); res.StatusCode != want {
				t.Errorf("%v: %s is %d, want %d", order, path, res.StatusCode, want)
			}
		}
	}
}

// Host and :authority of HTTP/2 must agree (RFC 9113 §8.3.1).
func TestHostBesideAuthorityMustAgree(t *testing.T) {
	t.Parallel()
	for host, ok := range map[string]bool{"app.example": true, "evil.example": false, "APP.example": false} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET /x HTTP/1.1\r\nHost: app.example\r\n\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		r.ProtoMajor, r.ProtoMinor, r.Header["Host"] = 2, 0, []string{host}
		if _, no := parseTarget(r, nil); (no == nil) != ok {
			t.Errorf("%s: %+v", host, no)
		}
	}
}
