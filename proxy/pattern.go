package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// pattern is a route's path, taken apart.
type pattern struct {
	segments []string // "*" is any one segment
	deep     bool     // it ended with /**
}

// parsePattern splits a pattern into segments. Patterns are written decoded: they are compared with decoded paths.
func parsePattern(text string) (pattern, error) {
	switch {
	case text == "":
		return pattern{}, errors.New("is empty; use /** for everything")
	case text[0] != '/':
		return pattern{}, fmt.Errorf("%q does not begin with a slash", text)
	case text == "/":
		return pattern{}, nil
	case text[len(text)-1] == '/':
		return pattern{}, fmt.Errorf("%q ends with a slash; write %q, which matches both", text, strings.TrimRight(text, "/"))
	case strings.ContainsAny(text, "?#"):
		return pattern{}, fmt.Errorf("%q has a query or fragment; rules see the path alone", text)
	case strings.ContainsRune(text, '%'):
		return pattern{}, fmt.Errorf("%q has an escape; write the character itself", text)
	}
	if _, no := canonicalPath(strings.ReplaceAll(text, " ", "%20")); no != nil {
		return pattern{}, fmt.Errorf("%q can match nothing: %s", text, no.message)
	}
	p := pattern{segments: strings.Split(text[1:], "/")}
	if last := len(p.segments) - 1; p.segments[last] == "**" {
		p.segments, p.deep = p.segments[:last], true
	}
	for _, segment := range p.segments {
		if err := checkSegment(segment); err != nil {
			return pattern{}, fmt.Errorf("%q: %w", text, err)
		}
	}
	return p, nil
}

func checkSegment(segment string) error {
	switch {
	case segment == "*":
		return nil
	case segment == "**":
		return errors.New("** stands at the end only; use * for one segment in between")
	case strings.Contains(segment, "*"):
		return fmt.Errorf("%q mixes * with other characters; a wildcard is a whole segment", segment)
	case strings.ContainsAny(segment, "{}") || segment[0] == ':':
		return fmt.Errorf("%q looks like a path parameter; use * for one segment", segment)
	}
	return nil
}

// wildcards counts those of one segment.
func (p pattern) wildcards() int {
	n := 0
	for _, segment := range p.segments {
		if segment == "*" {
			n++
		}
	}
	return n
}

// covers tells whether every path that matches other matches p, too.
func (p pattern) covers(other pattern) bool {
	if len(p.segments) > len(other.segments) || !p.deep && (other.deep || len(p.segments) != len(other.segments)) {
		return false
	}
	for i, segment := range p.segments {
		if segment != "*" && segment != other.segments[i] {
			return false
		}
	}
	return true
}

// meets returns the pattern of the paths that match both.
func (p pattern) meets(other pattern) (pattern, bool) {
	long, short := p, other
	if len(long.segments) < len(short.segments) {
		long, short = short, long
	}
	if len(long.segments) > len(short.segments) && !short.deep {
		return pattern{}, false
	}
	both := pattern{segments: slices.Clone(long.segments), deep: long.deep && (short.deep || len(long.segments) > len(short.segments))}
	for i, segment := range short.segments {
		switch {
		case both.segments[i] == "*":
			both.segments[i] = segment
		case segment != "*" && segment != both.segments[i]:
			return pattern{}, false
		}
	}
	return both, true
}

// example is a path that matches.
func (p pattern) example() string {
	if len(p.segments) == 0 {
		return "/"
	}
	return "/" + strings.ReplaceAll(strings.Join(p.segments, "/"), "*", "x")
}

func (p pattern) String() string {
	switch text := "/" + strings.Join(p.segments, "/"); {
	case !p.deep:
		return text
	case text == "/":
		return "/**"
	default:
		return text + "/**"
	}
}

func parseMethods(list []string) ([]string, error) {
	var methods []string
	for _, method := range list {
		method = strings.ToUpper(method)
		if method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" || checkMethod(method) != nil {
			return nil, fmt.Errorf("%q is no method that can be routed", method)
		}
		methods = append(methods, method)
	}
	if slices.Contains(methods, http.MethodGet) && !slices.Contains(methods, http.MethodHead) {
		methods = append(methods, http.MethodHead) // as in http.ServeMux: HEAD is GET without the body
	}
	return methods, nil
}

func parseRuleHost(host string) (string, error) {
	if host == "" {
		return "", nil
	}
	name, ok := clientaddr.ParseHost(host)
	if !ok {
		return "", fmt.Errorf("%q is no host name; write international names in their xn-- form", host)
	}
	if !strings.EqualFold(strings.TrimSuffix(host, "."), name) && host[0] != '[' || strings.Contains(host, "]:") {
		return "", fmt.Errorf("%q has a port; leave it out, rules compare the name alone", host)
	}
	return name, nil
}
