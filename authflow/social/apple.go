package social

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// appleSecretLife is short, since a secret is made for every call; Apple allows six months.
const appleSecretLife = 5 * time.Minute

// apple follows https://developer.apple.com/documentation/signinwithapple. Whoever asks for name or e-mail must take the answer as a form
// (response_mode), and the name comes in that form, with the first sign-in alone.
//
// Differs from better-auth: a nonce is sent, and demanded of the ID token. Apple answers with one through the browser too (response_type
// "code id_token"), for which OIDC Core §3.3.2.11 requires it.
func apple() Provider {
	return Provider{
		ID:   "apple",
		Name: "Apple",
		Endpoints: Endpoints{
			AuthorizationURL: "https://appleid.apple.com/auth/authorize",
			TokenURL:         "https://appleid.apple.com/auth/token",
			JWKSURL:          "https://appleid.apple.com/auth/keys",
		},
		Scopes:       []string{"email", "name"},
		ResponseType: "code id_token",
		Parameters:   []Parameter{{"response_mode", "form_post"}},
		NoLoginHint:  true,
		Nonce:        true,
		IDToken: &IDTokenRules{
			Issuers:     []string{"https://appleid.apple.com"},
			MaxAge:      time.Hour,
			HashedNonce: true,
		},
		Read:   readApple,
		Adjust: adjustApple,
	}
}

// adjustApple has the client secret made here, where the key is given. A secret that was made elsewhere works until it expires.
func adjustApple(p *Provider, cfg ProviderConfig) error {
	if cfg.TeamID == "" && cfg.KeyID == "" && cfg.PrivateKey == "" {
		return nil
	}
	var problems []error
	for _, setting := range []struct{ key, value string }{{"team_id", cfg.TeamID}, {"key_id", cfg.KeyID}, {"private_key", cfg.PrivateKey}} {
		if setting.value == "" {
			problems = append(problems, fmt.Errorf("%s: is not set; team_id, key_id and private_key are needed together", setting.key))
		}
	}
	if cfg.ClientSecret != "" {
		problems = append(problems, errors.New("client_secret: is made from private_key; remove one of the two"))
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	key, err := parseAppleKey(cfg.PrivateKey)
	if err != nil {
		return err
	}
	options := (&jose.SignerOptions{}).WithHeader("kid", cfg.KeyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		return fmt.Errorf("private_key: %w", err)
	}
	p.MakeSecret = func(now time.Time) (string, error) { return appleSecret(signer, cfg, now) }
	return nil
}

// parseAppleKey reads the .p8 file that Apple hands out: PKCS #8 in PEM. Environment variables often have \n for its line breaks.
func parseAppleKey(text string) (*ecdsa.PrivateKey, error) {
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, `\n`, "\n")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("private_key: is not the content of the .p8 file from Apple, which begins with -----BEGIN PRIVATE KEY-----")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("private_key: the .p8 file is damaged; it holds no PKCS #8 key")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("private_key: is not for ES256, as Apple's keys for Sign in with Apple are")
	}
	return key, nil
}

// appleSecret is https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret.
func appleSecret(signer jose.Signer, cfg ProviderConfig, now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Issuer    string `json:"iss"`
		IssuedAt  int64  `json:"iat"`
		ExpiresAt int64  `json:"exp"`
		Audience  string `json:"aud"`
		Subject   string `json:"sub"`
	}{cfg.TeamID, now.Unix(), now.Add(appleSecretLife).Unix(), "https://appleid.apple.com", cfg.ClientID})
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// readApple takes the name from the form, which nobody has signed: it is no more than how somebody wants to be called.
func readApple(_ context.Context, _ *Provider, g Grant, c Claims) (Profile, error) {
	profile := standardProfile(c)
	if name := g.User.Object("name"); name != nil {
		profile.Name = strings.TrimSpace(name.Text("firstName") + " " + name.Text("lastName"))
	}
	profile.Image = ""
	c["name"] = cmp.Or(profile.Name, c.Text("name")) // as better-auth shows it in account-info
	return profile, nil
}
