package authflow

import (
	"net/url"
	"strings"
)

// redirectTarget is a URL that a browser is sent to, spelled as the WHATWG URL parser spells it, since better-auth's clients
// compare such URLs as text. Whether it may be a target at all has been asked before; see Origins.AllowsRedirect.
type redirectTarget struct {
	origin   string // "" for a path on this origin
	path     string
	query    string
	fragment string
}

// AppendQuery adds parameters to a redirect target's query, before any fragment. A path stays a path, and the query that was
// there stays as it is.
func AppendQuery(raw string, params url.Values) string {
	t := parseTarget(raw)
	if t.query != "" && !strings.HasSuffix(t.query, "&") {
		t.query += "&"
	}
	t.query += params.Encode()
	return t.String()
}

// SetQuery gives a parameter of a redirect target a value, in place of any it had, and makes a path absolute on base. The
// whole query is written anew as a form, as JavaScript's URLSearchParams does.
func SetQuery(base, raw, name, value string) string {
	t := parseTarget(raw)
	if t.origin == "" {
		t.origin = base
	}
	t.query = setFormValue(t.query, name, value)
	return t.String()
}

func (t redirectTarget) String() string {
	out := t.origin + t.path
	if t.origin == "" && strings.HasPrefix(t.path, "//") {
		// What was /.//host is no path any more once its dots are gone, but another host's address. A URL without a host keeps
		// a dot in front for that reason (WHATWG URL §4.5, the URL serializer).
		out = "/." + t.path
	}
	if t.query != "" {
		out += "?" + t.query
	}
	if t.fragment != "" {
		out += "#" + t.fragment
	}
	return out
}

// The characters, beside controls and all beyond ASCII, that a browser encodes in each part (WHATWG URL §1.3).
const (
	pathSet     = " \"<>`{}"
	querySet    = " \"<>'"
	fragmentSet = " \"<>`"
)

func parseTarget(raw string) redirectTarget {
	raw = strings.TrimRight(raw, " ")
	raw, fragment, _ := strings.Cut(raw, "#")
	raw, query, _ := strings.Cut(raw, "?")
	t := redirectTarget{path: raw, query: encodeSet(query, querySet), fragment: encodeSet(fragment, fragmentSet)}
	if strings.HasPrefix(raw, "/") {
		t.path = encodeSet(resolveDots(raw), pathSet)
		return t
	}
	scheme, rest, _ := strings.Cut(raw, "://")
	authority, path, hasPath := strings.Cut(rest, "/")
	t.origin, t.path = strings.ToLower(scheme)+"://"+authority, ""
	if origin, ok := webOrigin(t.origin); ok {
		t.origin, hasPath = origin, true // a web address has at least the path "/"
	}
	if hasPath {
		t.path = encodeSet(resolveDots("/"+path), pathSet)
	}
	return t
}

// resolveDots takes "." and ".." out of a path, also when their dots are encoded.
func resolveDots(path string) string {
	segments := strings.Split(path, "/")[1:]
	kept := make([]string, 0, len(segments))
	for i, segment := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// encodeSet percent-encodes, as UTF-8, the characters of the set, controls, and all beyond ASCII.
func encodeSet(s, set string) string {
	var out strings.Builder
	for i := range len(s) {
		if b := s[i]; b > 0x20 && b < 0x7f && strings.IndexByte(set, b) < 0 {
			out.WriteByte(b)
		} else {
			writeEncoded(&out, b)
		}
	}
	return out.String()
}

// setFormValue is URLSearchParams.set: the first parameter of that name gets the value, others of it go.
func setFormValue(query, name, value string) string {
	var pairs []string
	done := false
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		k, v = formDecode(k), formDecode(v)
		if k == name {
			if done {
				continue
			}
			v, done = value, true
		}
		pairs = append(pairs, formEncode(k)+"="+formEncode(v))
	}
	if !done {
		pairs = append(pairs, formEncode(name)+"="+formEncode(value))
	}
	return strings.Join(pairs, "&")
}

// formDecode is lenient, as browsers are: a percent sign that begins no code stands for itself.
func formDecode(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			decoded, _ := url.PathUnescape(s[i : i+3]) // two hex digits cannot be wrong
			out.WriteString(decoded)
			i += 2
		default:
			out.WriteByte(s[i])
		}
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

func formEncode(s string) string {
	var out strings.Builder
	for i := range len(s) {
		switch b := s[i]; {
		case isAlphanumeric(b) || strings.IndexByte("*-._", b) >= 0:
			out.WriteByte(b)
		case b == ' ':
			out.WriteByte('+')
		default:
			writeEncoded(&out, b)
		}
	}
	return out.String()
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}

func writeEncoded(out *strings.Builder, b byte) {
	const upperHex = "0123456789ABCDEF"
	out.WriteByte('%')
	out.WriteByte(upperHex[b>>4])
	out.WriteByte(upperHex[b&15])
}
