package authflow

import (
	"net/http"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// bearerToken reads the session token of "Authorization: Bearer x" (RFC 6750 §2.1) as better-auth's bearer plugin does: x is
// the plain token, the signed value, or that value percent-encoded. A plain token counts as it is; a wrongly signed one
// counts as absent, and then the cookie speaks. Other schemes are the application's business.
func (s *Sessions) bearerToken(r *http.Request) sessionstore.Lookup {
	for _, line := range r.Header["Authorization"] {
		if value, ok := bearerValue(line); ok {
			if look := s.readBearer(value); look.Token != "" {
				return look
			}
		}
	}
	return sessionstore.Lookup{}
}

func (s *Sessions) readBearer(value string) sessionstore.Lookup {
	if strings.ContainsAny(value, ".%") {
		return sessionstore.Lookup{Token: sessionstore.Token(s.cookies.keys.open(value)), Vouched: true}
	}
	if s.requireSignedBearer || !isToken(value) {
		return sessionstore.Lookup{}
	}
	return sessionstore.Lookup{Token: sessionstore.Token(value)}
}

// bearerValue returns what follows the scheme, whose name has no case (RFC 9110 §11.1).
func bearerValue(line string) (string, bool) {
	const scheme = "bearer "
	if len(line) <= len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(line[len(scheme):]), true
}

// maxTokenLength leaves room for the tokens of servers configured to make longer ones than better-auth's 32 characters.
const maxTokenLength = 256

// isToken tells whether value could be a session token at all. What could not is never looked up: not in the cache, where it
// would push others out, and not in the database.
func isToken(value string) bool {
	if len(value) == 0 || len(value) > maxTokenLength {
		return false
	}
	for i := range len(value) {
		b := value[i]
		if !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_') {
			return false
		}
	}
	return true
}

// ownsBearer tells whether an Authorization line carries a session of ours, so that it must not reach the application. A
// bearer token that could not be ours, such as the application's own JWT, is left alone.
func (s *Sessions) ownsBearer(line string) bool {
	value, ok := bearerValue(line)
	return ok && s.readBearer(value).Token != ""
}
