package social

// LinkingConfig says when an account of a provider becomes one of a user who exists already. As better-auth's
// account.accountLinking.
//
// Differs from better-auth: there is no requireLocalEmailVerified. An account is never linked to a user who has not proved the
// address, since anybody may have registered it beforehand, with a password of their own.
type LinkingConfig struct {
	Enabled              bool     `key:"enabled" default:"true" doc:"Whether an account of a provider may be linked to a user who exists already."`
	TrustedProviders     []string `key:"trusted_providers" example:"[google]" doc:"Providers whose word on an address counts even when they do not say that it is verified."`
	DisableImplicit      bool     `key:"disable_implicit_linking" default:"false" doc:"Link only from a signed-in session, never at sign-in because the address is the same."`
	AllowDifferentEmails bool     `key:"allow_different_emails" default:"false" doc:"From a signed-in session, link accounts with another address than the user's, too."`
	UpdateUserInfo       bool     `key:"update_user_info_on_link" default:"false" doc:"Linking copies name and picture from the provider."`
	AllowUnlinkingAll    bool     `key:"allow_unlinking_all" default:"false" doc:"Let users take away their last account. They cannot sign in any more then, but by a mailed password reset."`
}

// AccountConfig is better-auth's account section.
type AccountConfig struct {
	EncryptOAuthTokens bool `key:"encrypt_oauth_tokens" default:"false" doc:"Encrypt providers' access and refresh tokens in the database, under auth.secret, as better-auth's option encryptOAuthTokens. What is there already is read either way."`
	UpdateOnSignIn     bool `key:"update_account_on_sign_in" default:"true" doc:"Every sign-in stores the provider's new tokens."`
	StoreCookie        bool `key:"store_account_cookie" default:"false" doc:"Also keep the account in an encrypted cookie, <prefix>.account_data, for five minutes after a sign-in, as better-auth's option storeAccountCookie. Here it only says which account a request means; its tokens come from the database."`
}
