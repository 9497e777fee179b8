package social

import (
	"cmp"
	"context"
	"errors"
	"strings"
)

// gitlab is https://docs.gitlab.com/api/oauth2/ for gitlab.com, or for an installation of one's own: that is what issuer is set to.
func gitlab() Provider {
	return Provider{
		ID:     "gitlab",
		Name:   "GitLab",
		Scopes: []string{"read_user"},
		Source: FromUserInfo,
		Read:   readGitLab,
		Adjust: adjustGitLab,
	}
}

func adjustGitLab(p *Provider, cfg ProviderConfig) error {
	base := strings.TrimRight(cmp.Or(cfg.Issuer, "https://gitlab.com"), "/")
	p.AuthorizationURL = cmp.Or(p.AuthorizationURL, base+"/oauth/authorize")
	p.TokenURL = cmp.Or(p.TokenURL, base+"/oauth/token")
	p.UserInfoURL = cmp.Or(p.UserInfoURL, base+"/api/v4/user")
	p.Issuer = "" // an address and not what a callback calls itself
	return nil
}

// readGitLab is https://docs.gitlab.com/api/users/#get-the-current-user. GitLab does not say there whether the address is verified.
func readGitLab(_ context.Context, _ *Provider, _ Grant, c Claims) (Profile, error) {
	if c.Text("state") != "active" || c.Is("locked") {
		return Profile{}, errors.New("the account is blocked or locked at GitLab")
	}
	return Profile{
		Subject: c.Text("id"), Name: c.First("name", "username"), Email: c.Text("email"), EmailVerified: c.Is("email_verified"), Image: c.Text("avatar_url"), Claims: c,
	}, nil
}
