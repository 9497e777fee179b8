package social

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// facebook is https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow. Its ID tokens are those of Limited Login, which
// apps on iOS bring: https://developers.facebook.com/docs/facebook-login/limited-login/token.
//
// Differs from better-auth: PKCE, which Facebook supports.
func facebook() Provider {
	return Provider{
		ID:   "facebook",
		Name: "Facebook",
		Endpoints: Endpoints{
			AuthorizationURL: "https://www.facebook.com/v24.0/dialog/oauth",
			TokenURL:         "https://graph.facebook.com/v24.0/oauth/access_token",
			UserInfoURL:      "https://graph.facebook.com/me?fields=id,name,email,picture",
			InspectionURL:    "https://graph.facebook.com/debug_token",
			JWKSURL:          "https://limited.facebook.com/.well-known/oauth/openid/jwks/",
		},
		Scopes:  []string{"email", "public_profile"},
		IDToken: &IDTokenRules{Issuers: []string{"https://www.facebook.com"}, AccessTokenInstead: true},
		Source:  FromUserInfo,
		Read:    readFacebook,
		Adjust:  adjustFacebook,
	}
}

func adjustFacebook(p *Provider, cfg ProviderConfig) error {
	p.setParameter(Parameter{"config_id", cfg.ConfigID})
	if len(cfg.ProfileFields) > 0 {
		address, err := url.Parse(p.UserInfoURL)
		if err != nil {
			return fmt.Errorf("userinfo_url: %w", err)
		}
		query := address.Query()
		query.Set("fields", strings.Join(append(strings.Split(query.Get("fields"), ","), cfg.ProfileFields...), ","))
		address.RawQuery = strings.ReplaceAll(query.Encode(), "%2C", ",")
		p.UserInfoURL = address.String()
	}
	return nil
}

// readFacebook reads an ID token's claims or the answer of /me. Facebook says of neither address that it is verified.
func readFacebook(ctx context.Context, p *Provider, g Grant, c Claims) (Profile, error) {
	if g.IDToken != nil && c.Text("sub") != "" {
		profile := standardProfile(c)
		profile.EmailVerified = false
		return profile, nil
	}
	user, err := inspectFacebookToken(ctx, p, g)
	if err != nil {
		return Profile{}, err
	}
	if c.Text("id") != user {
		return Profile{}, errors.New("the profile is not of the user whom the access token is for")
	}
	return Profile{
		Subject: user, Name: c.Text("name"), Email: c.Text("email"), EmailVerified: c.Is("email_verified"), Image: c.Object("picture").Object("data").Text("url"), Claims: c,
	}, nil
}

// inspectFacebookToken asks whose the access token is, and for which app: /me answers to those of every app, so one that another app got
// for its user would pass for a sign-in here. https://developers.facebook.com/docs/facebook-login/guides/access-tokens/debugging
func inspectFacebookToken(ctx context.Context, p *Provider, g Grant) (user string, err error) {
	query := url.Values{"input_token": {g.AccessToken}, "access_token": {p.ClientID + "|" + p.ClientSecret}}
	var answer Claims
	if err := g.App.JSON(ctx, p.InspectionURL+"?"+query.Encode(), &answer); err != nil {
		return "", fmt.Errorf("inspect access token: %w", err)
	}
	token := answer.Object("data")
	switch {
	case token["is_valid"] != true:
		return "", errors.New("inspect access token: it is not valid")
	case !slices.Contains(append([]string{p.ClientID}, p.Audiences...), token.Text("app_id")):
		return "", fmt.Errorf("inspect access token: it is for the app %.64q", token.Text("app_id"))
	case token.Text("user_id") == "":
		return "", errors.New("inspect access token: it is not a user's")
	}
	return token.Text("user_id"), nil
}
