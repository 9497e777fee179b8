package social

import (
	"context"
	"time"
)

// Provider is an OAuth 2 or OpenID Connect provider, as data. The table in providers.go holds the known ones, without a client;
// settings fill in the client and may replace any endpoint. What a field leaves out is as most providers have it.
type Provider struct {
	ID   string // in routes, settings and account.providerId: "google"
	Name string // as people know it: "Google"
	Endpoints
	Client

	// Scopes are asked for unless disable_default_scopes says otherwise; configured ones follow, then those of the request.
	Scopes []string
	// RequestedScopesFirst puts the scopes of the request before the configured ones.
	RequestedScopesFirst bool
	// Parameters of the authorization request beyond those every request has. Where better-auth gives one a place of its own
	// ("prompt", "hd", "access_type", "response_mode") it is put there, the others at the end, in this order.
	Parameters []Parameter
	// ResponseType is what the authorization endpoint is asked for; empty means "code".
	ResponseType string
	// NoLoginHint: the provider has no parameter login_hint.
	NoLoginHint bool
	// NoPKCE: the provider refuses a code_verifier. Say at the entry where it documents that. All others get S256 (RFC 7636 §4.2).
	NoPKCE bool
	// Nonce sends one and demands it of the ID token (OIDC Core §3.1.3.7, item 11).
	Nonce bool

	// IDToken says how the provider's ID tokens are verified; nil when it issues none.
	IDToken *IDTokenRules
	// Source says where the profile comes from.
	Source ProfileSource
	// Read says which claim is what. It may ask the provider for what is kept elsewhere, such as GitHub's e-mail addresses, and
	// refuse what must not pass. Nil: the standard claims of OIDC Core §5.1.
	Read func(ctx context.Context, p *Provider, g Grant, c Claims) (Profile, error)

	// Adjust applies the settings that only this provider has. Nil: there are none.
	Adjust func(p *Provider, cfg ProviderConfig) error

	Rules

	configuredScopes []string
	discovers        bool // its endpoints are found at its issuer
}

// Endpoints are where a provider is asked. Settings may replace each.
type Endpoints struct {
	AuthorizationURL string
	TokenURL         string
	UserInfoURL      string
	EmailsURL        string // GitHub's list of addresses, X's confirmed one
	EndSessionURL    string // where a browser ends the provider's session (OpenID Connect RP-Initiated Logout 1.0)
	PhotoURL         string // Microsoft's picture of the user
	InspectionURL    string // where Facebook tells whose an access token is
	JWKSURL          string

	// Issuer is who the provider says it is, compared with the callback's iss (RFC 9207 §2.4) when known. Discovered providers
	// have no other endpoint until they are asked.
	Issuer string
	// AnnouncesIssuer: the provider's metadata promises iss in every callback, so one without is refused (RFC 9207 §2.4).
	AnnouncesIssuer bool
}

// Client is what the provider knows us by.
type Client struct {
	ClientID     string
	ClientSecret string
	// MakeSecret makes the client secret when it is needed, for a provider that wants a signed one (RFC 7523 §2.2). It counts before
	// ClientSecret.
	MakeSecret func(now time.Time) (string, error)
	ClientAuth ClientAuth
	// Audiences are further client ids, such as an app's bundle identifier, whose ID tokens are accepted at sign-in by ID token.
	Audiences []string
}

// ClientAuth is how the token endpoint learns who is asking (RFC 6749 §2.3.1), in the words of OIDC Core §9.
type ClientAuth string

// The ways of authenticating. The zero value is ClientSecretPost, as in better-auth.
const (
	ClientSecretPost  ClientAuth = "client_secret_post"
	ClientSecretBasic ClientAuth = "client_secret_basic"
	NoClientAuth      ClientAuth = "none"
)

// Parameter is one of the authorization request.
type Parameter struct{ Name, Value string }

// IDTokenRules are what OIDC Core §3.1.3.7 asks about a provider's ID tokens. The audience is always the client id.
type IDTokenRules struct {
	// Issuers are the values of iss that are accepted. {tenantid} in one stands for the token's own claim tid, for a provider with an
	// issuer per tenant; Check says which tenants.
	Issuers []string
	// Algorithms are those the provider signs with, never taken from the token. Empty means RS256.
	Algorithms []string
	// MaxAge is how long ago a token may have been issued when a client brings it. Zero: as long as it is valid.
	MaxAge time.Duration
	// AnyAuthorizedParty accepts tokens, brought by clients, that the provider handed to another client of the same project (azp).
	AnyAuthorizedParty bool
	// HashedNonce accepts the SHA-256 of the nonce too, in lower-case hex, as Apple's libraries send it.
	HashedNonce bool
	// AccessTokenInstead lets a client bring an access token in place of an ID token. Read must find out that it was issued to us.
	AccessTokenInstead bool
	// Check refuses a token for what only this provider's tokens say. Nil: nothing to check.
	Check func(c Claims) error
	// NoSignIn: clients may not sign in with an ID token they already have.
	NoSignIn bool
}

// ProfileSource says where the claims about a user come from.
type ProfileSource int

// The sources.
const (
	// FromIDToken is the verified ID token; UserInfoURL, if there is one, is asked only when the token names no address.
	FromIDToken ProfileSource = iota
	// FromUserInfo is the JSON object at UserInfoURL.
	FromUserInfo
)

// Rules are what the operator decides for one provider. As better-auth's provider options.
type Rules struct {
	DisableSignUp            bool   // no new users by this provider
	DisableImplicitSignUp    bool   // new users only where the request asks for sign-up
	OverrideUserInfoOnSignIn bool   // every sign-in copies name, picture and address from the provider
	DisableProviderLogout    bool   // signing out here leaves the provider's session alone
	PostLogoutRedirectURI    string // where the browser goes after it, when the request does not say
	RequireEmailVerification bool   // no session while the address is not proved
}

// Grant is what a provider handed out for one user, with a way to ask it more.
type Grant struct {
	AccessToken string
	IDToken     Claims // verified; nil when there is none
	User        Claims // Apple's form field "user", which comes with the first sign-in alone; nil otherwise
	API         API    // asks with the access token
	App         API    // asks without any token
}

// API asks a provider's endpoints on a user's behalf.
type API interface {
	// JSON gets a JSON value. Anything but an answer with status 200 is an error.
	JSON(ctx context.Context, url string, into any) error
	// Bytes gets anything, with its media type.
	Bytes(ctx context.Context, url string) (data []byte, mediaType string, err error)
}

// Profile is what a provider says of a user, in our terms.
type Profile struct {
	Subject       string // the provider's name for the user that never changes: account.accountId
	Name          string
	Email         string // empty when the provider tells none
	EmailVerified bool
	Image         string
	Claims        Claims // all of it, as account-info shows it
}
