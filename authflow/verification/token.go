package verification

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// requestType says what a token for another address is for. Better-auth's words.
type requestType string

const (
	confirmChange requestType = "change-email-confirmation" // mailed to the present address
	verifyChange  requestType = "change-email-verification" // mailed to the new one
)

// claims are what a token says. Field names are better-auth's.
type claims struct {
	Email       string              `json:"email"` // the user's address when the token was made
	UpdateTo    string              `json:"updateTo,omitempty"`
	UserID      sessionstore.UserID `json:"userId,omitempty"`
	RequestType requestType         `json:"requestType,omitempty"`
}

// maxTokenBytes bounds what is parsed; a real token has some 300 bytes.
const maxTokenBytes = 4096

var (
	errTokenInvalid = errors.New("invalid verification token")
	errTokenExpired = errors.New("expired verification token")
)

// sign makes a token with the header {"alg":"HS256"} and nothing else, as better-auth's.
func (f *Feature) sign(c claims) (string, error) {
	c.Email, c.UpdateTo = strings.ToLower(c.Email), strings.ToLower(c.UpdateTo)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: f.Core.Keys.Current()}, nil)
	if err != nil {
		return "", fmt.Errorf("sign verification token: %w", err)
	}
	now := f.Core.Now()
	token, err := jwt.Signed(signer).Claims(c).Claims(jwt.Claims{
		IssuedAt: jwt.NewNumericDate(now),
		Expiry:   jwt.NewNumericDate(now.Add(f.cfg.ExpiresIn)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign verification token: %w", err)
	}
	return token, nil
}

// parse returns what a token says if one of the secrets signed it with HS256, and no other algorithm (RFC 8725 §3.1), and it
// has not expired.
func (f *Feature) parse(token string) (claims, error) {
	if len(token) > maxTokenBytes || strings.Count(token, ".") != 2 || !isCanonical(token) {
		return claims{}, errTokenInvalid
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return claims{}, errTokenInvalid
	}
	for _, key := range f.Core.Keys.All() {
		var said claims
		var standard jwt.Claims
		if parsed.Claims(key, &said, &standard) == nil {
			return f.checkClaims(said, standard)
		}
	}
	return claims{}, errTokenInvalid
}

func (f *Feature) checkClaims(said claims, standard jwt.Claims) (claims, error) {
	now := f.Core.Now()
	switch {
	case standard.Expiry == nil || !authflow.IsEmail(said.Email): // a token without end is not one of ours
		return claims{}, errTokenInvalid
	case standard.NotBefore != nil && now.Before(standard.NotBefore.Time()):
		return claims{}, errTokenInvalid
	case !now.Before(standard.Expiry.Time()):
		return claims{}, errTokenExpired
	}
	return said, nil
}

// isCanonical refuses a token whose parts could be spelled otherwise: with line breaks, which Go's base64 skips, or with last
// bits that belong to no byte. The parser signs what it decoded, so such a spelling would be another token that works.
func isCanonical(token string) bool {
	for part := range strings.SplitSeq(token, ".") {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
			return false
		}
	}
	return true
}
