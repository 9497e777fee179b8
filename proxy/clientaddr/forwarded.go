package clientaddr

import (
	"net/netip"
	"strings"
)

// parseAddr reads one entry of X-Forwarded-For. Some load balancers append the port, which is dropped.
func parseAddr(entry string) (netip.Addr, bool) {
	entry = strings.Trim(entry, " \t")
	if addr, err := netip.ParseAddr(entry); err == nil {
		return plain(addr), true
	}
	if ap, err := netip.ParseAddrPort(entry); err == nil {
		return plain(ap.Addr()), true
	}
	if len(entry) > 2 && entry[0] == '[' && entry[len(entry)-1] == ']' {
		if addr, err := netip.ParseAddr(entry[1 : len(entry)-1]); err == nil && addr.Is6() {
			return plain(addr), true
		}
	}
	return netip.Addr{}, false
}

// forwardedFor reads the node of one element of Forwarded. "unknown" and obfuscated identifiers (RFC 7239 §6.2, §6.3)
// are no addresses and end the walk.
func forwardedFor(element string) (netip.Addr, bool) {
	return parseAddr(forwardedParam(element, "for"))
}

// forwardedParam returns one parameter of the last element of a Forwarded line, unquoted; empty when it is missing,
// given twice, or malformed.
func forwardedParam(line, name string) string {
	_, element, _ := cutLast(line)
	value, seen := "", false
	for pair := range strings.SplitSeq(element, ";") {
		key, v, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !ok || !strings.EqualFold(key, name) {
			continue
		}
		if seen {
			return ""
		}
		value, seen = unquote(v), true
	}
	return value
}

// unquote takes a token or a quoted-string without escapes. No address, scheme or host needs an escape, so a value
// that has one is treated as malformed.
func unquote(v string) string {
	if strings.HasPrefix(v, `"`) {
		if len(v) < 2 || v[len(v)-1] != '"' {
			return ""
		}
		v = v[1 : len(v)-1]
	}
	if strings.ContainsAny(v, "\"\\,; \t\r\n") {
		return ""
	}
	return v
}

// cutLast splits off what follows the last comma. A comma within quotes splits too: both halves then carry a lone
// quote and are malformed, and a malformed entry ends the walk, which is the safe side.
func cutLast(list string) (rest, entry string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// last is the last value of the last line, the one that the nearest hop wrote.
func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	_, entry, _ := cutLast(lines[len(lines)-1])
	return strings.Trim(entry, " \t")
}
