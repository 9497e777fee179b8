package config

import (
	"path/filepath"
	"strings"
	"testing"
)

const printed = `
name: http://joe:tr0ub4dor@127.0.0.1:8000
list: [http://joe:tr0ub4dor@127.0.0.1:8000, plain]
secrets: [tr0ub4dor-tr0ub4dor]
names: {X-User: Remote-User}
custom: {X: left}
items:
  - path: /public/**
    auth: public
  - path: http://joe:tr0ub4dor@127.0.0.1:8001
    more: {size: 7}
named:
  First:
    secret: tr0ub4dor-tr0ub4dor
  second: {more: {size: 8}}
`

// printText is the print-out of a load that touches every kind of origin and of secret.
func printText(t *testing.T) string {
	t.Helper()
	file := write(t, "postern.yaml", printed)
	secret := write(t, "secret", "tr0ub4dor\n")
	s := Sources{
		File: file, Mode: Dev, Flags: map[string]string{"count": "80"}, Defaults: map[string]string{"base": "/dev"},
		Environ: []string{
			"POSTERN_SECRET_FILE=" + secret, "POSTERN_WAIT=5s",
			"DATABASE=postgres://app:tr0ub4dor@db:5432/app?sslmode=require&sslpassword=tr0ub4dor",
		},
	}
	var target sample
	var r reading
	var ps problems
	s.read(&target, &r, &ps)
	if err := ps.err(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(filepath.Dir(file), "$DIR", filepath.Dir(secret), "$DIR").Replace(b.String())
}

func TestPrintShowsValuesWithTheirOrigin(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/printed.yaml", printText(t))
}

func TestD66PrintShowsNoSecret(t *testing.T) {
	t.Parallel()
	if text := printText(t); strings.Contains(text, "tr0ub4dor") {
		t.Errorf("a secret is in\n%s", text)
	}
}

func TestRedactHidesPasswordsInURLs(t *testing.T) {
	t.Parallel()
	plain, secret, secretURL := &field{key: "upstream.url"}, &field{key: "auth.secret", secret: true}, &field{key: "database.url", secret: true}
	for _, row := range []struct {
		f          *field
		text, want string
	}{
		{plain, "", ""},
		{plain, "hello", "hello"},
		{plain, "http://127.0.0.1:8000", "http://127.0.0.1:8000"},
		{plain, "http://joe:pw@host/x", "http://joe:xxxxx@host/x"},
		{plain, "http://joe:p%w@host/x", redacted},
		{plain, "https://host/?api_key=1&a=b", "https://host/?a=b&api_key=xxxxx"},
		{secret, "", ""},
		{secret, "anything", redacted},
		{secret, "https://app:pw@host", redacted},
		{secretURL, "postgres://app:pw@db/app", "postgres://app:xxxxx@db/app"},
		{secretURL, "postgres://db/app?password=pw", "postgres://db/app?password=xxxxx"},
		{secretURL, "host=db password=pw", redacted},
		{secretURL, "postgres://app:p%w@db/app", redacted},
	} {
		if got := redact(row.f, row.text); got != row.want {
			t.Errorf("%s %q: got %q, want %q", row.f.key, row.text, got, row.want)
		}
	}
}
