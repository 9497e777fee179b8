package proxy

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// rewriting makes the path that the application sees out of the one that was decided on. It puts whole segments
// together, as they were sent, and never decodes or encodes any: what has one reading before has one reading after (D14).
type rewriting struct {
	to     pattern // of the results
	parts  []part
	rest   int      // how many of the request's segments are accounted for by parts; negative when none may follow
	prefix []string // the value of X-Forwarded-Prefix, where one was stripped
}

// part is one segment of the result.
type part struct {
	literal string // as it is sent
	from    int    // position of the request's segment that stands here; negative for a literal
}

// newRewriting reads strip_prefix and rewrite; it is nil when neither is given.
func newRewriting(from pattern, c RouteConfig) (*rewriting, error) {
	switch {
	case c.StripPrefix != "" && c.Rewrite != "":
		return nil, errors.New("rewrite: is given beside strip_prefix; keep one of them")
	case c.StripPrefix != "":
		r, err := newStripping(from, c.StripPrefix)
		if err != nil {
			return nil, fmt.Errorf("strip_prefix: %w", err)
		}
		return r, nil
	case c.Rewrite != "":
		r, err := newReplacing(from, c.Rewrite)
		if err != nil {
			return nil, fmt.Errorf("rewrite: %w", err)
		}
		return r, nil
	}
	return nil, nil
}

func newStripping(from pattern, prefix string) (*rewriting, error) {
	cut, err := parsePattern(prefix)
	if err != nil {
		return nil, err
	}
	if cut.deep || cut.wildcards() > 0 || len(cut.segments) == 0 {
		return nil, fmt.Errorf("%q is no path to strip; write one such as /v1, without wildcards", prefix)
	}
	if len(cut.segments) > len(from.segments) || !slices.Equal(cut.segments, from.segments[:len(cut.segments)]) {
		return nil, fmt.Errorf("path (%s) does not begin with %s", from, prefix)
	}
	to := pattern{segments: from.segments[len(cut.segments):], deep: from.deep}
	return &rewriting{to: to, rest: len(cut.segments), prefix: []string{escapedPath(cut)}[:1:1]}, nil
}

func newReplacing(from pattern, text string) (*rewriting, error) {
	to, err := parsePattern(text)
	if err != nil {
		return nil, err
	}
	if to.wildcards() > from.wildcards() || to.deep && !from.deep {
		return nil, fmt.Errorf("%q has a wildcard that path (%s) has not", text, from)
	}
	r := &rewriting{to: to, rest: -1}
	if to.deep {
		r.rest = len(from.segments)
	}
	at := 0
	for _, segment := range to.segments {
		if segment != "*" {
			r.parts = append(r.parts, part{literal: url.PathEscape(segment), from: -1})
			continue
		}
		at += slices.Index(from.segments[at:], "*")
		r.parts = append(r.parts, part{from: at})
		at++
	}
	return r, nil
}

// escapedPath is how a pattern without wildcards is sent.
func escapedPath(p pattern) string {
	var out strings.Builder
	for _, segment := range p.segments {
		out.WriteString("/" + url.PathEscape(segment))
	}
	return out.String()
}

// apply returns the target that the application gets. raw is a canonical target that matches the route's pattern.
func (r *rewriting) apply(raw string) string {
	path, query := raw, ""
	if at := strings.IndexByte(raw, '?'); at >= 0 {
		path, query = raw[:at], raw[at:]
	}
	var segments []string
	if inner := strings.Trim(path, "/"); inner != "" {
		segments = strings.Split(inner, "/")
	}
	var out strings.Builder
	out.Grow(len(raw) + 32)
	for _, p := range r.parts {
		if out.WriteByte('/'); p.from < 0 {
			out.WriteString(p.literal)
		} else {
			out.WriteString(segments[p.from])
		}
	}
	if r.rest >= 0 {
		for _, segment := range segments[r.rest:] {
			out.WriteByte('/')
			out.WriteString(segment)
		}
	}
	if out.Len() == 0 || path[len(path)-1] == '/' { // frameworks tell /a/ from /a
		out.WriteByte('/')
	}
	out.WriteString(query)
	return out.String()
}

// rewritingWarnings finds routes whose result another one would ask more for. Where that is a route, both must let a
// request pass; default_auth is none, since then nothing could be rewritten without a route for the result.
func (c Config) rewritingWarnings(rules []*Rule) []error {
	var found []error
	fallback := &Rule{Pattern: DefaultPattern}
	fallback.Auth, _ = ParseAuth(c.DefaultAuth) // valid, or the strictest
	for i, rule := range rules {
		if rule.rewrite == nil || len(rule.endpoints) > 0 {
			continue
		}
		key := routeKey(i) + ".rewrite"
		if rule.rewrite.prefix != nil {
			key = routeKey(i) + ".strip_prefix"
		}
		to := rule.rewrite.to
		decides := slices.IndexFunc(rules, func(other *Rule) bool {
			return other != rule && other.pattern.covers(to) && other.takesHost(rule.host) && len(other.methods) == 0 && len(other.endpoints) == 0
		})
		switch {
		case decides >= 0 && rule.asksLess(rules[decides]):
			found = append(found, fmt.Errorf("%s: makes %s out of %s, for which %s (%s) asks more; requests have to pass both",
				key, to, rule.Pattern, routeKey(decides), rules[decides].Pattern))
		case decides < 0 && rule.asksLess(fallback):
			found = append(found, fmt.Errorf("%s: makes %s of the application %s under %s, for which default_auth asks %s; if that is meant, say so by a route for %s",
				key, to, rule.Auth, rule.Pattern, fallback.Auth, to))
		}
	}
	return found
}
