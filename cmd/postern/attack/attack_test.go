package attack

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// naive is a proxy that makes the mistakes others have made.
func naive(t *testing.T) Target {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.RequestURI, "/api/auth/ok") && r.URL.Path != "/api/auth/ok", // D01, D02, D05, D10
			r.Header.Get("X-Original-Url") == "/api/auth/ok",          // D03
			strings.Contains(r.UserAgent(), "GoogleHC"),               // D04
			strings.HasPrefix(r.RequestURI, "//"),                     // D11
			r.Host == "localhost",                                     // D16
			r.Header.Get("X-Postern-User-Id") != "",                   // D19
			strings.Contains(r.Header.Get("Cookie"), "session_token"), // D55
			strings.Contains(r.Header.Get("Authorization"), "eyJ"),    // D82
			strings.Contains(r.URL.Path, ";"):                         // D95
			_, _ = io.WriteString(w, "the application")
		case r.URL.Path == "/api/auth/ok":
			_, _ = io.WriteString(w, `{"ok":true}`)
		case r.URL.Query().Get("callbackURL") != "": // D33
			w.Header().Set("Location", r.URL.Query().Get("callbackURL"))
			w.WriteHeader(302)
		case r.URL.Path == "/api/auth/sign-out": // D17
		case r.Header.Get("Upgrade") != "": // D99
			w.WriteHeader(101)
		case r.URL.Path == "/metrics": // D91
			_, _ = io.WriteString(w, "postern_build_info 1")
		case strings.Contains(r.URL.RawQuery, "script"): // D87
			_, _ = io.WriteString(w, r.URL.Query().Get("error"))
		case len(r.Header.Get("Authorization")) > 0 && !strings.Contains(r.Header.Get("Authorization"), "."), // D75
			len(r.URL.RawQuery) > 1000: // D77
			w.WriteHeader(500)
		case r.Method == "TRACE": // D64
		default:
			w.WriteHeader(401)
		}
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return Target{URL: u, BasePath: "/api/auth", Path: "/admin"}
}

func TestEachAttackSucceedsOnANaiveProxy(t *testing.T) {
	t.Parallel()
	results, err := Run(t.Context(), naive(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if len(r.Problems) == 0 && r.ID != "D78" {
			t.Errorf("%s (%s) finds nothing", r.ID, r.Name)
		}
		if r.ID == "D78" && r.Skipped == "" {
			t.Error("requests are smuggled where others may be")
		}
	}
	var out bytes.Buffer
	if n, err := Tell(&out, results); err != nil || n != len(results)-1 || !strings.Contains(out.String(), "skip  D78") || !strings.Contains(out.String(), "FAIL  D05") {
		t.Errorf("%d, %v\n%s", n, err, out.String())
	}
}

func TestSmugglingIsSeen(t *testing.T) {
	t.Parallel()
	a := &attacker{ctx: t.Context(), Target: naive(t)}
	a.Alone = true
	smuggle(a) // Go's server tells requests apart rightly
	if a.problems != nil {
		t.Errorf("found %v", a.problems)
	}
	for location, elsewhere := range map[string]bool{
		"": false, "/x": false, "x": false, "//evil.invalid": true, "/\\evil.invalid": true, "/\t/evil.invalid": true, "javascript:x": true, "https://evil.invalid": true,
		a.URL.String() + "/x": false, a.URL.String() + ".evil.invalid": true, a.URL.String() + "@evil.invalid": true, "/%09/evil.invalid": false,
	} {
		if got := a.leadsElsewhere(location); got != elsewhere {
			t.Errorf("%q: %t", location, got)
		}
	}
}

func TestNothingIsTriedOnWhatIsOpenOrAway(t *testing.T) {
	t.Parallel()
	target := naive(t)
	target.Path = "/api/auth/ok"
	if _, err := Run(t.Context(), target); err == nil || !strings.Contains(err.Error(), "--path") {
		t.Errorf("an open path: %v", err)
	}
	target.URL = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	if _, err := Run(t.Context(), target); err == nil {
		t.Error("nobody is there, and that is no error")
	}
}

func TestIdsAreThoseOfTheCatalogue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/security-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`(?m)^\| (D\d\d) `).FindAllStringSubmatch(string(page), -1)
	last := ""
	for _, o := range corpus() {
		if !slices.ContainsFunc(known, func(m []string) bool { return m[1] == o.id }) {
			t.Errorf("%s is in no catalogue", o.id)
		}
		if o.id <= last {
			t.Errorf("%s comes after %s", o.id, last)
		}
		last = o.id
	}
}
