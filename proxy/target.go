package proxy

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// target is what a request asks for, in the one form on which everything is decided.
type target struct {
	raw  string // path and query as received: these bytes are forwarded, or whole segments of them; no others
	path string // the path of raw, percent-decoded once but for slashes; rules are matched against it
	host string // the Host as rules compare it; the Host as sent is forwarded
}

// encodedSlash is how a slash that is part of a segment stands in target.path. No other percent sign there has two
// hexadecimal digits behind it, since a path that could be decoded twice is refused.
const encodedSlash = "%2F"

// parseTarget reads the request target from the bytes of the request line, not from URL, which other handlers may
// have rewritten. A target that two programs could read differently is refused before any rule is consulted: an
// application's idea of `/public/..;/admin` is not ours to guess. public may be nil.
func parseTarget(r *http.Request, public *url.URL) (target, *refusal) {
	if no := checkMethod(r.Method); no != nil {
		return target{}, no
	}
	host, ok := clientaddr.ParseHost(r.Host)
	// HTTP/2 has :authority, which became r.Host; a Host header beside it must agree (RFC 9113 §8.3.1).
	if other, sent := r.Header["Host"]; !ok || sent && (len(other) != 1 || other[0] != r.Host) {
		return target{}, refuseHost
	}
	raw, no := originForm(r.RequestURI, public)
	if no != nil {
		return target{}, no
	}
	path, no := canonicalPath(raw)
	return target{raw: raw, path: path, host: host}, no
}

// checkMethod refuses what no proxied application should see. CONNECT turns a shared connection into a tunnel (D64),
// TRACE echoes headers the client must not learn. Methods are case-sensitive (RFC 9110 §9.1), yet some frameworks
// fold them, so that `get` would meet another rule than it is served under.
func checkMethod(method string) *refusal {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return nil
	case http.MethodConnect, http.MethodTrace, "TRACK":
		return refuseMethod
	}
	if strings.ToUpper(method) != method {
		return refuseMethodCase
	}
	return nil
}

// originForm returns the target as /path?query. The absolute form must be accepted (RFC 9112 §3.2.2), but net/http
// drops the Host header that came beside it, so it is taken only where it names our own public origin.
func originForm(uri string, public *url.URL) (string, *refusal) {
	if strings.HasPrefix(uri, "/") {
		return uri, nil
	}
	if public == nil {
		return "", refuseAuthority
	}
	origin := public.Scheme + "://" + public.Host
	if len(uri) <= len(origin) || !strings.EqualFold(uri[:len(origin)], origin) || uri[len(origin)] != '/' {
		return "", refuseAuthority
	}
	return uri[len(origin):], nil
}

// canonicalPath checks a target that begins with a slash and returns its path, decoded once. A path that passes has the
// same segments for every reader: decoding it again, cleaning it, or splitting it at its slashes before or after decoding
// changes nothing. The exception is an encoded slash, which stays encoded; whether it is allowed is for the rule to say.
func canonicalPath(raw string) (string, *refusal) {
	if no := checkBytes(raw); no != nil {
		return "", no
	}
	path, _, _ := strings.Cut(raw, "?")
	if strings.IndexByte(path, '%') >= 0 {
		if no := checkEscapes(path); no != nil {
			return "", no
		}
		var no *refusal
		if path, no = decode(path); no != nil {
			return "", no
		}
	}
	if !utf8.ValidString(path) {
		return "", refuseEncoding // an overlong form of "." or "/" is invalid UTF-8, too
	}
	return path, checkSegments(path)
}

// decode decodes what lies between encoded slashes, of which it leaves one spelling.
func decode(path string) (string, *refusal) {
	var out strings.Builder
	out.Grow(len(path))
	for {
		at := indexEncodedSlash(path)
		piece := path
		if at >= 0 {
			piece = path[:at]
		}
		decoded, err := url.PathUnescape(piece)
		if err != nil {
			return "", refuseEscape
		}
		if hasEscape(decoded) {
			return "", refuseDoubleEncoding
		}
		out.WriteString(decoded)
		if at < 0 {
			return out.String(), nil
		}
		out.WriteString(encodedSlash)
		path = path[at+len(encodedSlash):]
	}
}

func indexEncodedSlash(path string) int {
	for i := 0; i+2 < len(path); i++ {
		if path[i] == '%' && path[i+1] == '2' && path[i+2]|0x20 == 'f' {
			return i
		}
	}
	return -1
}

// checkBytes looks at the target as a whole, since a fragment or control byte in the query moves its end.
func checkBytes(raw string) *refusal {
	inPath := true
	for i := range len(raw) {
		switch c := raw[i]; {
		case c < ' ' || c == 0x7f || c == ' ':
			return refuseControl
		case c == '#':
			return refuseFragment
		case c == '?':
			inPath = false
		case !inPath:
		case c == '\\':
			return refuseBackslash
		case c == ';':
			return refuseParameter
		}
	}
	return nil
}

// checkEscapes refuses escapes of bytes that separate or end something.
func checkEscapes(path string) *refusal {
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			continue
		}
		c, ok := unhex(path, i+1)
		switch {
		case !ok:
			return refuseEscape
		case c < ' ' || c == 0x7f:
			return refuseControl
		case c == '\\':
			return refuseBackslash
		case c == ';':
			return refuseParameter
		}
		i += 2
	}
	return nil
}

// hasEscape tells whether decoding a decoded path once more would change it.
func hasEscape(path string) bool {
	for i := range len(path) {
		if path[i] == '%' {
			if _, ok := unhex(path, i+1); ok {
				return true
			}
		}
	}
	return false
}

// checkSegments refuses empty segments and dot segments (RFC 3986 §5.2.4) of a decoded path. Windows drops dots and
// spaces at the end of a name, so a segment of nothing else counts as a dot segment. What stands between encoded slashes
// must not be one either: whoever decodes first would climb out of the rule's reach.
func checkSegments(path string) *refusal {
	mayHaveSlashes := strings.IndexByte(path, '%') >= 0
	for rest := path[1:]; rest != ""; {
		segment, tail, more := strings.Cut(rest, "/")
		switch {
		case segment == "":
			return refuseEmptySegment
		case mayHaveSlashes && strings.Contains(segment, encodedSlash):
			if len(rest) == len(path)-1 && strings.HasPrefix(segment, encodedSlash) {
				return refuseEmptySegment // decoded first, it would be //, which begins an authority
			}
			for part := range strings.SplitSeq(segment, encodedSlash) {
				if isDots(part) {
					return refuseDotSegment
				}
			}
		case isDots(segment):
			return refuseDotSegment
		}
		rest = tail
		if !more {
			break
		}
	}
	return nil
}

// isDots tells whether a name is nothing but dots and spaces.
func isDots(name string) bool {
	if name == "" {
		return false
	}
	last := name[len(name)-1]
	return (last == '.' || last == ' ') && strings.Trim(name, ". ") == ""
}

// hasEncodedSlash tells whether a canonical path has a slash inside a segment.
func hasEncodedSlash(path string) bool { return strings.Contains(path, encodedSlash) }

func unhex(s string, i int) (byte, bool) {
	if i+1 >= len(s) {
		return 0, false
	}
	high, ok1 := hexDigit(s[i])
	low, ok2 := hexDigit(s[i+1])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
