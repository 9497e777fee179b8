package clientaddr

import (
	"net/netip"
	"strings"
)

// ParseHost splits a Host value (RFC 9110 §7.2) and returns its name as rules compare it: lower case, without port and
// without trailing dot. It is stricter than RFC 3986, which lets a registered name contain nearly anything: letters,
// digits, hyphen, underscore and dots, or an address. International names arrive in their xn-- form.
func ParseHost(host string) (name string, ok bool) {
	if strings.HasPrefix(host, "[") {
		return parseIPv6Host(host)
	}
	name, port, hasPort := strings.Cut(host, ":")
	if hasPort && !validPort(port) {
		return "", false
	}
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 || !validName(name) {
		return "", false
	}
	return strings.ToLower(name), true
}

func parseIPv6Host(host string) (string, bool) {
	literal, rest, ok := strings.Cut(host[1:], "]")
	if !ok || rest != "" && (rest[0] != ':' || !validPort(rest[1:])) {
		return "", false
	}
	addr, err := netip.ParseAddr(literal)
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", false
	}
	return "[" + addr.String() + "]", true
}

func validName(name string) bool {
	previous := byte('.')
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '.' && previous != '.':
		default:
			return false
		}
		previous = c
	}
	return true
}

func validPort(port string) bool {
	n := 0
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' || i > 4 {
			return false
		}
		n = n*10 + int(port[i]-'0')
	}
	return n > 0 && n <= 65535
}
