package authflow

import (
	"net/url"
	"testing"
)

func TestAppendQueryKeepsQueryAndFragment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ target, want string }{
		{"/a", "/a?error=X"},
		{"/a?b=1#f", "/a?b=1&error=X#f"},
		{"/a?", "/a?error=X"},
		{"/a?b=1&", "/a?b=1&error=X"},
		{"/a b/é?q=<x>", "/a%20b/%C3%A9?q=%3Cx%3E&error=X"},
		{"/a/../b/./c/..", "/b/?error=X"},
		{"/%2e%2E/b", "/b?error=X"},
		{"/a   ", "/a?error=X"},
		{"https://app.example.test", "https://app.example.test/?error=X"},
		{"HTTPS://APP.example.test:443/x", "https://app.example.test/x?error=X"},
		{"myapp://callback", "myapp://callback?error=X"},
		{"/a#f g", "/a?error=X#f%20g"},
	} {
		if got := AppendQuery(row.target, url.Values{"error": {"X"}}); got != row.want {
			t.Errorf("AppendQuery(%q) = %q, want %q", row.target, got, row.want)
		}
	}
}

// D33: taking the dots out of a path must not turn it into another host's address.
func TestD33RedirectPathStaysAPathWithoutItsDots(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/.//evil.test", "/a/..//evil.test", "/%2e//evil.test/b", "/./%2E%2e///evil.test", "/..//evil.test#f"} {
		for _, got := range []string{AppendQuery(target, url.Values{"error": {"X"}}), SetQuery("https://app.example.test", target, "error", "X")} {
			u, err := url.Parse("https://app.example.test/verify")
			if err != nil {
				t.Fatal(err)
			}
			if u, err = u.Parse(got); err != nil || u.Host != "app.example.test" {
				t.Errorf("%q leads to %q", target, got)
			}
		}
	}
}

func TestSetQueryReplacesWhatIsThere(t *testing.T) {
	t.Parallel()
	const base = "https://app.example.test"
	for _, row := range []struct{ target, want string }{
		{"/reset", base + "/reset?token=T"},
		{"/reset?token=mine&a=b&token=too", base + "/reset?token=T&a=b"},
		{"/reset?a=b#frag", base + "/reset?a=b&token=T#frag"},
		{"/reset?u=http://evil.test&y", base + "/reset?u=http%3A%2F%2Fevil.test&y=&token=T"},
		{"/reset?a=%zz+é~*", base + "/reset?a=%25zz+%C3%A9%7E*&token=T"},
		{"https://other.example.test/x", "https://other.example.test/x?token=T"},
	} {
		if got := SetQuery(base, row.target, "token", "T"); got != row.want {
			t.Errorf("SetQuery(%q) = %q, want %q", row.target, got, row.want)
		}
	}
}
