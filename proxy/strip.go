package proxy

import (
	"net/http"
	"strings"
)

// forwardedPrefix covers X-Forwarded-For, -Proto, -Host, -Prefix, -Port, -Server, -Uri, -User and whatever a proxy in
// front of somebody else's application has invented since.
const forwardedPrefix = "x-forwarded-"

// authRequestPrefix covers the names by which oauth2-proxy answers nginx, which copies them into the request:
// X-Auth-Request-User, -Email, -Groups and more.
const authRequestPrefix = "x-auth-request-"

// unvouched are names under which clients could tell an application something that it would believe because a proxy
// usually says it: where a request came from, which path or method was meant. Postern says the former in
// X-Forwarded-*, and the latter must be what the rules were asked about (D03, D27, D96).
func unvouched() []string {
	return []string{
		"forwarded", "x-forwarded",
		"x-real-ip", "x-real-port", "x-client-ip", "x-cluster-client-ip", "client-ip", "true-client-ip", "fastly-client-ip",
		"fly-client-ip", "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "x-originating-ip", "x-remote-ip",
		"x-remote-addr", "x-azure-clientip", "x-azure-socketip", "x-appengine-user-ip", "x-envoy-external-address",
		"x-original-forwarded-for", "x-proxyuser-ip", "proxy-client-ip", "wl-proxy-client-ip",
		"x-original-url", "x-original-uri", "x-original-host", "x-original-method", "x-original-path",
		"x-envoy-original-path", "x-rewrite-url", "x-host",
		"x-http-method-override", "x-http-method", "x-method-override",
		"proxy",          // becomes HTTP_PROXY in CGI: https://httpoxy.org
		"http2-settings", // belongs to an upgrade that is never passed on
	}
}

// stripper removes what clients may not say. Names are compared in the form that CGI and its descendants (WSGI, Rack,
// PHP) reduce them to: case folded, and every character that is no letter or digit the same. Thus X_Postern-User.Id is
// X-Postern-User-Id (D19, D20).
type stripper struct {
	names    map[string]struct{}
	starts   [256]bool // first characters of protected names, in either case: most headers are passed over by it
	longest  int
	prefixes []string
	identity []string // names that tell the application who is asking, as they are given; in no other case
}

func newStripper(configured []string) *stripper {
	s := &stripper{names: map[string]struct{}{}, prefixes: []string{reservedPrefix, forwardedPrefix, authRequestPrefix}}
	for _, prefix := range s.prefixes {
		s.start(prefix)
	}
	for _, name := range unvouched() {
		s.protect(name)
	}
	for _, row := range HeaderRows() {
		s.reserve(row.Header) // the default names stay reserved when others are configured
	}
	s.reserve(assertionHeader)
	for _, preset := range Presets() { // an application that believes these is not to hear them from clients, ever
		for _, header := range preset.Headers {
			s.reserve(header.Header)
		}
	}
	for _, name := range configured {
		s.reserve(name)
	}
	return s
}

// reserve protects a name by which an application knows its user.
func (s *stripper) reserve(name string) {
	s.protect(name)
	s.identity = append(s.identity, name)
}

func (s *stripper) protect(name string) {
	name = strings.ToLower(name)
	s.names[name] = struct{}{}
	s.longest = max(s.longest, len(name))
	s.start(name)
}

func (s *stripper) start(name string) {
	s.starts[name[0]] = true
	s.starts[strings.ToUpper(name)[0]] = true
}

// strip returns the outbound header without what is protected, with room for as many lines as will be set: a map that
// grows twice on the way costs more than all else that is done here. Names that the client listed in Connection are
// gone by then: ReverseProxy removes them before Rewrite, so that a list can take nothing away from what is set
// afterwards (D22, D23).
func (s *stripper) strip(h http.Header, room int) http.Header {
	kept := make(http.Header, len(h)+room)
	for name, values := range h {
		if !s.protects(name) {
			kept[name] = values
		}
	}
	return kept
}

func (s *stripper) protects(name string) bool {
	if name == "" || !s.starts[name[0]] {
		return false
	}
	var buffer [64]byte
	folded := fold(buffer[:0], name)
	for _, prefix := range s.prefixes {
		if len(folded) >= len(prefix) && string(folded[:len(prefix)]) == prefix {
			return true
		}
	}
	if len(name) > s.longest {
		return false
	}
	_, found := s.names[string(folded)]
	return found
}

// fold appends the form in which names are compared.
func fold(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		default:
			c = '-'
		}
		dst = append(dst, c)
	}
	return dst
}
