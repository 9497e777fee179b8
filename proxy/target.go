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
	raw  string // path and query as received: these bytes are forwarded, no others
	path string // the path of raw, percent-decoded once; rules are matched against it
	host string // the Host as rules compare it; the Host as sent is forwarded
}

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

// canonicalPath checks a target that begins with a slash and returns its path, decoded once. A path that passes has the same segments for
// every reader: decoding it again, cleaning it, or splitting it at its slashes before or after decoding changes nothing.
func canonicalPath(raw string) (string, *refusal) {
	if no := checkBytes(raw); no != nil {
		return "", no
	}
	path, _, _ := strings.Cut(raw, "?")
	if strings.IndexByte(path, '%') >= 0 {
		if no := checkEscapes(path); no != nil {
			return "", no
		}
		decoded, err := url.PathUnescape(path)
		if err != nil {
			return "", refuseEscape
		}
		if path = decoded; hasEscape(path) {
			return "", refuseDoubleEncoding
		}
	}
	if !utf8.ValidString(path) {
		return "", refuseEncoding // an overlong form of "." or "/" is invalid UTF-8, too
	}
	return path, checkSegments(path)
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
		case c == '/':
			return refuseEncodedSlash
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
// spaces at the end of a name, so a segment of nothing else counts as a dot segment.
func checkSegments(path string) *refusal {
	for rest := path[1:]; rest != ""; {
		segment, tail, more := strings.Cut(rest, "/")
		if segment == "" {
			return refuseEmptySegment
		}
		if last := segment[len(segment)-1]; (last == '.' || last == ' ') && strings.Trim(segment, ". ") == "" {
			return refuseDotSegment
		}
		rest = tail
		if !more {
			break
		}
	}
	return nil
}

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
