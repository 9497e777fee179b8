package proxy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func csrfFront(t *testing.T) *front {
	t.Helper()
	return start(t, setup{
		options: Options{
			PublicURL:      "https://public.example",
			AllowedOrigins: func(origin string) bool { return origin == "https://friend.example" },
			TrustedOrigins: []string{"https://public.example", "https://friend.example"},
		},
		routes: []RouteConfig{
			{Path: "/hook", CSRFExempt: true}, {Path: "/guarded"}, {Path: "/to-guarded", CSRFExempt: true, Rewrite: "/guarded"},
			{Path: "/public/**", Auth: "public"}, {Path: "/**", Auth: "optional"},
		},
	})
}

func TestForgedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	const cookie, evil, friend, crossSite = asAnn, "Origin: https://evil.example", "Origin: https://friend.example", "Sec-Fetch-Site: cross-site"
	f := csrfFront(t)
	for _, row := range []struct {
		name, line string
		header     []string
		want       int
	}{
		{"another site's form", "POST /a", []string{cookie, evil}, 403},
		{"another site's form, by its word alone", "POST /a", []string{cookie, crossSite}, 403},
		{"a sandboxed page", "POST /a", []string{cookie, "Origin: null"}, 403},
		{"an empty origin", "POST /a", []string{cookie, "Origin: "}, 200}, // as http.CrossOriginProtection: none was sent
		{"a sibling's form", "POST /a", []string{cookie, "Sec-Fetch-Site: same-site", "Origin: https://other.public.example"}, 403},
		{"another port of ours", "POST /a", []string{cookie, "Origin: http://app.example:81"}, 403},
		{"PUT", "PUT /a", []string{cookie, evil}, 403},
		{"DELETE", "DELETE /a", []string{cookie, evil}, 403},
		{"a method of the application's own", "PROPFIND /a", []string{cookie, evil}, 403},
		{"GET", "GET /a", []string{cookie, evil, crossSite}, 200},
		{"HEAD", "HEAD /a", []string{cookie, evil, crossSite}, 200},
		{"OPTIONS", "OPTIONS /a", []string{cookie, evil, crossSite}, 200},
		{"our own page", "POST /a", []string{cookie, "Sec-Fetch-Site: same-origin", "Origin: https://public.example"}, 200},
		{"our own page, in an older browser", "POST /a", []string{cookie, "Origin: http://app.example"}, 200},
		{"our own page, behind a proxy that names another host", "POST /a", []string{cookie, "Origin: https://public.example"}, 200},
		{"the address bar", "POST /a", []string{cookie, "Sec-Fetch-Site: none"}, 200},
		{"a trusted origin", "POST /a", []string{cookie, crossSite, friend}, 200},
		{"a trusted origin and another", "POST /a", []string{cookie, crossSite, friend, evil}, 403},
		{"a program with the cookie", "POST /a", []string{cookie}, 200},
		{"a bearer token", "POST /a", []string{"Authorization: Bearer ann", evil, crossSite}, 200},
		{"a bearer token beside the cookie", "POST /a", []string{"Authorization: bEARER ann", cookie, evil, crossSite}, 200},
		{"what a browser attaches by itself", "POST /a", []string{"Authorization: Basic YW5uOmFubg==", cookie, evil}, 403},
		{"nobody's cookie", "POST /a", []string{"Cookie: " + cookieName + "=gone", evil}, 200},
		{"nobody", "POST /a", []string{evil, crossSite}, 200},
		{"a public route, which knows nobody", "POST /public/a", []string{cookie, evil, crossSite}, 200},
		{"D17 an exempt path", "POST /hook", []string{cookie, evil, crossSite}, 200},
		{"D17 an exempt path in another spelling", "POST /%68ook?x", []string{cookie, evil}, 200}, // the same path, as the rule sees it
		{"D17 with a slash", "POST /hook/", []string{cookie, evil, crossSite}, 403},
		{"D17 below it", "POST /hook/a", []string{cookie, evil, crossSite}, 403},
		{"D17 beside it", "POST /hooks", []string{cookie, evil, crossSite}, 403},
		{"D17 in another case", "POST /HOOK", []string{cookie, evil, crossSite}, 403},
		{"D14 a guarded path under an exempt one", "POST /to-guarded", []string{cookie, evil, crossSite}, 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			res, body := f.raw(t, row.line+" HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\nContent-Length: 0\r\n"+strings.Join(row.header, "\r\n")+"\r\n\r\n")
			if res == nil || res.StatusCode != row.want {
				t.Fatalf("answer %v %s, want %d", res, body, row.want)
			}
			if o := f.outcome(t); row.want == 403 && (o.Reason != "cross_origin" || o.UserID != "u-ann") {
				t.Errorf("outcome %+v", o)
			}
		})
	}
	for _, target := range []string{"/hook//", "/hook/..", "/x/../hook", "/hook%2f", "/hook;x", "/hook%00"} {
		if res, _ := f.raw(t, "POST "+target+" HTTP/1.1\r\nHost: app.example\r\nContent-Length: 0\r\n"+cookie+"\r\n"+evil+"\r\n\r\n"); res.StatusCode != 400 {
			t.Errorf("D17 %s: %d", target, res.StatusCode)
		}
	}
}

func TestRefusedOriginsAreToldWhatIsMissing(t *testing.T) { // users-ask 16
	t.Parallel()
	for header, want := range map[string]struct{ code, origin string }{
		"Origin: https://evil.example":                        {"INVALID_ORIGIN", "https://evil.example"},
		"Origin: null":                                        {"MISSING_OR_NULL_ORIGIN", "null"},
		"Sec-Fetch-Site: cross-site":                          {"MISSING_OR_NULL_ORIGIN", ""},
		"Origin: https://" + strings.Repeat("e", 300):         {"INVALID_ORIGIN", "https://" + strings.Repeat("e", 248)},
		"Origin: https://evil.example/<script>":               {"INVALID_ORIGIN", "https://evil.example/<script>"},
		"Origin: https://a.example\r\nOrigin: https://b.test": {"INVALID_ORIGIN", "https://a.example, https://b.test"},
	} {
		f := csrfFront(t)
		res, body := f.raw(t, "POST /a HTTP/1.1\r\nHost: app.example\r\nContent-Length: 0\r\n"+asAnn+"\r\n"+header+"\r\n\r\n")
		var said problem
		if err := json.Unmarshal([]byte(body), &said); err != nil || res.StatusCode != 403 || res.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %s", header, res.StatusCode, body)
		}
		if said.Code != want.code || said.Origin == nil || *said.Origin != want.origin || said.Setting != "auth.trusted_origins" ||
			!slices.Equal(said.Expected, []string{"https://public.example", "https://friend.example"}) {
			t.Errorf("%s: %s", header, body)
		}
		if strings.Contains(body, "<script>") {
			t.Errorf("%s: %s", header, body)
		}
	}
	f := csrfFront(t)
	_, reader, res := open(t, f, upgrade+asAnn+"\r\nOrigin: https://evil.example\r\n")
	body, _ := reader.Peek(reader.Buffered())
	if res.StatusCode != 403 || !strings.Contains(string(body), `"origin":"https://evil.example","expected":["https://public.example","https://friend.example"],"setting":"auth.trusted_origins"`) {
		t.Errorf("upgrade: %d %s", res.StatusCode, body)
	}
}

func TestProtectionCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	f := start(t, setup{change: func(c *Config) { c.CSRF.Enabled = false }})
	if res, _ := f.get(t, "POST", "/a", asAnn, "Origin: https://evil.example"); res.StatusCode != 200 {
		t.Errorf("answer %d", res.StatusCode)
	}
}
