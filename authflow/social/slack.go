package social

import (
	"cmp"
	"context"
	"fmt"
)

// slack is https://docs.slack.dev/authentication/sign-in-with-slack/. PKCE makes a Slack app a public one for good
// (https://docs.slack.dev/authentication/using-pkce), and openid.connect.token does not take a code_verifier beside the secret.
func slack() Provider {
	return Provider{
		ID:   "slack",
		Name: "Slack",
		Endpoints: Endpoints{
			AuthorizationURL: "https://slack.com/openid/connect/authorize",
			TokenURL:         "https://slack.com/api/openid.connect.token",
			UserInfoURL:      "https://slack.com/api/openid.connect.userInfo",
		},
		Scopes:               []string{"openid", "profile", "email"},
		RequestedScopesFirst: true,
		NoLoginHint:          true,
		NoPKCE:               true,
		Source:               FromUserInfo,
		Read:                 readSlack,
	}
}

// readSlack is https://docs.slack.dev/reference/methods/openid.connect.userInfo. Errors come with status 200.
func readSlack(_ context.Context, _ *Provider, _ Grant, c Claims) (Profile, error) {
	if ok, said := c["ok"]; said && ok != true {
		return Profile{}, fmt.Errorf("openid.connect.userInfo answered %.64q", c.Text("error"))
	}
	profile := standardProfile(c)
	profile.Subject = c.Text("https://slack.com/user_id")
	profile.Image = cmp.Or(profile.Image, c.Text("https://slack.com/user_image_512"))
	return profile, nil
}
