package attack

import (
	"strings"
)

// one is an attack. Its id is that of docs/security-tests.md.
type one struct {
	id, name string
	alone    bool // only where nobody else uses the way to the target
	try      func(a *attacker)
}

// corpus is ordered by id.
func corpus() []one {
	return []one{
		{id: "D01", name: "the query is no part of the path", try: func(a *attacker) {
			a.refused(to(a.Path+"?x="+a.BasePath+"/ok"), to(a.Path+"?"+a.BasePath+"/ok"), to(a.Path+"?/public/"))
		}},
		{id: "D02", name: "a fragment does not end the path", try: func(a *attacker) {
			a.refused(to(a.Path+"#"+a.BasePath+"/ok"), to(a.Path+"%23"+a.BasePath+"/ok"), to(a.BasePath+"/ok#/../../.."+a.Path))
		}},
		{id: "D03", name: "no header says which path is meant", try: func(a *attacker) {
			for _, name := range []string{"X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Envoy-Original-Path"} {
				a.refused(request{target: a.Path, header: []string{name + ": " + a.BasePath + "/ok"}}, request{target: a.BasePath + "/ok", header: []string{name + ": " + a.Path}})
			}
		}},
		{id: "D04", name: "no User-Agent opens anything", try: func(a *attacker) {
			for _, agent := range []string{"GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "Amazon-Route53-Health-Check-Service", "Consul Health Check"} {
				a.refused(request{target: a.Path, header: []string{"User-Agent: " + agent}})
			}
		}},
		{id: "D05", name: "dot segments, however encoded", try: func(a *attacker) {
			for _, dots := range []string{"..", "%2e%2e", ".%2e", "%2E.", "..;", "%252e%252e", "..%00", "..\\"} {
				a.refused(to(a.BasePath + "/ok/" + strings.Repeat(dots+"/", strings.Count(a.BasePath, "/")+1) + strings.TrimPrefix(a.Path, "/")))
			}
		}},
		{id: "D10", name: "encoded slashes, in either case", try: func(a *attacker) {
			bare := strings.TrimPrefix(a.Path, "/")
			a.refused(to("/%2f"+bare), to("/%2F"+bare), to(a.BasePath+"/ok%2f..%2f..%2f..%2f"+bare), to(a.BasePath+"/ok%2F..%2F..%2F..%2F"+bare), to("/%5c"+bare))
		}},
		{id: "D11", name: "no second slash begins an authority", try: func(a *attacker) {
			bare := strings.TrimPrefix(a.Path, "/")
			a.refused(to("//"+bare), to("///"+bare), to("/\\"+bare), to("//x"+a.Path), to("http://x"+a.Path))
		}},
		{id: "D16", name: "hosts are names", try: func(a *attacker) {
			host := a.URL.Hostname()
			for _, other := range []string{strings.ToUpper(host), host + ".", host + ":443", host + "%00", "localhost", "127.0.0.1", "public.test", ""} {
				a.refused(request{target: a.Path, host: other})
			}
		}},
		{id: "D17", name: "a page of another site may not act", try: func(a *attacker) {
			for _, origin := range []string{"https://evil.invalid", "null", a.URL.String() + ".evil.invalid", a.URL.Scheme + "://evil" + a.URL.Host} {
				got, err := a.send(request{method: "POST", target: a.BasePath + "/sign-out", header: []string{"Origin: " + origin, "Cookie: x=1"}, body: "{}"})
				if err != nil || got.status != 403 {
					a.problem("Origin %s is answered %d (%v)", origin, got.status, err)
				}
			}
		}},
		{id: "D19", name: "identity cannot be brought along", try: func(a *attacker) {
			var lines []string
			for _, name := range []string{"X-Postern-User-Id", "X_Postern_User_Id", "x-postern-user-email", "X-Postern-User-Roles", "X-Postern-Assertion", "X-Forwarded-User", "Remote-User", "X-Auth-Request-User"} {
				lines = append(lines, name+": admin")
			}
			a.refused(request{target: a.Path, header: lines}, request{target: a.Path, header: append(lines, "Connection: X-Postern-User-Id")})
		}},
		{id: "D33", name: "no link leads to another site", try: func(a *attacker) {
			for _, elsewhere := range []string{"//evil.invalid", "/\\evil.invalid", "https:evil.invalid", "https://evil.invalid", "/\t/evil.invalid", a.URL.String() + "@evil.invalid", "javascript:alert(1)"} {
				for _, path := range []string{"/verify-email?token=x&callbackURL=", "/reset-password/x?callbackURL=", "/error?error=x&callbackURL="} {
					got, err := a.send(to(a.BasePath + path + queryEscape(elsewhere)))
					if location := got.header.Get("Location"); err == nil && a.leadsElsewhere(location) {
						a.problem("%s%s leads to %s", path, elsewhere, location)
					}
				}
			}
		}},
		{id: "D55", name: "a credential that is none opens nothing", try: func(a *attacker) {
			for _, name := range []string{"better-auth.session_token", "__Secure-better-auth.session_token"} {
				for _, value := range []string{"x", "a.b", strings.Repeat("a", 32) + "." + strings.Repeat("A", 43) + "%3D", "'%20OR%201=1--.x", "%00", ""} {
					a.refused(request{target: a.Path, header: []string{"Cookie: " + name + "=" + value}})
				}
			}
		}},
		{id: "D64", name: "CONNECT leads nowhere", try: func(a *attacker) {
			a.refused(request{method: "CONNECT", target: "127.0.0.1:80"}, request{method: "CONNECT", target: a.Path}, request{method: "TRACE", target: a.Path})
		}},
		{id: "D75", name: "malformed credentials are no fault", try: func(a *attacker) {
			for _, value := range []string{"Bearer", "Bearer ", "Bearer a b", "Bearer \x01", "Basic !!!", "Basic " + strings.Repeat("A", 4000), ":", "\xff\xfe", strings.Repeat("Bearer ", 500)} {
				a.refused(request{target: a.Path, header: []string{"Authorization: " + value}})
			}
			for _, value := range []string{"=", ";;;", "a", "=;=;=", "a=\"", "\xff=1", "a=%zz"} {
				a.refused(request{target: a.Path, header: []string{"Cookie: " + value}})
			}
		}},
		{id: "D77", name: "cookies and parameters in great numbers", try: func(a *attacker) {
			a.refused(request{target: a.Path, header: []string{"Cookie: " + strings.Repeat("a=b; ", 5000)}}, to(a.Path+"?"+strings.Repeat("a=b&", 5000)), to(a.Path+"?a=1;b=2"), to(a.Path+"?%zz"))
		}},
		{id: "D78", name: "nothing is smuggled", alone: true, try: smuggle},
		{id: "D82", name: "tokens without a signature", try: func(a *attacker) {
			for _, token := range []string{
				"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.AAAA", strings.Repeat(".", 8000), strings.Repeat("a.", 2000),
			} {
				a.refused(request{target: a.Path, header: []string{"Authorization: Bearer " + token}})
			}
		}},
		{id: "D87", name: "errors reflect no script", try: func(a *attacker) {
			const script = "<script>alert(1)</script>"
			for _, path := range []string{a.BasePath + "/error?error=", a.BasePath + "/error?error_description=", "/auth/sign-in?error=", "/auth/sign-in?return_to="} {
				if got, err := a.send(to(path + queryEscape(script))); err == nil && strings.Contains(got.body, script) {
					a.problem("%s reflects it", path)
				}
			}
		}},
		{id: "D91", name: "the admin listener is elsewhere", try: func(a *attacker) {
			for _, path := range []string{"/metrics", "/readyz", "/livez", "/debug/pprof/", "/debug/vars"} {
				if got, err := a.send(to(path)); err == nil && (strings.Contains(got.body, "postern_build_info") || strings.Contains(got.body, "goroutine")) {
					a.problem("%s is public", path)
				}
			}
		}},
		{id: "D95", name: "path parameters and backslashes", try: func(a *attacker) {
			a.refused(to(a.Path+";x"), to(a.BasePath+"/ok;/..;/..;"+a.Path), to(a.BasePath+"\\..\\..\\"+strings.TrimPrefix(a.Path, "/")))
		}},
		{id: "D99", name: "a WebSocket from a foreign page", try: func(a *attacker) {
			a.refused(request{target: a.Path, header: []string{
				"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "Origin: https://evil.invalid", "Cookie: better-auth.session_token=x",
			}})
		}},
	}
}

func to(target string) request { return request{target: target} }

// smuggle sends two requests where one is to be seen: an answer to the second means that they were told apart wrongly.
func smuggle(a *attacker) {
	second := "GET " + a.BasePath + "/ok HTTP/1.1\r\nHost: HOST\r\n\r\n"
	for name, raw := range map[string]string{
		"Content-Length and Transfer-Encoding": "POST " + a.Path + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n" + second,
		"two lengths":                          "POST " + a.Path + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: 60\r\nConnection: close\r\n\r\n" + second,
		"a blank before the colon":             "POST " + a.Path + " HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding : chunked\r\nConnection: close\r\n\r\n0\r\n\r\n" + second,
		"an unknown encoding":                  "POST " + a.Path + " HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n0\r\n\r\n" + second,
		"a folded line":                        "GET " + a.Path + " HTTP/1.1\r\nHost: HOST\r\nX: y\r\n Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + second,
	} {
		got, err := a.send(request{method: "POST", raw: raw})
		if err == nil && (strings.Contains(got.more, `"ok":true`) || strings.Contains(got.body, `"ok":true`) || got.status >= 500 && got.status != 501) {
			a.problem("%s: answered %d, and then %.60q", name, got.status, got.more)
		}
	}
}

// queryEscape leaves nothing that could end the value or the request's line.
func queryEscape(text string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		if b := text[i]; b >= 'a' && b <= 'z' || b >= '0' && b <= '9' {
			out.WriteByte(b)
		} else {
			out.WriteString("%" + string(hex[b>>4]) + string(hex[b&15]))
		}
	}
	return out.String()
}

// leadsElsewhere reads a Location as browsers do (WHATWG URL): they drop tabs and line breaks, and take backslashes for slashes.
func (a *attacker) leadsElsewhere(location string) bool {
	location = strings.ReplaceAll(strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(location), "\\", "/")
	switch own := a.URL.String(); {
	case location == "" || location == own || strings.HasPrefix(location, own+"/") || strings.HasPrefix(location, own+"?"):
		return false
	case strings.HasPrefix(location, "/"):
		return strings.HasPrefix(location, "//")
	}
	return strings.Contains(location, ":") // another scheme or host; a relative path is ours
}
