package social

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// known are the providers with a name of their own, without clients. Adding one is an entry here and a line in docs/providers.md.
func known() []Provider {
	return []Provider{google(), github(), apple(), microsoft(), discord(), gitlab(), facebook(), linkedin(), slack(), twitter()}
}

func google() Provider {
	return Provider{
		ID:   "google",
		Name: "Google",
		Endpoints: Endpoints{
			AuthorizationURL: "https://accounts.google.com/o/oauth2/v2/auth",
			TokenURL:         "https://oauth2.googleapis.com/token",
			JWKSURL:          "https://www.googleapis.com/oauth2/v3/certs",
		},
		Scopes: []string{"email", "profile", "openid"},
		// Google's ID tokens name it in two ways: https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
		IDToken: &IDTokenRules{
			Issuers: []string{"https://accounts.google.com", "accounts.google.com"},
			MaxAge:  time.Hour,
			// An Android app gets tokens for the web client of its project: https://developers.google.com/identity/sign-in/android/backend-auth
			AnyAuthorizedParty: true,
		},
		Adjust: adjustGoogle,
	}
}

// adjustGoogle restricts sign-in to a hosted domain. The parameter only preselects the account; the claim is what counts.
func adjustGoogle(p *Provider, cfg ProviderConfig) error {
	if cfg.HostedDomain != "" {
		p.Parameters = append(p.Parameters, Parameter{"hd", cfg.HostedDomain})
		p.IDToken.Check = func(c Claims) error {
			if hd := c.Text("hd"); hd == "" || cfg.HostedDomain != "*" && hd != cfg.HostedDomain {
				return fmt.Errorf("hd is %q, and auth.social.google.hd asks for %q", hd, cfg.HostedDomain)
			}
			return nil
		}
	}
	if cfg.IncludeGrantedScopes {
		p.Parameters = append(p.Parameters, Parameter{"include_granted_scopes", "true"})
	}
	return nil
}

func github() Provider {
	return Provider{
		ID:   "github",
		Name: "GitHub",
		Endpoints: Endpoints{
			AuthorizationURL: "https://github.com/login/oauth/authorize",
			TokenURL:         "https://github.com/login/oauth/access_token",
			UserInfoURL:      "https://api.github.com/user",
			EmailsURL:        "https://api.github.com/user/emails",
		},
		Scopes: []string{"read:user", "user:email"},
		Source: FromUserInfo,
		Read:   readGitHub,
	}
}

// githubEmail is an item of https://docs.github.com/en/rest/users/emails#list-email-addresses-for-the-authenticated-user.
type githubEmail struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

// readGitHub takes the address from the list alone: the one that is primary and verified.
//
// Differs from better-auth: it takes the address of the public profile before that of the list, and one that is not verified
// rather than none. An address that nobody proved must neither make nor link a user.
func readGitHub(ctx context.Context, p *Provider, g Grant, c Claims) (Profile, error) {
	var emails []githubEmail
	if err := g.API.JSON(ctx, p.EmailsURL, &emails); err != nil {
		return Profile{}, fmt.Errorf("list e-mail addresses: %w", err)
	}
	profile := Profile{Subject: c.Text("id"), Name: c.First("name", "login"), Image: c.Text("avatar_url"), Claims: c}
	for _, e := range emails {
		if e.Primary && e.Verified {
			profile.Email, profile.EmailVerified = e.Email, true
		}
	}
	if c.Text("email") == "" && profile.Email != "" {
		c["email"] = profile.Email // as better-auth shows it in account-info
	}
	return profile, nil
}

// errNoIssuer is the answer to a name that the table does not have.
var errNoIssuer = errors.New("issuer: is not set, and the name is not one of the known providers; set the issuer of an OpenID Connect provider, whose endpoints are then discovered")

// discovered is any OpenID Connect provider: its endpoints are found at its issuer (OIDC Discovery §4).
func discovered(id string) Provider {
	return Provider{
		ID:                   id,
		Name:                 id,
		Scopes:               []string{"profile", "email"},
		RequestedScopesFirst: true,
		discovers:            true,
		Nonce:                true,
		IDToken:              &IDTokenRules{},
		Read:                 readDiscovered,
	}
}

// readDiscovered reads the standard claims. What account-info shows has better-auth's names for some of them, too.
func readDiscovered(_ context.Context, _ *Provider, _ Grant, c Claims) (Profile, error) {
	profile := standardProfile(c)
	shown := maps.Clone(c)
	shown["emailVerified"] = profile.EmailVerified
	if profile.Image != "" {
		shown["image"] = profile.Image
	}
	if c.Text("iss") != "" { // the claims of an ID token
		shown["id"] = profile.Subject
	}
	profile.Claims = shown
	return profile, nil
}
