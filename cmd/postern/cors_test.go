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

func TestOnlyPreflightsAreAnsweredForTheApplication(t *testing.T) {
	t.Parallel()
	const asks = "Access-Control-Request-Method"
	for name, row := range map[string]struct {
		method, origin string
		header         map[string]string
		length         int64
		answered       bool
	}{
		"a preflight":                 {"OPTIONS", "https://app.test", map[string]string{asks: "PUT"}, 0, true},
		"OPTIONS that asks for none":  {"OPTIONS", "https://app.test", nil, 0, false},
		"OPTIONS with a body":         {"OPTIONS", "https://app.test", map[string]string{asks: "PUT"}, 3, false},
		"OPTIONS of unknown length":   {"OPTIONS", "https://app.test", map[string]string{asks: "PUT"}, -1, false},
		"of an origin that may not":   {"OPTIONS", "https://evil.test", map[string]string{asks: "PUT"}, 0, false},
		"without an origin":           {"OPTIONS", "", map[string]string{asks: "PUT"}, 0, false},
		"a GET that looks like one":   {"GET", "https://app.test", map[string]string{asks: "PUT"}, 0, false},
		"a POST that looks like one":  {"POST", "https://app.test", map[string]string{asks: "PUT"}, 0, false},
		"of a sandboxed or local one": {"OPTIONS", "null", map[string]string{asks: "PUT"}, 0, false},
	} {
		c, err := newCORS("https://postern.test", []string{"https://app.test"})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(row.method, "/", http.NoBody)
		r.ContentLength = row.length
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		for key, value := range row.header {
			r.Header.Set(key, value)
		}
		w := httptest.NewRecorder()
		if got := c.answerPreflight(&answer{ResponseWriter: w, cors: c, origin: c.allowed(r)}, r); got != row.answered {
			t.Errorf("%s: answered %v", name, got)
		}
	}
}
