package proxy

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// responseHeaders changes the headers of the application's answers.
type responseHeaders struct {
	set    []headerLine // names are canonical, values are shared by all answers
	remove []string
}

func newResponseHeaders(set map[string]string, remove []string) (responseHeaders, error) {
	var r responseHeaders
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value := set[name]
		canonical, err := changeable(name)
		switch {
		case err == nil && canonical == "Set-Cookie":
			err = errors.New("would be sent to every browser alike; let the application set its cookies")
		case err == nil && slices.ContainsFunc(r.set, func(line headerLine) bool { return line.name == canonical }):
			err = errors.New("is in the list already, in another letter case")
		case err == nil && strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			err = fmt.Errorf("%q is no value of a header", value)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("set_response_headers.%s: %w", name, err))
			continue
		}
		r.set = append(r.set, headerLine{canonical, []string{value}[:1:1]})
	}
	for i, name := range remove {
		canonical, err := changeable(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("remove_response_headers[%d]: %q %w", i, name, err))
			continue
		}
		r.remove = append(r.remove, canonical)
	}
	return r, errors.Join(problems...)
}

// changeable refuses headers by which two ends of a connection agree on where a message ends (RFC 9110 §7.6.1), and
// those that are Postern's to say.
func changeable(name string) (string, error) {
	if !isToken(name) {
		return "", errors.New("is no name of a header")
	}
	switch canonical := http.CanonicalHeaderKey(name); strings.ToLower(name) {
	case "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return "", errors.New("belongs to the connection and cannot be changed")
	case "x-request-id":
		return "", errors.New("is Postern's own")
	default:
		return canonical, nil
	}
}

// apply removes first, so that a name in both lists is set.
func (r *responseHeaders) apply(h http.Header) {
	for _, name := range r.remove {
		delete(h, name)
	}
	for _, line := range r.set {
		h[line.name] = line.values // its capacity is its length: whoever appends, copies
	}
}

// isToken tells whether a text is what HTTP allows as a name (RFC 9110 §5.6.2).
func isToken(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(others, c) >= 0) {
			return false
		}
	}
	return name != ""
}
