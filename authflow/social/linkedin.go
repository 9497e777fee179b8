package social

// linkedin is https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2. PKCE is for native apps,
// at other endpoints (https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow-native); these answer a
// code_verifier with 401 invalid_client.
func linkedin() Provider {
	return Provider{
		ID:   "linkedin",
		Name: "LinkedIn",
		Endpoints: Endpoints{
			AuthorizationURL: "https://www.linkedin.com/oauth/v2/authorization",
			TokenURL:         "https://www.linkedin.com/oauth/v2/accessToken",
			UserInfoURL:      "https://api.linkedin.com/v2/userinfo",
		},
		Scopes: []string{"profile", "email", "openid"},
		NoPKCE: true,
		Source: FromUserInfo,
	}
}
