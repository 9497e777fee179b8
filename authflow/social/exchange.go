package social

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// exchange turns an authorization response into tokens and a profile. Every error is a refusal.
func (f *Feature) exchange(ctx context.Context, p *live, a answer, s *state) (tokens, Profile, error) {
	if err := p.checkIssuer(a.iss); err != nil {
		return tokens{}, Profile{}, err
	}
	if p.Nonce && s.IDTokenNonce == "" {
		return tokens{}, Profile{}, refuse(codeNonceMissing, errors.New("the flow was begun without a nonce, which this provider's ID token must repeat (OIDC Core §3.1.3.7, item 11)"))
	}
	got, err := p.redeem(ctx, a.code, s.CodeVerifier, f.redirectURI(p.ID))
	if err != nil {
		return tokens{}, Profile{}, refuse(codeInvalidCode, err)
	}
	user, err := DecodeClaims([]byte(a.user))
	if err != nil {
		user = nil // as in better-auth: what is not JSON is not there
	}
	profile, err := p.profile(ctx, got, s.IDTokenNonce, user)
	if err != nil {
		return tokens{}, Profile{}, refuse(codeNoUserInfo, err)
	}
	return got, profile, nil
}

// checkIssuer compares iss, against mix-up of providers (RFC 9207 §2.4). It is asked for where the provider promises it.
func (l *live) checkIssuer(iss string) error {
	switch {
	case iss == "" && l.AnnouncesIssuer:
		return refuse(codeIssuerMissing, errors.New("the callback has no iss, which the provider's metadata promises (RFC 9207 §2.4)"))
	case iss != "" && l.Issuer != "" && iss != l.Issuer:
		return refuse(codeIssuerMismatch, fmt.Errorf("iss is %.128q, and the provider is %q (RFC 9207 §2.4)", iss, l.Issuer))
	}
	return nil
}

// profile asks who the user is. The tokens came from the token endpoint just now.
func (l *live) profile(ctx context.Context, got tokens, nonce string, user Claims) (Profile, error) {
	g := Grant{AccessToken: got.access, User: user, API: l.api(got.access), App: l.api("")}
	if l.IDToken != nil && got.id != "" {
		claims, err := l.verify(ctx, got, nonce)
		if err != nil {
			return Profile{}, err
		}
		g.IDToken = claims
	}
	claims, err := l.claims(ctx, g)
	if err != nil {
		return Profile{}, err
	}
	return l.readProfile(ctx, g, claims)
}

// claims are those the provider's profile is read from.
func (l *live) claims(ctx context.Context, g Grant) (Claims, error) {
	if l.Source == FromIDToken {
		switch {
		case g.IDToken == nil:
			return nil, errors.New("the token endpoint answered without an ID token (OIDC Core §3.1.3.3)")
		case g.IDToken.Text("email") != "" || l.UserInfoURL == "" || g.AccessToken == "":
			return g.IDToken, nil
		}
	}
	claims, err := g.userInfo(ctx, l.UserInfoURL)
	if err != nil {
		return nil, err
	}
	// The access token could be somebody else's: without this the two answers would make one person of two.
	sub := claims.Text("sub")
	if g.IDToken != nil && (sub != "" || l.Source == FromIDToken) && sub != g.IDToken.Text("sub") {
		return nil, errors.New("sub of the userinfo answer is not that of the ID token (OIDC Core §5.3.2)")
	}
	return claims, nil
}

// userInfo asks for the claims that an access token gives access to (OIDC Core §5.3).
func (g Grant) userInfo(ctx context.Context, url string) (Claims, error) {
	var claims Claims
	if err := g.API.JSON(ctx, url, &claims); err != nil {
		return nil, fmt.Errorf("ask userinfo endpoint: %w", err)
	}
	if claims == nil {
		return nil, errors.New("the userinfo endpoint answered null")
	}
	return claims, nil
}

// readProfile maps claims to a profile whose subject and address are good to be compared with others.
func (l *live) readProfile(ctx context.Context, g Grant, claims Claims) (Profile, error) {
	read := l.Read
	if read == nil {
		read = func(_ context.Context, _ *Provider, _ Grant, c Claims) (Profile, error) {
			return standardProfile(c), nil
		}
	}
	profile, err := read(ctx, l.Provider, g, claims)
	switch {
	case err != nil:
		return Profile{}, err
	case !isSubject(profile.Subject):
		return Profile{}, errors.New("the provider names no usable subject (OIDC Core §2)")
	}
	if profile.Email, err = canonicalEmail(profile.Email); err != nil {
		return Profile{}, err
	}
	profile.Name = plainText(profile.Name, maxNameBytes)
	if len(profile.Image) > maxImageBytes {
		profile.Image = "" // cut short it would show nothing
	}
	profile.Image = plainText(profile.Image, maxImageBytes)
	return profile, nil
}

// statusError is an answer of an API that is not 200.
type statusError struct{ status int }

func (e *statusError) Error() string {
	return fmt.Sprintf("answered %d %s", e.status, http.StatusText(e.status))
}

// api asks a provider with a user's access token (RFC 6750 §2.1).
type api struct {
	client *http.Client
	token  string
}

func (l *live) api(token string) api { return api{client: l.client, token: token} }

// maxAnswerBytes is egress's cap too; the room does not depend on it.
const maxAnswerBytes = 1 << 20

// JSON implements API.
func (a api) JSON(ctx context.Context, url string, into any) error {
	data, _, err := a.get(ctx, url, "application/json")
	if err != nil {
		return err
	}
	if claims, ok := into.(*Claims); ok {
		*claims, err = DecodeClaims(data)
	} else {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return errors.New("the answer is not the JSON that was expected") // the error itself would quote it
	}
	return nil
}

// Bytes implements API.
func (a api) Bytes(ctx context.Context, url string) ([]byte, string, error) {
	return a.get(ctx, url, "*/*")
}

func (a api) get(ctx context.Context, address, accept string) ([]byte, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Accept", accept)
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		var spelled *url.Error
		if errors.As(err, &spelled) {
			err = spelled.Err // the whole of it repeats the address, and a query may hold a secret
		}
		return nil, "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, "", &statusError{answer.StatusCode}
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes+1))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("read answer: %w", err)
	case len(data) > maxAnswerBytes:
		return nil, "", fmt.Errorf("answered more than %d bytes", maxAnswerBytes)
	}
	return data, answer.Header.Get("Content-Type"), nil
}
