package social

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

const (
	statePrefix    = "auth-state:" // of the identifier in the verification table, as in better-auth
	stateLength    = 32
	stateLife      = 10 * time.Minute
	verifierLength = 128 // characters; RFC 7636 §4.1 allows up to that
	nonceLength    = 32

	maxStateBytes = 512 // of what a callback brings; what is longer was never ours

	// alphabetURL is that of better-auth's states and verifiers.
	alphabetURL = authflow.AlphabetMixed + "-_"
)

// state is what is remembered between the request that leads to a provider and the callback. Its JSON is better-auth's, so that a flow
// begun at one server ends at the other.
type state struct {
	CallbackURL   string     `json:"callbackURL"`
	CodeVerifier  string     `json:"codeVerifier"`
	ErrorURL      string     `json:"errorURL,omitempty"`
	NewUserURL    string     `json:"newUserURL,omitempty"`
	Link          *linkState `json:"link,omitempty"`
	ExpiresAt     int64      `json:"expiresAt"` // milliseconds since 1970
	RequestSignUp *bool      `json:"requestSignUp,omitempty"`
	IDTokenNonce  string     `json:"idTokenNonce,omitempty"`
	OAuthState    string     `json:"oauthState,omitempty"`

	// Provider is who the browser was sent to. better-auth does not write it; its callback takes the answer of any provider.
	Provider string `json:"provider,omitempty"`
}

// linkState says whom an account is to be linked to.
type linkState struct {
	UserID                sessionstore.UserID `json:"userId"`
	Email                 string              `json:"email"`
	EncryptedSessionToken string              `json:"encryptedSessionToken,omitempty"`
}

// parseState reads a row's value. better-auth's schema asks for no more.
func parseState(value string) (*state, error) {
	var s state
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	if s.CallbackURL == "" || s.CodeVerifier == "" || s.ExpiresAt == 0 {
		return nil, errors.New("read state: callbackURL, codeVerifier or expiresAt is missing")
	}
	return &s, nil
}

// encode writes the value of a row. Members of additional, which come from the client, never stand in for our own.
func (s *state) encode(additional map[string]any) (string, error) {
	own, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write state: %w", err)
	}
	if len(additional) == 0 {
		return string(own), nil
	}
	all := maps.Clone(additional)
	for _, name := range []string{"callbackURL", "codeVerifier", "errorURL", "newUserURL", "link", "expiresAt", "requestSignUp", "idTokenNonce", "oauthState", "provider", "serverContext"} {
		delete(all, name)
	}
	if err := json.Unmarshal(own, &all); err != nil {
		return "", fmt.Errorf("write state: %w", err)
	}
	whole, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("write state: %w", err)
	}
	return string(whole), nil
}

// remember keeps a state and binds it to the browser by a cookie. There is one cookie: a second flow in a browser voids the first.
func (f *Feature) remember(ctx context.Context, w http.ResponseWriter, s *state, additional map[string]any) error {
	s.OAuthState = authflow.RandomString(stateLength, alphabetURL)
	now := f.Core.Now()
	s.ExpiresAt = now.Add(stateLife).UnixMilli()
	value, err := s.encode(additional)
	if err != nil {
		return err
	}
	err = f.Store.CreateVerification(ctx, sessionstore.Verification{
		ID: sessionstore.VerificationID(sessionstore.NewID()), Identifier: statePrefix + s.OAuthState, Value: value,
		ExpiresAt: now.Add(stateLife), CreatedAt: now, UpdatedAt: now,
	})
	if err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	f.cookie.Set(w, s.OAuthState)
	return nil
}

// recall finds the state a callback names, and uses it up. A state is returned beside a refusal where it is known, since it says where
// the browser wants to hear of that.
//
// The row and the cookie must agree: the row tells what was begun, the cookie that it was begun in this browser. Where the cookie is
// missing the row stays, so that the rightful browser can still finish.
func (f *Feature) recall(c *authflow.Call, name, provider string) (*state, error) {
	if len(name) > maxStateBytes {
		return nil, refuse(codeStateMismatch, errors.New("state is too long to be one of ours"))
	}
	ctx := c.R.Context()
	row, err := f.Store.FindLatestVerification(ctx, statePrefix+name)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound), errors.Is(err, sessionstore.ErrInvalid):
		return nil, refuse(codeStateMismatch, errors.New("state is unknown or was used (RFC 6749 §10.12)"))
	case err != nil:
		return nil, fmt.Errorf("find state: %w", err)
	}
	s, err := parseState(row.Value)
	if err != nil {
		return nil, err
	}
	if s.OAuthState != "" && s.OAuthState != name {
		return s, refuse(codeStateMismatch, errors.New("state of the row is another one"))
	}
	if f.cookie.Value(c.R) != name {
		return s, refuse(codeStateMismatch, errors.New("state was not begun in this browser (RFC 6749 §10.12)"))
	}
	f.cookie.Expire(c.W)
	switch used, err := f.Store.DeleteVerification(ctx, row.ID); {
	case err != nil:
		return s, fmt.Errorf("use state up: %w", err)
	case !used:
		return nil, refuse(codeStateMismatch, errors.New("state was used by another request at the same time"))
	}
	if s.ExpiresAt < f.Core.Now().UnixMilli() {
		return s, refuse(codeStateMismatch, errors.New("state has expired"))
	}
	// An answer for one provider must not be taken for another's (RFC 9207 §1). Differs from better-auth: it does not look.
	if s.Provider != "" && s.Provider != provider && f.providers.has(provider) {
		return s, refuse(codeStateMismatch, fmt.Errorf("flow was begun with %s and ends with %s", s.Provider, provider))
	}
	return s, nil
}
