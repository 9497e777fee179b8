package authflow

import (
	"net/http"
	"strings"
)

// OwnsCookie tells whether a cookie is one of ours, which no application may set.
func (s *Sessions) OwnsCookie(name string) bool { return s.cookies.Owns(name) }

// Conceal takes our cookies and our bearer token out of headers that are on their way to the application.
func (s *Sessions) Conceal(h http.Header) {
	s.concealCookies(h)
	kept := h["Authorization"][:0:0]
	for _, line := range h["Authorization"] {
		if !s.ownsBearer(line) {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, "Authorization")
		return
	}
	h["Authorization"] = kept
}

func (s *Sessions) concealCookies(h http.Header) {
	lines := h["Cookie"]
	if len(lines) == 0 {
		return
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if line = s.withoutOurs(line); line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = kept
}

func (s *Sessions) withoutOurs(line string) string {
	var out strings.Builder
	for line != "" {
		var pair string
		pair, line, _ = strings.Cut(line, ";")
		pair = strings.TrimSpace(pair)
		name, _, _ := strings.Cut(pair, "=")
		if pair == "" || s.cookies.Owns(strings.TrimSpace(name)) {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("; ")
		}
		out.WriteString(pair)
	}
	return out.String()
}
