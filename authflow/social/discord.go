package social

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// discord is https://discord.com/developers/docs/topics/oauth2.
//
// Differs from better-auth: PKCE, which Discord supports.
func discord() Provider {
	return Provider{
		ID:   "discord",
		Name: "Discord",
		Endpoints: Endpoints{
			AuthorizationURL: "https://discord.com/api/oauth2/authorize",
			TokenURL:         "https://discord.com/api/oauth2/token",
			UserInfoURL:      "https://discord.com/api/users/@me",
		},
		Scopes:               []string{"identify", "email"},
		RequestedScopesFirst: true,
		Parameters:           []Parameter{{"prompt", "none"}}, // whoever has agreed before is not asked again
		NoLoginHint:          true,
		Source:               FromUserInfo,
		Read:                 readDiscord,
	}
}

// readDiscord is https://discord.com/developers/docs/resources/user#user-object.
func readDiscord(_ context.Context, _ *Provider, _ Grant, c Claims) (Profile, error) {
	profile := Profile{
		Subject: c.Text("id"), Name: c.First("global_name", "username"), Email: c.Text("email"), EmailVerified: c.Is("verified"), Image: discordAvatar(c), Claims: c,
	}
	c["image_url"] = profile.Image // as better-auth shows it in account-info
	return profile, nil
}

// discordAvatar is https://discord.com/developers/docs/reference#image-formatting. Who has no picture gets one of six by the id, or one of five
// by the number behind the name that accounts once had.
func discordAvatar(c Claims) string {
	const at = "https://cdn.discordapp.com/"
	id, avatar := c.Text("id"), c.Text("avatar")
	if avatar != "" {
		format := "png"
		if strings.HasPrefix(avatar, "a_") {
			format = "gif"
		}
		return fmt.Sprintf("%savatars/%s/%s.%s", at, id, avatar, format)
	}
	if number, err := strconv.ParseUint(c.Text("discriminator"), 10, 16); err == nil && number != 0 {
		return fmt.Sprintf("%sembed/avatars/%d.png", at, number%5)
	}
	snowflake, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%sembed/avatars/%d.png", at, (snowflake>>22)%6)
}
