package social

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/posternhq/postern/authflow"
)

const (
	maxNameBytes  = 1024
	maxImageBytes = 64 << 10 // may be a small data URL
	maxSubject    = 255      // OIDC Core §2: must not exceed 255 ASCII characters
)

// canonicalEmail is the one form in which a provider's address is compared, looked up and stored: before anything is decided on it.
// What other programs could read as another address is refused, not mended: an address with two @ (CVE-2026-40574), one that only
// Unicode's normal forms make an address (GHSA-7rqj-j65f-68wh), a dot at the end, blanks, controls, quotes. Empty stays empty.
//
// Differs from better-auth: it takes whatever the provider says, in lower case.
func canonicalEmail(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	local, domain, _ := strings.Cut(raw, "@")
	switch {
	case strings.Count(raw, "@") != 1:
		return "", errors.New("the address has not exactly one @ (RFC 5321 §4.1.2)")
	case len(raw) > 254 || len(local) > 64:
		return "", errors.New("the address is longer than can be mailed to (RFC 5321 §4.5.3.1)")
	case !isDotAtom(local):
		return "", errors.New("the address has something else than ASCII atoms before the @ (RFC 5322 §3.2.3)")
	case !authflow.IsEmail("x@" + domain):
		return "", errors.New("the address has no domain name after the @ (RFC 5321 §4.1.2)")
	}
	return strings.ToLower(raw), nil
}

// isDotAtom is RFC 5322 §3.2.3: atoms between single dots.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if b := atom[i]; b <= ' ' || b >= 0x7f || strings.IndexByte(`()<>[]:;@\,."`, b) >= 0 {
				return false
			}
		}
	}
	return true
}

// isSubject tells whether a provider's name for a user can be kept and compared byte by byte.
func isSubject(s string) bool {
	if s == "" || len(s) > maxSubject || strings.TrimSpace(s) == "" || s == "undefined" || s == "null" || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, unicode.IsControl)
}

// plainText makes a name or an address of a picture fit every database and header: valid, without controls, bounded.
func plainText(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
