package jwt

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// claims is what a token says: the user as get-session shows them, and the registered claims of RFC 7519 §4.1.
//
// Differs from better-auth: there a field of the user named iat would replace ours, and one named nbf or jti, which we do not write,
// would be taken for the claim.
func (f *Feature) claims(u sessionstore.User) ([]byte, error) {
	shown, err := json.Marshal(authflow.NewUserObject(u))
	if err != nil {
		return nil, fmt.Errorf("encode user: %w", err)
	}
	var user map[string]json.RawMessage
	if err := json.Unmarshal(shown, &user); err != nil {
		return nil, fmt.Errorf("encode user: %w", err)
	}
	said := map[string]any{}
	for name, value := range user {
		said[name] = value
	}
	delete(said, "nbf")
	delete(said, "jti")
	issuedAt := f.Core.Now().Unix()
	said["iat"] = issuedAt
	said["exp"] = issuedAt + int64(f.cfg.ExpiresIn/time.Second)
	said["sub"] = u.ID
	said["iss"] = f.issuer()
	said["aud"] = f.audience()
	payload, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("encode claims: %w", err)
	}
	return payload, nil
}

func (f *Feature) issuer() string {
	if f.cfg.Issuer == "" {
		return f.Core.BaseURL
	}
	return f.cfg.Issuer
}

// audience is one name, or a list where there are several (RFC 7519 §4.1.3).
func (f *Feature) audience() any {
	switch len(f.cfg.Audience) {
	case 0:
		return f.Core.BaseURL
	case 1:
		return f.cfg.Audience[0]
	}
	return f.cfg.Audience
}
