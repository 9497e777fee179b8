package proxy

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// What is explained is what happens: every request is sent, too, and the answer and what the application got are compared.
func TestExplanationsAreTrue(t *testing.T) {
	t.Parallel()
	f := start(t, setup{
		options: Options{SignInURL: "/sign-in"},
		routes: []RouteConfig{
			{Path: "/public/**", Auth: "public"}, {Path: "/optional/**", Auth: "optional"}, {Path: "/admin/**", Roles: []string{"admin"}},
			{Path: "/v1/**", Auth: "public", StripPrefix: "/v1"}, {Path: "/fresh", MaxSessionAge: time.Hour}, {Path: "/proven", VerifiedEmail: true},
			{Path: "/files/*", EncodedSlashes: true, Rewrite: "/blobs/*", HostHeader: "blobs.example"}, {Path: "/small", MaxBody: 3},
		},
	})
	seen := map[string]bool{}
	for _, line := range []string{
		"GET /public/a", "GET /optional/a", "GET /admin/a", "GET /v1/a?b", "GET /v1/admin/a", "GET /fresh", "GET /proven", "GET /files/a%2fb", "GET /public/a%2fb",
		"GET /a//b", "GET /x", "POST /x", "TRACE /x", "POST /small",
	} {
		for _, header := range []string{
			"", asAnn, "Cookie: " + cookieName + "=root", "Cookie: " + cookieName + "=new; theme=dark", "Cookie: " + cookieName + "=down", "Authorization: Bearer ann",
			"Sec-Fetch-Mode: navigate", "X-Postern-User-Id: forged", "Content-Length: 4", upgrade + "Origin: https://evil.example\r\n" + asAnn,
		} {
			header = strings.TrimSuffix(header, "\r\n")
			text := line + " HTTP/1.1\r\nHost: app.example\r\n"
			if header != "" {
				text += header + "\r\n"
			}
			text += "\r\n"
			if strings.HasPrefix(header, "Content-Length") {
				text += "body"
			}
			before := len(f.app.requests())
			res, body := f.raw(t, text)
			if res == nil {
				t.Fatalf("%q: no answer", text)
			}
			outcome := f.outcome(t)
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
			if err != nil {
				t.Fatal(err)
			}
			r.RemoteAddr = "127.0.0.1:1"
			e := f.proxy.Explain(r, people())
			seen[e.Why] = true
			after := f.app.requests()[before:]
			if forwarded := len(after) == 1; forwarded != (e.Status == 0) || !forwarded && (e.Status != res.StatusCode || e.Code != "" && !strings.Contains(body, e.Code) || e.Location != res.Header.Get("Location")) {
				t.Errorf("%q: explained as %+v, and it was %d %s", text, e, res.StatusCode, body)
				continue
			}
			if e.Reason != outcome.Reason || e.Action != outcome.Action || e.Route != nil && e.Route.Pattern != outcome.Route {
				t.Errorf("%q: explained as %+v, and it was %+v", text, e, outcome)
			}
			if e.Why == "" {
				t.Errorf("%q: no word of why", text)
			}
			if len(after) == 1 {
				got := after[0]
				for _, name := range []string{"Accept-Encoding", "User-Agent", "Content-Length"} { // written by the transport
					delete(got.header, name)
					delete(e.Header, name)
				}
				if got.uri != e.Target || got.host != e.Host || !maps.EqualFunc(got.header, e.Header, slices.Equal) {
					t.Errorf("%q: explained as\n%s %s %v\nand the application got\n%s %s %v", text, e.Target, e.Host, e.Header, got.uri, got.host, got.header)
				}
			}
		}
	}
	if len(f.outcomes) != 0 {
		t.Errorf("explaining was observed: %+v", <-f.outcomes)
	}
	if len(seen) < 12 {
		t.Errorf("few reasons: %q", slices.Sorted(maps.Keys(seen)))
	}
}

func TestRulesAreDescribed(t *testing.T) {
	t.Parallel()
	r := rules(t, RouteConfig{Path: "/a", Methods: []string{"GET"}, Host: "B.example", Roles: []string{"x", "y"}, VerifiedEmail: true, MaxSessionAge: time.Hour})
	rule := r.list[0]
	if got, want := rule.Name()+" ("+rule.Describe()+")", "routes[0] /a (auth: required, methods: GET HEAD, host: b.example, roles: x y, verified_email, max_session_age: 1h0m0s)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(r.fallback.Name()); got != "default_auth" {
		t.Errorf("the default is called %s", got)
	}
}
