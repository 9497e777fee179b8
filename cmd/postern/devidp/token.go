package devidp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// keyID names the one key there is.
const keyID = "dev"

// token redeems codes and refresh tokens.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		deny(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	if !p.isClient(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="postern dev"`)
		deny(w, http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		p.redeemCode(w, r.PostForm)
	case "refresh_token":
		p.redeemRefresh(w, r.PostForm)
	default:
		deny(w, http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
	}
}

// isClient takes client_secret_basic, whose parts are form-encoded (RFC 6749 §2.3.1), and client_secret_post.
func (p *Provider) isClient(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	return same(id, p.ClientID) && same(secret, p.ClientSecret)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (p *Provider) redeemCode(w http.ResponseWriter, form url.Values) {
	g, ok := p.codes.take(form.Get("code"))
	switch challenge := sha256.Sum256([]byte(form.Get("code_verifier"))); {
	case !ok:
		deny(w, http.StatusBadRequest, "invalid_grant", "the code is unknown, used or expired")
	case form.Get("redirect_uri") != p.RedirectURI:
		deny(w, http.StatusBadRequest, "invalid_grant", "redirect_uri is not that of the authorization request")
	case !same(base64.RawURLEncoding.EncodeToString(challenge[:]), g.challenge):
		deny(w, http.StatusBadRequest, "invalid_grant", "code_verifier does not fit code_challenge (RFC 7636 §4.6)")
	default:
		p.grantTokens(w, g)
	}
}

// redeemRefresh rotates: the old token is good no longer.
func (p *Provider) redeemRefresh(w http.ResponseWriter, form url.Values) {
	g, ok := p.refresh.take(form.Get("refresh_token"))
	if !ok {
		deny(w, http.StatusBadRequest, "invalid_grant", "the refresh token is unknown, used or expired")
		return
	}
	g.nonce = "" // OIDC Core §12.2
	p.grantTokens(w, g)
}

func (p *Provider) grantTokens(w http.ResponseWriter, g grant) {
	access := p.access.issue(g)
	idToken, err := p.sign(g, access)
	if err != nil {
		deny(w, http.StatusInternalServerError, "server_error", err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(accessLife.Seconds()), "refresh_token": p.refresh.issue(g), "id_token": idToken, "scope": g.scope,
	})
}

// sign makes the ID token (OIDC Core §2, §3.1.3.6).
func (p *Provider) sign(g grant, access string) (string, error) {
	key, err := p.key()
	if err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("prepare signature: %w", err)
	}
	claims := p.claims(g)
	now, hash := p.Now(), sha256.Sum256([]byte(access))
	claims["iss"], claims["aud"] = p.Issuer, p.ClientID
	claims["iat"], claims["exp"], claims["auth_time"] = now.Unix(), now.Add(accessLife).Unix(), g.at.Unix()
	claims["at_hash"] = base64.RawURLEncoding.EncodeToString(hash[:16])
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed.CompactSerialize()
}

// claims say who somebody is, as far as the scope allows (OIDC Core §5.4).
func (p *Provider) claims(g grant) map[string]any {
	claims := map[string]any{"sub": g.Subject()}
	for scope := range strings.FieldsSeq(g.scope) {
		switch scope {
		case "profile":
			claims["name"] = g.Name
		case "email":
			claims["email"], claims["email_verified"] = g.Email, g.Verified
		}
	}
	return claims
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, granted := p.access.look(token)
	if !ok || !granted {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		deny(w, http.StatusUnauthorized, "invalid_token", "the access token is unknown or expired")
		return
	}
	writeJSON(w, http.StatusOK, p.claims(g))
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	key, err := p.key()
	if err != nil {
		deny(w, http.StatusInternalServerError, "server_error", err.Error())
		return
	}
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"}}})
}

// deny answers as RFC 6749 §5.2 has it.
func deny(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}
