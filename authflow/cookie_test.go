package authflow

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	testSecret   = "a-secret-of-more-than-32-characters!!"
	formerSecret = "the-secret-that-was-in-use-before-it!!"
	strayToken   = "k8vTq2Yw0ZbN4mX7RcJ1sLhD5gFpA904"

	// What better-auth 1.7.25 signs strayToken with, under testSecret.
	straySignature = "zdM5bijxQlQQvQnLTbCH9/J9fFp04odKeeUgTQ9+x3I="
)

func newTestCookies(t testing.TB, change ...func(*CookieConfig)) *Cookies {
	t.Helper()
	c := CookieConfig{Prefix: "better-auth", SameSite: "lax", Secure: "auto"}
	for _, f := range change {
		f(&c)
	}
	return NewCookies(c, NewKeys(testSecret, formerSecret), "http://localhost:3000", 7*24*time.Hour)
}

func withCookies(lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if len(lines) > 0 {
		r.Header["Cookie"] = lines
	}
	return r
}

func TestTheSignatureIsBetterAuths(t *testing.T) {
	t.Parallel()
	if got := NewKeys(testSecret).Sign(strayToken); got != straySignature {
		t.Errorf("signature %q, want %q", got, straySignature)
	}
}

func TestCookiesAreSetToTheLetter(t *testing.T) {
	t.Parallel()
	encoded := strayToken + "." + url.QueryEscape(straySignature)
	trueSigned := "true." + url.QueryEscape(NewKeys(testSecret).Sign("true"))
	for _, tt := range []struct {
		name     string
		base     string
		change   func(*CookieConfig)
		remember bool
		want     []string
	}{
		{"remembered", "http://localhost:3000", nil, true, []string{
			"better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax",
		}},
		{"until the browser closes", "http://localhost:3000", nil, false, []string{
			"better-auth.session_token=" + encoded + "; Path=/; HttpOnly; SameSite=Lax",
			"better-auth.dont_remember=" + trueSigned + "; Path=/; HttpOnly; SameSite=Lax",
		}},
		{"https", "https://app.example.test", nil, true, []string{
			"__Secure-better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax",
		}},
		{"https, told not to be secure", "https://app.example.test", func(c *CookieConfig) { c.Secure = "false" }, true, []string{
			"better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax",
		}},
		{"http, told to be secure", "http://localhost:3000", func(c *CookieConfig) { c.Secure = "true" }, true, []string{
			"__Secure-better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax",
		}},
		{"parent domain", "https://app.example.test", func(c *CookieConfig) { c.Domain = "example.test" }, true, []string{
			"__Secure-better-auth.session_token=" + encoded + "; Max-Age=604800; Domain=example.test; Path=/; HttpOnly; Secure; SameSite=Lax",
		}},
		{"same site none", "https://app.example.test", func(c *CookieConfig) { c.SameSite = "none" }, true, []string{
			"__Secure-better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=None",
		}},
		{"partitioned", "https://app.example.test", func(c *CookieConfig) { c.SameSite, c.Partitioned = "none", true }, true, []string{
			"__Secure-better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
		}},
		{"same site strict, other prefix", "http://localhost:3000", func(c *CookieConfig) { c.SameSite, c.Prefix = "strict", "shop" }, true, []string{
			"shop.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; SameSite=Strict",
		}},
		{"settings left empty", "http://localhost:3000", func(c *CookieConfig) { c.SameSite, c.Secure = "", "" }, true, []string{
			"better-auth.session_token=" + encoded + "; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := CookieConfig{Prefix: "better-auth", SameSite: "lax", Secure: "auto"}
			if tt.change != nil {
				tt.change(&c)
			}
			cookies := NewCookies(c, NewKeys(testSecret), tt.base, 7*24*time.Hour)
			w := httptest.NewRecorder()
			cookies.SetSession(w, withCookies(), strayToken, tt.remember)
			if got := w.Header()["Set-Cookie"]; !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if got, want := w.Header().Get("Set-Auth-Token"), strayToken+"."+straySignature; got != want {
				t.Errorf("set-auth-token %q, want %q", got, want)
			}
			if got := w.Header().Get("Access-Control-Expose-Headers"); got != "set-auth-token" {
				t.Errorf("exposed headers %q", got)
			}
			for _, line := range tt.want { // what is set can be read
				pair, _, _ := strings.Cut(line, ";")
				if strings.Contains(pair, "session_token") {
					if got := cookies.Token(withCookies(pair)); got != strayToken {
						t.Errorf("reads %q", got)
					}
				} else if !cookies.DontRemember(withCookies(pair)) {
					t.Error("does not read its own dont_remember")
				}
			}
		})
	}
}

func TestEndingASessionExpiresItsCookiesToTheLetter(t *testing.T) {
	t.Parallel()
	cookies := NewCookies(CookieConfig{Prefix: "better-auth", SameSite: "lax", Secure: "auto", Domain: "example.test"},
		NewKeys(testSecret), "https://app.example.test", time.Hour)
	w := httptest.NewRecorder()
	w.Header().Add("Set-Cookie", "theirs=1; Path=/")
	w.Header().Add("Set-Cookie", "__Secure-better-auth.state=x; Max-Age=300")
	cookies.SetSession(w, withCookies(), strayToken, true)
	cookies.ExpireSession(w, withCookies())
	want := []string{
		"theirs=1; Path=/",
		"__Secure-better-auth.state=x; Max-Age=300",
		"__Secure-better-auth.session_token=; Max-Age=0; Domain=example.test; Path=/; HttpOnly; Secure; SameSite=Lax",
		"__Secure-better-auth.session_data=; Max-Age=0; Domain=example.test; Path=/; HttpOnly; Secure; SameSite=Lax",
		"__Secure-better-auth.dont_remember=; Max-Age=0; Domain=example.test; Path=/; HttpOnly; Secure; SameSite=Lax",
	}
	if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, name := range []string{"Set-Auth-Token", "Access-Control-Expose-Headers"} {
		if got, set := w.Header()[name]; set {
			t.Errorf("%s is %q after the session has ended", name, got)
		}
	}
}

func TestTheLastWordOnASessionCounts(t *testing.T) {
	t.Parallel()
	cookies := newTestCookies(t)
	w := httptest.NewRecorder()
	shared := []string{"theirs=1", "better-auth.session_token=old", "more=2"}
	w.Header()["Set-Cookie"] = shared
	cookies.SetSession(w, withCookies(), strayToken, true)
	got := w.Header()["Set-Cookie"]
	if len(got) != 3 || got[0] != "theirs=1" || got[1] != "more=2" || !strings.HasPrefix(got[2], "better-auth.session_token="+strayToken) {
		t.Errorf("got %q", got)
	}
	if !slices.Equal(shared, []string{"theirs=1", "better-auth.session_token=old", "more=2"}) {
		t.Errorf("a slice that someone else may hold was written to: %q", shared)
	}
}

func TestSigningInToBeRememberedForgetsNotToBe(t *testing.T) {
	t.Parallel()
	cookies := newTestCookies(t)
	w := httptest.NewRecorder()
	cookies.SetSession(w, withCookies("better-auth.dont_remember=true."+cookies.keys.Sign("true")), strayToken, true)
	if got := w.Header()["Set-Cookie"]; len(got) != 2 || got[1] != "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("got %q", got)
	}
	w = httptest.NewRecorder()
	cookies.SetSession(w, withCookies("better-auth.dont_remember=true.forged"), strayToken, true)
	if got := w.Header()["Set-Cookie"]; len(got) != 1 {
		t.Errorf("a forged dont_remember changed the answer: %q", got)
	}
}

func TestTheTokenIsReadFromTheCookie(t *testing.T) {
	t.Parallel()
	cookies := newTestCookies(t)
	signed := strayToken + "." + straySignature
	encoded := EscapeComponent(signed)
	former := strayToken + "." + NewKeys(formerSecret).Sign(strayToken)
	const name = "better-auth.session_token"
	for _, tt := range []struct {
		name  string
		lines []string
		want  bool
	}{
		{"none", nil, false},
		{"encoded", []string{name + "=" + encoded}, true},
		{"encoded in lower case", []string{name + "=" + strings.ReplaceAll(encoded, "%3D", "%3d")}, true},
		{"bare", []string{name + "=" + signed}, true},
		{"in quotes", []string{name + `="` + signed + `"`}, true},
		{"with an opening quote only", []string{name + `="` + signed + "x"}, false},
		{"with a closing quote only", []string{name + "=" + signed + `"`}, false},
		{"encoded twice", []string{name + "=" + EscapeComponent(encoded)}, false},
		{"signed with the former secret", []string{name + "=" + former}, true},
		{"signed with another secret", []string{name + "=" + strayToken + "." + NewKeys("another secret of some 32 characters").Sign(strayToken)}, false},
		{"without signature", []string{name + "=" + strayToken}, false},
		{"with an empty signature", []string{name + "=" + strayToken + "."}, false},
		{"with nothing signed", []string{name + "=." + NewKeys(testSecret).Sign("")}, false},
		{"with base64 of the URL alphabet", []string{name + "=" + strings.NewReplacer("/", "_", "+", "-").Replace(strayToken+"."+NewKeys(testSecret).Sign(strayToken)) + "="}, false},
		{"without padding", []string{name + "=" + strings.TrimSuffix(signed, "=")}, false},
		{"broken percent", []string{name + "=" + signed + "%"}, false},
		{"among others", []string{"a=1; " + name + "=" + encoded + "; b=2"}, true},
		{"without spaces", []string{"a=1;" + name + "=" + encoded + ";b=2"}, true},
		{"with tabs", []string{"a=1;\t" + name + "\t=\t" + encoded + "\t; b=2"}, true},
		{"on a second line", []string{"a=1", name + "=" + encoded}, true},
		{"after a pair without name", []string{"junk; =x; " + name + "=" + encoded}, true},
		{"in other letter case", []string{"Better-Auth.session_token=" + encoded}, false},
		{"under the name of https", []string{"__Secure-" + name + "=" + encoded}, false},
		{"with a blank the browser keeps in the name", []string{"\u00a0" + name + "=" + encoded}, false},
		{"as another of our cookies", []string{"better-auth.session_data=" + encoded}, false},
		{"D90 after a forged one", []string{name + "=" + strayToken + ".forged; " + name + "=" + encoded}, true},
		{"D90 before a forged one", []string{name + "=" + encoded + "; " + name + "=" + strayToken + ".forged"}, true},
		{"after seven forged ones", []string{strings.Repeat(name+"=forged; ", 7) + name + "=" + encoded}, true},
		{"after more forged ones than are looked at", []string{strings.Repeat(name+"=forged; ", maxCookieCandidates) + name + "=" + encoded}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := ""
			if tt.want {
				want = strayToken
			}
			if got := cookies.Token(withCookies(tt.lines...)); string(got) != want {
				t.Errorf("token %q, want %q", string(got), want)
			}
		})
	}
}

func TestOnHTTPSOnlyTheSecureNameIsRead(t *testing.T) {
	t.Parallel()
	cookies := NewCookies(CookieConfig{Prefix: "better-auth"}, NewKeys(testSecret), "https://app.example.test", time.Hour)
	value := "=" + strayToken + "." + straySignature
	if got := cookies.Token(withCookies("better-auth.session_token" + value)); got != "" {
		t.Error("the unprefixed cookie counts")
	}
	if got := cookies.Token(withCookies("__Secure-better-auth.session_token" + value)); got != strayToken {
		t.Error("the prefixed cookie does not count")
	}
}

// D55: whatever is cut off or changed, the value is no longer ours.
func TestD55ATamperedSignedValueIsRefused(t *testing.T) {
	t.Parallel()
	keys := NewKeys(testSecret, formerSecret)
	bare := strayToken + "." + straySignature
	for _, signed := range []string{bare, EscapeComponent(bare), `"` + bare + `"`} {
		for i := range len(signed) {
			for _, part := range []string{signed[:i], signed[i+1:], signed[:i] + signed[i+1:]} {
				if got := keys.open(unquote(part)); got != "" {
					t.Fatalf("%q counts as %q", part, got)
				}
			}
			for b := range 256 {
				changed := signed[:i] + string([]byte{byte(b)}) + signed[i+1:]
				got := keys.open(unquote(changed))
				if got == "" || changed == signed {
					continue
				}
				if decoded, err := url.PathUnescape(changed); err == nil && decoded == bare {
					continue // the same value: percent-encoding takes hexadecimal digits in either case
				}
				t.Fatalf("%q counts as %q", changed, got)
			}
		}
	}
}

func TestOurCookiesAreKnownByName(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://localhost:3000", "https://app.example.test"} {
		cookies := NewCookies(CookieConfig{Prefix: "better-auth"}, NewKeys(testSecret), base, time.Hour)
		for name, want := range map[string]bool{
			"better-auth.session_token":          true,
			"better-auth.anything_new":           true,
			"__Secure-better-auth.session_token": true,
			"__Host-better-auth.session_token":   true,
			"__secure-BETTER-AUTH.Session_Token": true,
			"better-auth.":                       false,
			"better-auth":                        false,
			"better-authx.session_token":         false,
			"x-better-auth.session_token":        false,
			"__Secure-":                          false,
			"__Secure-__Secure-better-auth.x":    false,
			"session":                            false,
			"":                                   false,
		} {
			if got := cookies.Owns(name); got != want {
				t.Errorf("%s: %q ours: %t, want %t", base, name, got, want)
			}
		}
	}
}

func TestCookiesMayHaveOtherNames(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://localhost:3000", "https://app.example.test"} {
		marker := ""
		if strings.HasPrefix(base, "https") {
			marker = "__Secure-"
		}
		cookies := NewCookies(CookieConfig{Prefix: "better-auth", Names: CookieNamesConfig{SessionToken: "sid", SessionData: "data", DontRemember: "short"}}, NewKeys(testSecret), base, time.Hour)
		w := httptest.NewRecorder()
		cookies.SetSession(w, withCookies(), strayToken, false)
		names := cookiePairs(w.Header()["Set-Cookie"])
		if len(names) != 2 || names[marker+"sid"] == "" || names[marker+"short"] == "" {
			t.Errorf("set are %v", names)
		}
		r := withCookies(marker + "sid=" + names[marker+"sid"] + "; " + marker + "short=" + names[marker+"short"] + "; " + marker + "data.0=x")
		if cookies.Token(r) != strayToken || !cookies.DontRemember(r) {
			t.Errorf("%s: not read", base)
		}
		w = httptest.NewRecorder()
		cookies.ExpireSession(w, r)
		if got := slices.Sorted(maps.Keys(cookiePairs(w.Header()["Set-Cookie"]))); !slices.Equal(got, []string{marker + "data", marker + "data.0", marker + "short", marker + "sid"}) {
			t.Errorf("expired are %q", got)
		}
		for name, want := range map[string]bool{
			"sid": true, "SID": true, "data": true, "data.0": true, "Data.99": true, "short": true, "__Secure-sid": true, "__Host-sid": true,
			"better-auth.state": true, "better-auth.session_token": true, "data.": false, "database": false, "sid.0": false, "side": false, "x-sid": false, "": false,
		} {
			if got := cookies.Owns(name); got != want {
				t.Errorf("%s: %q ours: %t, want %t", base, name, got, want)
			}
		}
	}
}

func TestEscapeComponentIsEncodeURIComponent(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                   "",
		"aZ09-_.!~*'()":      "aZ09-_.!~*'()",
		"a b+c/d=e%":         "a%20b%2Bc%2Fd%3De%25",
		"é€😀":                "%C3%A9%E2%82%AC%F0%9F%98%80",
		"/app?x=1&y=2#f":     "%2Fapp%3Fx%3D1%26y%3D2%23f",
		"\x00\x7f;,\"<>\\^`": "%00%7F%3B%2C%22%3C%3E%5C%5E%60",
	} {
		if got := EscapeComponent(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzCookie: what is signed comes back, whatever else stands in the header, and nothing else does.
func FuzzCookie(f *testing.F) {
	keys := NewKeys(testSecret, formerSecret)
	signed := strayToken + "." + straySignature
	for _, seed := range [][2]string{
		{"better-auth.session_token=" + signed, "value"},
		{"better-auth.session_token=" + EscapeComponent(signed), strayToken},
		{`better-auth.session_token="` + signed + `"`, "a.b"},
		{"better-auth.session_token=%;better-auth.session_token=.", "true"},
		{"=;;=;a=b; better-auth.session_token", ";"},
		{"\x00\xff better-auth.session_token==", "é"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, header, value string) {
		cookies := newTestCookies(t)
		if got := cookies.Token(withCookies(header)); got != "" && !signs(keys, header, string(got)) {
			t.Errorf("%q counts as %q, which is not signed in it", header, string(got))
		}
		line := "better-auth.session_token=" + EscapeComponent(value+"."+keys.Sign(value))
		if got := cookies.Token(withCookies("a=b; " + line + "; c=d")); string(got) != value {
			t.Errorf("%q came back as %q", value, string(got))
		}
		s := &Sessions{cookies: cookies}
		h := http.Header{"Cookie": {header + "; " + line, "kept=1"}}
		s.Conceal(h)
		if got := cookies.Token(&http.Request{Header: h}); got != "" {
			t.Errorf("%q reaches the application in %q", string(got), h["Cookie"])
		}
		if !strings.HasSuffix(strings.Join(h["Cookie"], "; "), "kept=1") {
			t.Errorf("the application's own cookie is gone: %q", h["Cookie"])
		}
	})
}

// signs tells whether the header holds the value and one of the signatures it would have, in some encoding.
func signs(keys *Keys, header, value string) bool {
	for _, key := range keys.All() {
		signature := NewKeys(string(key)).Sign(value)
		if strings.Contains(header, signature) {
			return true
		}
		for pair := range strings.SplitSeq(header, ";") {
			_, raw, _ := strings.Cut(pair, "=")
			if decoded, err := url.PathUnescape(raw); err == nil && strings.Contains(decoded, value+"."+signature) {
				return true
			}
		}
	}
	return false
}
