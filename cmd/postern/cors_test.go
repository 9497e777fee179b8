package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

func TestEveryAnswerThatDependsOnTheOriginSaysSo(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		allowed     []string
		origin      string
		application string // what it allows itself
		readable    string
		varies      bool
	}{
		"nobody allowed":         {nil, "https://app.test", "", "", false},
		"an origin allowed":      {[]string{"https://app.test"}, "https://app.test", "", "https://app.test", true},
		"another origin":         {[]string{"https://app.test"}, "https://evil.test", "", "", true},
		"no origin":              {[]string{"https://app.test"}, "", "", "", true},
		"our own":                {[]string{"https://app.test"}, "https://postern.test", "", "", true},
		"the application speaks": {[]string{"https://app.test"}, "https://app.test", "*", "*", false},
	} {
		c, err := newCORS("https://postern.test", row.allowed)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		h := http.Header{}
		if row.application != "" {
			h.Set("Access-Control-Allow-Origin", row.application)
		}
		c.mark(h, c.allowed(r))
		if got := h.Get("Access-Control-Allow-Origin"); got != row.readable {
			t.Errorf("%s: readable to %q, want %q", name, got, row.readable)
		}
		if got := slices.Contains(h["Vary"], "Origin"); got != row.varies {
			t.Errorf("%s: Vary %v", name, h["Vary"])
		}
	}
}
