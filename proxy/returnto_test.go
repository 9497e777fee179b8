package proxy

import (
	"net/url"
	"strings"
	"testing"
)

func TestReturnTo(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{
		"/": true, "/a/b?c=d&e=//f": true, "/a?next=https://evil.example": true, "/%2f": true,
		"": false, "a": false, "//evil.example": false, "/\\evil.example": false, "\\\\evil.example": false, "https://evil.example": false,
		"/\t/evil.example": false, "/a\r\nb": false, "/a b": false, "/a#b": false, "javascript:alert(1)": false,
		"/" + strings.Repeat("a", maxReturnTo): false,
	} {
		if _, ok := returnTo(target); ok != want {
			t.Errorf("%q: %v", target, ok)
		}
	}
}

func TestSignInLocationCarriesTheTargetOnce(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"/sign-in":                  "/sign-in?return_to=%2Fa%3Fb%3D1%26c%3D2",
		"/sign-in?lang=de":          "/sign-in?lang=de&return_to=%2Fa%3Fb%3D1%26c%3D2",
		"https://id.example/in#top": "https://id.example/in?return_to=%2Fa%3Fb%3D1%26c%3D2#top",
	} {
		p, err := newSignInPage(page, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := p.location("", "/a?b=1&c=2")
		if got != want {
			t.Errorf("%s: %s, want %s", page, got, want)
		}
		if u, err := url.Parse(got); err != nil || u.Query().Get("return_to") != "/a?b=1&c=2" {
			t.Errorf("%s does not give the target back: %v", got, err)
		}
		if long := p.location("", "/"+strings.Repeat("a", maxReturnTo)); strings.Contains(long, "return_to") {
			t.Errorf("a target too long is carried along: %d bytes", len(long))
		}
	}
}

// browserResolve removes what browsers remove before they parse a reference (WHATWG URL) and reads backslashes as
// slashes, as they do.
func browserResolve(target string) (*url.URL, error) {
	target = strings.Trim(target, " \x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f")
	target = strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(target)
	base := &url.URL{Scheme: "https", Host: "own.example", Path: "/"}
	return base.Parse(target)
}

func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "//evil", "/\\evil", "/\t/evil", "/a?b", "/%2f/evil", "/ü"} {
		f.Add(seed)
	}
	page, err := newSignInPage("/sign-in?x=1", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		back, ok := returnTo(target)
		if !ok {
			return
		}
		if u, err := browserResolve(back); err == nil && (u.Host != "own.example" || u.Scheme != "https") {
			t.Errorf("%q leads to %s", target, u)
		}
		u, err := url.Parse(page.location("", target))
		if err != nil || u.Path != "/sign-in" || u.Query().Get("return_to") != target {
			t.Errorf("%q does not survive in %q", target, page.location("", target))
		}
	})
}
