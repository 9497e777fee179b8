package authflow

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func newTestOrigins(t testing.TB, base string, patterns ...string) *Origins {
	t.Helper()
	o, err := NewOrigins(base, patterns)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// sampleOrigins are those the reference server was asked about.
func sampleOrigins(t testing.TB) *Origins {
	t.Helper()
	return newTestOrigins(t, "http://localhost:3000", "https://app.example.test", "https://*.wild.test", "*.host.test", "myapp://callback")
}

func TestRedirectTargetsThatAreGood(t *testing.T) {
	t.Parallel()
	o := sampleOrigins(t)
	for _, target := range []string{
		"/", "/a?b=c#d", "/a b", "/\u00e9", "/a//b", "/a/../b", "/.", "/a:b", "/~x", "/@evil", "/%00", "/[x]", "/a|b", `/a"b`, "/a<b>", "/a{b}", "/a`b", "/a^b",
		"/a?u=http://evil.test", "/a?u=//e", "/a?%2f", "/a#%5c", "/a?x=<>", "/a?x={}", "/a ", "/a\u2028b",
		"http://localhost:3000", "http://localhost:3000/x?y#z", "https://app.example.test", "https://app.example.test/z",
		"HTTPS://APP.EXAMPLE.TEST/", "https://app.example.test:443/", "https://app.example.test#@evil.test/", "https://app.example.test?@evil.test/",
		"https://a.wild.test/", "https://a.b.wild.test/x", "http://a.host.test/", "https://a.host.test/",
		"myapp://callback", "myapp://callback/done?x=1", "MYAPP://callback",
	} {
		if !o.AllowsRedirect(target) {
			t.Errorf("%q is refused", target)
		}
	}
}

// D33, D34, D36, D37.
func TestD33D34D36D37RedirectTargetsThatAreRefused(t *testing.T) {
	t.Parallel()
	o := sampleOrigins(t)
	for _, target := range []string{
		`/a?x=\`, `/a#\`, "//evil.test", "///evil.test", `/\evil.test`, `\/evil.test`, `\\evil.test`, `/a\b`, "/%2fevil.test", "/%5cevil.test", "/a%2Fb", "/a%5Cb",
		"/a\tb", "/a\nb", "/\t/evil.test", "\t//evil.test", "/\r\n/evil.test", " /a", "\u00a0/a", "/a\u0085b", "/a\x7fb", "a", "a/b", "?x", "#x", "./a", "../a", "//", "", ".", "..",
		"http://localhost:3001", "https://localhost:3000", "http://localhost", "http://localhost:3000.evil.test", "http://localhost:3000@evil.test",
		"https://app.example.test:444/", "https://app.example.test.evil.test", "https://app.example.test@evil.test", "https://app.example.test%2eevil.test",
		"https://evilapp.example.test", "https://app.example.test:", "https://app.example.test:443:80/", "https://app.example.test:0443/", "https://app.example.test./",
		"https://wild.test/", "https://evil.test/.wild.test", "https://evil.test?a.wild.test", "https://evil.test#a.wild.test", "https://a.wild.test@evil.test",
		"https://a.wild.test:1/", "https://.wild.test/", "http://a.wild.test/", "https://a.host.test:8443/", "https://evil.test/a.host.test", "https://evil.test",
		"https:evil.test", "https:/evil.test", "https:///evil.test", `http:\\evil.test`, "javascript:alert(1)", "JavaScript://app.example.test/%0aalert(1)",
		"data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:http://localhost:3000/x", "about:blank", "https://[::1]/", "https://[::1%25eth0]/", "https://", "http:", ":", "mailto:a@b.test",
		"https://app.example.test\t.evil.test", "https://app.example.test\n@evil.test/", "ht\ttps://app.example.test/", "\x00https://app.example.test/",
		// Differs from better-auth, which takes these: what precedes an @, and letters a browser turns into others.
		"https://user:pw@app.example.test/", "https://evil.test@app.example.test/", `https://app.example.test\@evil.test`, "https://\uff41\uff50\uff50.example.test/", "https://app\u3002example.test/",
		"myapp://callback.attacker", "myapp://callback@evil", "myapp://evil/callback", "myapp:callback", "myapp:/callback", "myapp://", "myapp", "myapp2://callback", "xmyapp://callback",
	} {
		if o.AllowsRedirect(target) {
			t.Errorf("%q is taken", target)
		}
	}
}

func TestAnApplicationsSchemeIsTakenExactly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, target string
		want            bool
	}{
		{"myapp:", "myapp://anything/at/all", true},
		{"myapp:", "myapp2://anything", false},
		{"myapp://callback/oauth", "myapp://callback/oauth", true},
		{"myapp://callback/oauth", "myapp://callback/oauth/done", true},
		{"myapp://callback/oauth", "myapp://callback/oauthx", false},
		{"myapp://callback/oauth", "myapp://callback/other", false},
		{"myapp://callback/oauth", "myapp://callback/oauth/../other", false},
		{"myapp://callback/oauth", "myapp://callback/oauth/%2e%2e/other", false},
		{"myapp://callback/oauth", `myapp://callback/oauth\..\other`, false},
		{"exp://10.0.0.1:8081", "exp://10.0.0.1:8081/--/x", true},
		{"exp://10.0.0.1:8081", "exp://10.0.0.1:80810", false},
		{"javascript:", "javascript:alert(1)", false},
		{"myapp://", "myapp://anything/at/all", true},
		{"MyApp://", "myapp://x", true},
		{"myapp://", "myapp://", true},
		{"myapp://", "myapp2://x", false},
		{"myapp://", "myapp:x", false},
		{"myapp://", "myapp:/x", false},
		{"myapp:", "myapp:", false},
		{"myapp://", "myapp://user@x", false},
		{"exp://*.exp.test", "exp://a.exp.test/--/x", true},
		{"exp://*.exp.test", "exp://exp.test", false},
		{"exp://*.exp.test", "exp://a.exp.test:8081", false},
		{"exp://*.exp.test", "exp://evil.test/.exp.test", false},
		{"exp://*.exp.test", "exp://x@a.exp.test", false},
		{"exp://192.168.*.*:*/**", "exp://192.168.0.7:8081/--/callback", true},
		{"exp://192.168.*.*:*/**", "exp://192.168.0.7:8081", true},
		{"exp://192.168.*.*:*/**", "exp://192.168.evil.test:8081/", false},
		{"exp://**", "exp://anything", true},
		{"myapp://host/*/done", "myapp://host/a/done", true},
		{"myapp://host/*/done", "myapp://host/a/b/done", false},
		{"myapp://host/*/done", "myapp://host/a/done/more", false},
		{"myapp://host/v?/**", "myapp://host/v1/x/y", true},
		{"myapp://host/v?/**", "myapp://host/v12/x", false},
		{"*.host.test", "myapp://a.host.test", false},
	} {
		if got := newTestOrigins(t, "http://localhost:3000", tt.pattern).AllowsRedirect(tt.target); got != tt.want {
			t.Errorf("%s takes %s: %t", tt.pattern, tt.target, got)
		}
	}
}

func TestTrustedOrigins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, origin string
		want            bool
	}{
		{"https://app.example.test", "https://app.example.test", true},
		{"https://app.example.test", "https://APP.example.test:443", true},
		{"HTTPS://App.Example.Test:443", "https://app.example.test", true},
		{"https://app.example.test", "http://app.example.test", false},
		{"https://app.example.test", "https://xapp.example.test", false},
		{"https://app.example.test", "https://app-example.test", false},
		{"https://*.wild.test", "https://a.b.wild.test", true},
		{"https://*.wild.test", "https://A.Wild.Test", true},
		{"https://*.wild.test", "https://wild.test", false},
		{"https://*.wild.test", "https://evil-wild.test", false},
		{"https://*.wild.test", "https://a.wild.test:8443", false},
		{"https://*.wild.test", "https://a.wildxtest", false},
		{"https://*.wild.test:*", "https://a.wild.test:8443", true},
		{"https://a?.wild.test", "https://a1.wild.test", true},
		{"https://a?.wild.test", "https://a12.wild.test", false},
		{"*.host.test", "http://a.host.test", true},
		{"*.host.test", "http://a.host.test:99", false},
		{"*.host.test", "http://a.host.test:80", true},
		{"http://localhost:*", "http://localhost:5173", true},
		{"http://localhost:*", "http://localhost.evil.test:1", false},
		{"192.168.*.*", "http://192.168.1.20", true},
		{"192.168.*.*", "http://192.168.attacker.test", false},
		{"http://192.168.1.*:3000", "http://192.168.1.9:3000", true},
		{"http://192.168.1.*:3000", "http://192.168.1.evil.test:3000", false},
		{"https://[2001:db8::1]:3000", "https://[2001:db8::1]:3000", true},
		{"*", "https://anything.test", true},
		{"*", "myapp://anything", false},
	} {
		if got := newTestOrigins(t, "http://localhost:3000", tt.pattern).Trusted(tt.origin); got != tt.want {
			t.Errorf("%s trusts %s: %t", tt.pattern, tt.origin, got)
		}
	}
}

func TestTheBaseIsAnOrigin(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://localhost:3000":          "http://localhost:3000",
		"HTTPS://App.Example.Test:443/":  "https://app.example.test",
		"http://app.example.test:80/x?y": "http://app.example.test",
	} {
		if got := newTestOrigins(t, in).Base(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for _, bad := range []string{"", "localhost:3000", "ftp://a.test", "https://", "https://a@b.test", "https://a b.test", "javascript:x"} {
		if _, err := NewOrigins(bad, nil); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestPatternsThatCouldNeverMatchAreRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"https://app.example.test/", "https://*.example.test/", "app.example.test", "", "https://", "https:// a.test", `https://a\b`, "https://a.test\n", "https://%zz", "javascript://", "http://", "myapp://callback/"} {
		if _, err := NewOrigins("http://localhost:3000", []string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestTheOriginCheckIsBetterAuths(t *testing.T) {
	t.Parallel()
	o := sampleOrigins(t)
	missing, invalid, blocked := errMissingOrNullOrigin.Code, errInvalidOrigin.Code, errCrossSiteNavigation.Code
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for _, tt := range []struct {
		name   string
		header http.Header
		any    string // the code for every route
		login  string // and for the two that begin a session by e-mail
	}{
		{"nothing", header(), "", ""},
		{"cookie", header("Cookie", "a=b"), missing, missing},
		{"an empty cookie header", header("Cookie", ""), missing, missing},
		{"cookie, own origin", header("Cookie", "a=b", "Origin", "http://localhost:3000"), "", ""},
		{"cookie, trusted origin", header("Cookie", "a=b", "Origin", "https://x.wild.test"), "", ""},
		{"cookie, foreign origin", header("Cookie", "a=b", "Origin", "https://evil.test"), invalid, invalid},
		{"cookie, garbage as origin", header("Cookie", "a=b", "Origin", "garbage"), invalid, invalid},
		{"cookie, null origin", header("Cookie", "a=b", "Origin", "null"), missing, missing},
		{"cookie, null origin and a good referrer", header("Cookie", "a=b", "Origin", "null", "Referer", "http://localhost:3000/x"), missing, missing},
		{"cookie, null origin by the browser's word our own", header("Cookie", "a=b", "Origin", "null", "Sec-Fetch-Site", "same-origin"), "", ""},
		{"cookie, null origin by the browser's word another", header("Cookie", "a=b", "Origin", "null", "Sec-Fetch-Site", "same-site"), missing, missing},
		{"cookie, referrer", header("Cookie", "a=b", "Referer", "https://app.example.test/page?x"), "", ""},
		{"cookie, foreign referrer", header("Cookie", "a=b", "Referer", "https://evil.test/http://localhost:3000"), invalid, invalid},
		{"cookie, empty origin and referrer", header("Cookie", "a=b", "Origin", "", "Referer", "http://localhost:3000/"), "", ""},
		{"cookie, foreign origin, good referrer", header("Cookie", "a=b", "Origin", "https://evil.test", "Referer", "http://localhost:3000/"), invalid, invalid},
		{"cookie, cross-site navigation", header("Cookie", "a=b", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Origin", "https://evil.test"), invalid, invalid},
		{"foreign origin", header("Origin", "https://evil.test"), "", invalid},
		{"own origin", header("Origin", "http://localhost:3000"), "", ""},
		{"foreign referrer", header("Referer", "https://evil.test/"), "", invalid},
		{"cross-site navigation", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), "", blocked},
		{"cross-site navigation from a trusted page", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Origin", "https://app.example.test"), "", blocked},
		{"cross-site fetch", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Origin", "https://evil.test"), "", invalid},
		{"fetch of our page", header("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Origin", "http://localhost:3000"), "", ""},
		{"only Sec-Fetch-Dest", header("Sec-Fetch-Dest", "empty"), "", missing},
		{"only Sec-Fetch-Mode", header("Sec-Fetch-Mode", "cors"), "", missing},
		{"null origin by the browser's word our own", header("Origin", "null", "Sec-Fetch-Site", "same-origin"), "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header = tt.header
			if got := codeOf(t, o.checkOrigin(r, false)); got != tt.any {
				t.Errorf("any route: %q, want %q", got, tt.any)
			}
			if got := codeOf(t, o.checkLogin(r)); got != tt.login {
				t.Errorf("login: %q, want %q", got, tt.login)
			}
		})
	}
}

func codeOf(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		t.Fatalf("%v is nothing to tell a client", err)
	}
	return e.Code
}

func TestRedirectFieldsAreCheckedWhateverTheRoute(t *testing.T) {
	t.Parallel()
	o := sampleOrigins(t)
	const evil = "https://evil.test"
	for _, tt := range []struct {
		name, body, query string
		status            int
		code, message     string
	}{
		{"none", `{}`, "", 0, "", ""},
		{"no object", `[]`, "", 0, "", ""},
		{"good ones", `{"callbackURL":"/a","redirectTo":"/b","errorCallbackURL":"/c","newUserCallbackURL":"/d"}`, "", 0, "", ""},
		{"empty ones", `{"callbackURL":"","redirectTo":""}`, "callbackURL=", 0, "", ""},
		{"falsy ones are the fields' affair", `{"callbackURL":null,"redirectTo":0,"errorCallbackURL":false}`, "", 0, "", ""},
		{"callbackURL", `{"callbackURL":"` + evil + `"}`, "", 403, "INVALID_CALLBACK_URL", "Invalid callbackURL"},
		{"redirectTo", `{"redirectTo":"` + evil + `"}`, "", 403, "INVALID_REDIRECT_URL", "Invalid redirectURL"},
		{"errorCallbackURL", `{"errorCallbackURL":"` + evil + `"}`, "", 403, "INVALID_ERROR_CALLBACK_URL", "Invalid errorCallbackURL"},
		{"newUserCallbackURL", `{"newUserCallbackURL":"` + evil + `"}`, "", 403, "INVALID_NEW_USER_CALLBACK_URL", "Invalid newUserCallbackURL"},
		{"in the query", `{}`, "callbackURL=//evil.test", 403, "INVALID_CALLBACK_URL", "Invalid callbackURL"},
		{"the body's before the query's", `{"callbackURL":"/a"}`, "callbackURL=//evil.test", 0, "", ""},
		{"a falsy one in the body leaves the query's", `{"callbackURL":""}`, "callbackURL=//evil.test", 403, "INVALID_CALLBACK_URL", "Invalid callbackURL"},
		{"repeated in the query", `{}`, "callbackURL=/a&callbackURL=//evil.test", 400, "", "Invalid callbackURL: expected a string"},
		{"an array", `{"callbackURL":[]}`, "", 400, "", "Invalid callbackURL: expected a string"},
		{"a number", `{"redirectTo":1}`, "", 400, "", "Invalid redirectURL: expected a string"},
		{"an object", `{"errorCallbackURL":{"a":1}}`, "", 400, "", "Invalid errorCallbackURL: expected a string"},
		{"a boolean", `{"newUserCallbackURL":true}`, "", 400, "", "Invalid newUserCallbackURL: expected a string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			err = o.checkRedirects(decodeTest(t, tt.body), query)
			if tt.status == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Status != tt.status || e.Code != tt.code || e.Message != tt.message {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// browserHost is where a browser goes that is shown target on a page of base: the steps of the WHATWG URL parser that matter
// here, written down apart from the code they judge. The scheme is empty when it stays on the origin.
func browserHost(target string) (scheme, authority string) {
	target = strings.TrimFunc(target, func(r rune) bool { return r <= ' ' })
	target = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(target)
	if m := regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`).FindString(target); m != "" {
		scheme, target = strings.ToLower(m[:len(m)-1]), target[len(m):]
		if scheme != "http" && scheme != "https" {
			target, found := strings.CutPrefix(target, "//")
			if !found {
				return scheme, ""
			}
			return scheme, target[:endOf(target, "/?#")]
		}
		target = "//" + strings.TrimLeft(target, `/\`)
	}
	if len(target) < 2 || !strings.ContainsRune(`/\`, rune(target[0])) || !strings.ContainsRune(`/\`, rune(target[1])) {
		return "", ""
	}
	if scheme == "" {
		scheme = "http" // that of the page
	}
	target = strings.TrimLeft(target, `/\`)
	authority = target[:endOf(target, `/\?#`)]
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if decoded, err := url.PathUnescape(authority); err == nil {
		authority = decoded
	}
	authority = strings.ToLower(authority)
	if scheme == "http" {
		return scheme, strings.TrimSuffix(authority, ":80")
	}
	return scheme, strings.TrimSuffix(authority, ":443")
}

func endOf(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}

// FuzzD36RedirectTarget: a browser that is sent to an accepted target stays on a trusted origin (D36).
func FuzzD36RedirectTarget(f *testing.F) {
	for _, seed := range []string{
		"/", "/a?b=c#d", "//evil.test", `/\evil.test`, "/\t/evil.test", " //evil.test", "https://app.example.test/x", "https:evil.test", "https:///evil.test",
		"https://app.example.test@evil.test", `https://app.example.test\@evil.test`, "https://x.wild.test", "http://a.host.test:80", "myapp://callback/x", "javascript:alert(1)",
		"https://app.example.test%2eevil.test", "https://\uff41pp.example.test", "https://[::1]", "/%2f/evil.test", "/..//evil.test", "/a/.././/evil.test", "/%2e//evil.test", "myapp://callback/..//x", "http://localhost:3000#@evil.test",
	} {
		f.Add(seed)
	}
	o := sampleOrigins(f)
	f.Fuzz(func(t *testing.T, target string) {
		if !o.AllowsRedirect(target) {
			return
		}
		for _, sent := range []string{target, AppendQuery(target, url.Values{"error": {"X"}}), SetQuery(o.Base(), target, "token", "x")} {
			if scheme, authority := browserHost(sent); !isSample(scheme, authority) {
				t.Errorf("%q is sent as %q and leads to %s://%s", target, sent, scheme, authority)
			}
			if strings.ContainsAny(sent, "\r\n\x00") {
				t.Errorf("%q would break the header", sent)
			}
		}
	})
}

// isSample tells whether sampleOrigins are to trust it. No scheme at all is the page's own origin.
func isSample(scheme, authority string) bool {
	switch scheme {
	case "":
		return true
	case "http":
		return authority == "localhost:3000" || isBelow(authority, ".host.test")
	case "https":
		return authority == "app.example.test" || isBelow(authority, ".wild.test") || isBelow(authority, ".host.test")
	}
	return scheme == "myapp" && strings.EqualFold(authority, "callback")
}

func isBelow(host, parent string) bool {
	name, ok := strings.CutSuffix(host, parent)
	return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// FuzzOriginPattern: a pattern trusts what a plain reading of it matches, and nothing else besides the base.
func FuzzOriginPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"https://app.example.test", "https://app.example.test"}, {"https://*.wild.test", "https://a.b.wild.test"}, {"*.host.test", "http://a.host.test:99"},
		{"https://a?.test", "https://ab.test"}, {"*", "https://evil.test"}, {"192.168.*.*", "http://192.168.evil.test"}, {"https://(.*)+$", "https://x"},
		{"myapp://callback", "myapp://callback.evil"}, {"https://*.wild.test:*", "https://a.wild.test:1"}, {"http://[::1]:*", "http://[::1]:80"}, {"[a-z]*", "https://b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		if strings.Count(pattern, "*") > 4 {
			return // the plain reading takes too long
		}
		o, err := NewOrigins("http://localhost:3000", []string{pattern})
		if err != nil {
			return
		}
		if !o.Trusted("http://localhost:3000") {
			t.Error("the base is not trusted")
		}
		web, ok := webOrigin(origin)
		if !ok || web == o.Base() || !o.Trusted(origin) {
			return
		}
		_, host, _ := strings.Cut(web, "://")
		lower := strings.ToLower(pattern)
		exact, _ := webOrigin(pattern)
		if web != exact && !matchesGlob(lower, web) && !(!strings.Contains(lower, "://") && matchesGlob(lower, host)) {
			t.Errorf("%q trusts %q", pattern, origin)
		}
	})
}

func matchesGlob(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	switch pattern[0] {
	case '*':
		for i := 0; i <= len(s); i++ {
			if matchesGlob(pattern[1:], s[i:]) {
				return true
			}
			if i < len(s) && s[i] == '/' {
				return false
			}
		}
		return false
	case '?':
		return s != "" && s[0] != '/' && matchesGlob(pattern[1:], s[1:])
	}
	return s != "" && pattern[0] == s[0] && matchesGlob(pattern[1:], s[1:])
}

// D66: what a client sends as an address is logged when it is refused, but neither in full length nor with its query.
func TestRefusedAddressesAreLoggedInPart(t *testing.T) {
	t.Parallel()
	o := sampleOrigins(t)
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	r.Header["Cookie"] = []string{"a=b"}
	for _, address := range []string{"https://evil.test/page?token=hunter2", "https://evil.test/#token=hunter2", "https://evil.test/" + strings.Repeat("x", 200000)} {
		r.Header.Set("Referer", address)
		for _, err := range []error{o.checkOrigin(r, false), o.checkRedirect("callbackURL", address)} {
			if err == nil || !strings.Contains(err.Error(), "https://evil.test/") || strings.Contains(err.Error(), "hunter2") || len(err.Error()) > 500 {
				t.Errorf("%.600v", err)
			}
		}
	}
}
