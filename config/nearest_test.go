package config

import "testing"

func TestNearestKey(t *testing.T) {
	t.Parallel()
	valid := keys(describeConfig(), "")
	for given, want := range map[string]string{
		"databse":                "database",
		"server.lisen":           "server.listen",
		"auth.cookies":           "auth.cookie",
		"auth.expires_in":        "auth.session.expires_in",
		"cookie.same_site":       "auth.cookie.same_site",
		"public_url":             "server.public_url",
		"PUBLIC_URL":             "server.public_url",
		"mail.api_key":           "mail.resend.api_key",
		"auth.secret_fil":        "auth.secret_file",
		"session-cache":          "session_cache",
		"log.lvl":                "log.level",
		"auth.emailAndPasswords": "auth.email_password",
	} {
		if got := nearest(given, valid); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"url", "url", 0}, {"ab", "ba", 2}} {
		if got := editDistance(row.a, row.b); got != row.want {
			t.Errorf("%q to %q: got %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
