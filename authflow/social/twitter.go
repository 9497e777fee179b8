package social

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// twitter is X: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code. It keeps the name by which accounts know it.
// The confirmed address is asked for by itself (EmailsURL), since it needs a permission that not every app has.
func twitter() Provider {
	return Provider{
		ID:   "twitter",
		Name: "X (Twitter)",
		Endpoints: Endpoints{
			AuthorizationURL: "https://x.com/i/oauth2/authorize",
			TokenURL:         "https://api.x.com/2/oauth2/token",
			UserInfoURL:      "https://api.x.com/2/users/me?user.fields=profile_image_url",
			EmailsURL:        "https://api.x.com/2/users/me?user.fields=confirmed_email",
		},
		Client:      Client{ClientAuth: ClientSecretBasic},
		Scopes:      []string{"users.read", "tweet.read", "offline.access", "users.email"},
		NoLoginHint: true,
		Source:      FromUserInfo,
		Read:        readTwitter,
	}
}

// readTwitter is https://docs.x.com/x-api/users/get-my-user. Who has confirmed no address, or does not show it, gets one that nobody has, as
// in better-auth: a user needs an address.
func readTwitter(ctx context.Context, p *Provider, g Grant, c Claims) (Profile, error) {
	data := c.Object("data")
	profile := Profile{Subject: data.Text("id"), Name: data.Text("name"), Image: data.Text("profile_image_url"), Claims: c}
	var answer Claims
	err := g.API.JSON(ctx, p.EmailsURL, &answer)
	var refused *statusError
	switch {
	case errors.As(err, &refused) && refused.status < http.StatusInternalServerError: // it may not ask
	case err != nil:
		return Profile{}, fmt.Errorf("ask for the confirmed address: %w", err) // not having got it is not having none
	default:
		if confirmed := answer.Object("data"); confirmed.Text("id") == profile.Subject {
			profile.Email = confirmed.Text("confirmed_email")
		}
	}
	if profile.Email == "" {
		profile.Email = profile.Subject + "@twitter.placeholder.invalid" // RFC 2606 §2: there is no such domain
		return profile, nil
	}
	profile.EmailVerified = true
	data["email"] = profile.Email // as better-auth shows it in account-info
	return profile, nil
}
