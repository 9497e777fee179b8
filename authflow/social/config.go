package social

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Config is the section auth.social: a section for each provider, by its id. An id that is not in the table of known providers
// needs an issuer.
type Config map[string]ProviderConfig

// ProviderConfig is what may be set for one provider. Names are better-auth's, in snake case.
type ProviderConfig struct {
	Enabled      bool     `key:"enabled" default:"true" doc:"Set to false to turn the provider off and keep its settings."`
	Name         string   `key:"name" doc:"What people know the provider by, on buttons of the pages. Empty: the usual name, or the one below auth.social." example:"Acme"`
	ClientID     string   `key:"client_id" env:"{NAME}_CLIENT_ID" example:"1234.apps.googleusercontent.com" doc:"What the provider calls this application."`
	ClientSecret string   `key:"client_secret" secret:"true" env:"{NAME}_CLIENT_SECRET" doc:"The secret that goes with client_id."`
	Audiences    []string `key:"audiences" doc:"Further client ids, those of native apps for instance, whose ID tokens are accepted at sign-in by ID token."`
	ClientAuth   string   `key:"client_auth" doc:"How the token endpoint learns who asks: client_secret_post, client_secret_basic, or none for a public client. Empty: as the provider has it."`

	Scopes               []string          `key:"scopes" doc:"Scopes to ask for besides the provider's default ones."`
	DisableDefaultScopes bool              `key:"disable_default_scopes" default:"false" doc:"Ask for the scopes named above alone."`
	Prompt               string            `key:"prompt" example:"select_account" doc:"What the provider asks the user for: none, login, consent or select_account; several are separated by spaces."`
	AccessType           string            `key:"access_type" example:"offline" doc:"Google: offline hands out a refresh token, together with prompt consent."`
	HostedDomain         string            `key:"hd" example:"example.com" doc:"Google: only accounts of this Workspace domain may sign in; '*' is any Workspace domain."`
	IncludeGrantedScopes bool              `key:"include_granted_scopes" default:"true" doc:"Google: the new token has the scopes granted before, too."`
	Parameters           map[string]string `key:"parameters" doc:"Further parameters of the authorization request."`

	AuthorizationURL string `key:"authorization_url" doc:"Where the browser is sent, instead of the provider's own address."`
	TokenURL         string `key:"token_url" doc:"Where codes and refresh tokens are redeemed."`
	UserInfoURL      string `key:"userinfo_url" doc:"Where the profile is asked for."`
	EmailsURL        string `key:"emails_url" doc:"GitHub: the list of the user's addresses. X: the confirmed one."`
	JWKSURL          string `key:"jwks_url" doc:"Where the keys are that ID tokens are signed with."`
	Issuer           string `key:"issuer" example:"https://id.example.com/realms/main" doc:"The iss of ID tokens. GitLab: the address of an installation of your own. For a provider that is not known by name, its endpoints are discovered there (OpenID Connect Discovery)."`

	TeamID     string `key:"team_id" example:"8A3Z7QW9XK" doc:"Apple: the team, ten characters. With key_id and private_key Postern makes the client secret itself, and always anew."`
	KeyID      string `key:"key_id" example:"2X9R4HXF34" doc:"Apple: the id of the key for Sign in with Apple."`
	PrivateKey string `key:"private_key" secret:"true" doc:"Apple: the content of the key's .p8 file; private_key_file names the file instead."`

	TenantID            string `key:"tenant_id" example:"organizations" doc:"Microsoft: whose accounts may sign in: common (all), organizations (work and school), consumers (personal), or a tenant's id. Empty: common."`
	Authority           string `key:"authority" example:"https://login.microsoftonline.us" doc:"Microsoft: the cloud's address. Empty: https://login.microsoftonline.com."`
	PhotoURL            string `key:"photo_url" doc:"Microsoft: where the user's picture is asked for."`
	DisableProfilePhoto bool   `key:"disable_profile_photo" default:"false" doc:"Microsoft: do not ask for the user's picture."`

	ConfigID      string   `key:"config_id" doc:"Facebook: the configuration of Facebook Login for Business."`
	ProfileFields []string `key:"profile_fields" doc:"Facebook: fields of the profile besides id, name, email and picture, for account-info."`
	InspectionURL string   `key:"inspection_url" doc:"Facebook: where it tells whose an access token is."`

	EndSessionURL         string `key:"end_session_url" doc:"Where signing out here sends the browser to, to end the provider's session as well. Discovered where the provider has it."`
	PostLogoutRedirectURI string `key:"post_logout_redirect_uri" example:"/goodbye" doc:"Where the browser goes after that, when the request has no callbackURL. It must be registered with the provider."`
	DisableProviderLogout bool   `key:"disable_provider_logout" default:"false" doc:"Signing out here leaves the provider's session alone."`

	DisableSignUp            bool `key:"disable_sign_up" default:"false" doc:"Nobody new may come in by this provider."`
	DisableImplicitSignUp    bool `key:"disable_implicit_sign_up" default:"false" doc:"Somebody new may come in only where the request says requestSignUp."`
	OverrideUserInfoOnSignIn bool `key:"override_user_info_on_sign_in" default:"false" doc:"Every sign-in copies name, picture and address from the provider."`
	RequireEmailVerification bool `key:"require_email_verification" default:"false" doc:"No session while the address is proved neither by the provider nor by a mailed link."`
	DisableIDTokenSignIn     bool `key:"disable_id_token_sign_in" default:"false" doc:"No sign-in by an ID token that the client already has."`
}

// providerID is what fits a path segment, a setting and the name of a variable.
var providerID = regexp.MustCompile(`^[a-z][a-z0-9]*([_-][a-z0-9]+)*$`)

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	for _, id := range slices.Sorted(maps.Keys(c)) {
		if !providerID.MatchString(id) || id == "credential" {
			problems = append(problems, fmt.Errorf("%s: is not a provider's name; use lower-case letters, digits, '-' and '_'", id))
			continue
		}
		if !c[id].Enabled {
			continue
		}
		_, err := newProvider(id, c[id])
		for _, e := range slices.Concat(flatten(err), c[id].problems(), c[id].misplaced(id)) {
			problems = append(problems, fmt.Errorf("%s.%w", id, e))
		}
	}
	return errors.Join(problems...)
}

// problems are those that do not depend on the provider.
func (c ProviderConfig) problems() []error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.ClientID == "" {
		report("client_id: is not set; the provider gives it to an application that is registered there")
	}
	for _, setting := range []struct{ key, address string }{
		{"authorization_url", c.AuthorizationURL}, {"token_url", c.TokenURL}, {"userinfo_url", c.UserInfoURL},
		{"emails_url", c.EmailsURL}, {"photo_url", c.PhotoURL}, {"end_session_url", c.EndSessionURL}, {"inspection_url", c.InspectionURL}, {"jwks_url", c.JWKSURL}, {"issuer", c.Issuer},
	} {
		if setting.address != "" && !isWebAddress(setting.address) {
			report("%s: %q is not an http or https URL without user info and fragment", setting.key, setting.address)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		if reserved[name] {
			report("parameters: %s is set by the flow itself; remove it", name)
		}
	}
	return problems
}

// misplaced are settings that only other providers have. They would do nothing here, and who sets hd counts on it to keep people out.
func (c ProviderConfig) misplaced(id string) []error {
	var problems []error
	for _, setting := range []struct {
		key    string
		set    bool
		owners []string
	}{
		{"hd", c.HostedDomain != "", []string{"google"}},
		{"emails_url", c.EmailsURL != "", []string{"github", "twitter"}},
		{"team_id", c.TeamID != "", []string{"apple"}},
		{"key_id", c.KeyID != "", []string{"apple"}},
		{"private_key", c.PrivateKey != "", []string{"apple"}},
		{"tenant_id", c.TenantID != "", []string{"microsoft"}},
		{"authority", c.Authority != "", []string{"microsoft"}},
		{"photo_url", c.PhotoURL != "", []string{"microsoft"}},
		{"disable_profile_photo", c.DisableProfilePhoto, []string{"microsoft"}},
		{"config_id", c.ConfigID != "", []string{"facebook"}},
		{"profile_fields", len(c.ProfileFields) > 0, []string{"facebook"}},
		{"inspection_url", c.InspectionURL != "", []string{"facebook"}},
	} {
		if setting.set && !slices.Contains(setting.owners, id) {
			problems = append(problems, fmt.Errorf("%s: is a setting of %s alone; here it does nothing, so remove it", setting.key, strings.Join(setting.owners, " and ")))
		}
	}
	return problems
}

func isWebAddress(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.Fragment == ""
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// newProvider is the provider of that name with the settings applied.
func newProvider(id string, cfg ProviderConfig) (*Provider, error) {
	list := known()
	i := slices.IndexFunc(list, func(p Provider) bool { return p.ID == id })
	if i < 0 {
		list, i = append(list, discovered(id)), len(list)
	}
	p := list[i]
	if err := p.apply(cfg); err != nil {
		return nil, err
	}
	return &p, nil
}

// apply fills in the client and lets settings win over the table.
func (p *Provider) apply(cfg ProviderConfig) error {
	var problems []error
	p.Name = cmp.Or(cfg.Name, p.Name)
	p.Client.ClientID, p.Client.ClientSecret, p.Audiences = cfg.ClientID, cfg.ClientSecret, cfg.Audiences
	for from, to := range map[*string]*string{
		&cfg.AuthorizationURL: &p.AuthorizationURL, &cfg.TokenURL: &p.TokenURL, &cfg.UserInfoURL: &p.UserInfoURL,
		&cfg.PhotoURL: &p.PhotoURL, &cfg.EndSessionURL: &p.EndSessionURL, &cfg.InspectionURL: &p.InspectionURL,
		&cfg.EmailsURL: &p.EmailsURL, &cfg.JWKSURL: &p.JWKSURL, &cfg.Issuer: &p.Issuer,
	} {
		if *from != "" {
			*to = *from
		}
	}
	if cfg.Issuer != "" && p.IDToken != nil {
		p.IDToken.Issuers = []string{cfg.Issuer}
	}
	if p.IDToken != nil {
		p.IDToken.NoSignIn = p.IDToken.NoSignIn || cfg.DisableIDTokenSignIn
	}
	if cfg.DisableDefaultScopes {
		p.Scopes = nil
	}
	p.configuredScopes = cfg.Scopes
	for _, q := range []Parameter{{"prompt", cfg.Prompt}, {"access_type", cfg.AccessType}} {
		p.setParameter(q)
	}
	p.Rules = Rules{
		DisableSignUp: cfg.DisableSignUp, DisableImplicitSignUp: cfg.DisableImplicitSignUp,
		OverrideUserInfoOnSignIn: cfg.OverrideUserInfoOnSignIn, RequireEmailVerification: cfg.RequireEmailVerification,
		DisableProviderLogout: cfg.DisableProviderLogout, PostLogoutRedirectURI: cfg.PostLogoutRedirectURI,
	}
	if p.Adjust != nil {
		problems = append(problems, flatten(p.Adjust(p, cfg))...)
	}
	if p.AuthorizationURL == "" && p.Issuer == "" && len(problems) == 0 {
		problems = append(problems, errNoIssuer)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Parameters)) {
		p.setParameter(Parameter{name, cfg.Parameters[name]})
	}
	return errors.Join(append(problems, p.authenticate(cfg)...)...)
}

// setParameter gives a parameter of the authorization request a value, in place of the table's.
func (p *Provider) setParameter(q Parameter) {
	if q.Value == "" {
		return
	}
	p.Parameters = append(slices.DeleteFunc(slices.Clone(p.Parameters), func(old Parameter) bool { return old.Name == q.Name }), q)
}

// authenticate settles how the token endpoint learns who asks.
func (p *Provider) authenticate(cfg ProviderConfig) []error {
	if cfg.ClientAuth != "" {
		p.ClientAuth = ClientAuth(cfg.ClientAuth)
	}
	hasSecret := p.ClientSecret != "" || p.MakeSecret != nil
	switch p.ClientAuth {
	case "", ClientSecretPost, ClientSecretBasic:
		if p.ClientAuth == "" && !p.discovers {
			p.ClientAuth = ClientSecretPost
		}
		if !hasSecret {
			return []error{errors.New("client_secret: is not set; set the one the provider gave, or client_auth: none for a public client")}
		}
	case NoClientAuth:
		if hasSecret {
			return []error{errors.New("client_auth: none does not go with a client secret; remove one of the two")}
		}
	default:
		return []error{fmt.Errorf("client_auth: %q is not client_secret_post, client_secret_basic or none", cfg.ClientAuth)}
	}
	return nil
}
