package config

import (
	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/account"
	"github.com/posternhq/postern/authflow/admin"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/authflow/captcha"
	"github.com/posternhq/postern/authflow/compromised"
	"github.com/posternhq/postern/authflow/geoip"
	"github.com/posternhq/postern/authflow/jwt"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/openapi"
	"github.com/posternhq/postern/authflow/pages"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/verification"
	"github.com/posternhq/postern/deploy/k8s/injector"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/sessionstore"
)

// Config is everything that can be set, one field per package and feature. A package's settings are described where
// they are read.
type Config struct {
	Server       Server                   `key:"server" doc:"The two listeners, and how they stop."`
	Proxy        proxy.Config             `key:",inline"`
	ForwardAuth  ForwardAuth              `key:"forward_auth" restart:"true" doc:"Answers for front ends that ask before they forward, and forward themselves."`
	Database     sessionstore.Config      `key:"database" restart:"true" doc:"Where users and sessions are kept."`
	SessionCache sessionstore.CacheConfig `key:"session_cache" restart:"true" doc:"Sessions remembered in memory, so that most requests cost no query."`
	Auth         Auth                     `key:"auth" doc:"The auth API, its secrets, sessions and cookies."`
	Pages        pages.Config             `key:"pages" doc:"Pages for people who sign in by a browser. See docs/pages.md."`
	Egress       egress.Config            `key:"egress" restart:"true" doc:"Calls to identity providers."`
	RateLimit    authflow.RateLimitConfig `key:"rate_limit" doc:"How often a client may ask the auth API."`
	Mail         mail.Config              `key:"mail" doc:"How letters are sent."`
	Audit        audit.Config             `key:"audit" restart:"true" doc:"A record of every authentication event, in the database and as log lines."`
	GeoIP        geoip.Config             `key:"geoip" restart:"true" doc:"Where addresses are, for people to recognise their own devices by."`
	CORS         CORS                     `key:"cors" doc:"Which other sites' scripts may read answers."`
	Injector     injector.Config          `key:"injector" restart:"true" doc:"For 'postern injector' alone, the webhook that puts Postern into pods. See docs/kubernetes.md."`
	Telemetry    Telemetry                `key:"telemetry" doc:"Traces, in OpenTelemetry's protocol. They are switched on by OTEL_EXPORTER_OTLP_ENDPOINT; docs/operations.md says more."`
	Log          Log                      `key:"log" doc:"Log lines, written to standard error."`
}

// Auth is the section of the flow itself and of every room that has settings.
type Auth struct {
	Core              authflow.Config      `key:",inline"`
	EmailPassword     password.Config      `key:"email_password" doc:"Sign-up and sign-in with e-mail address and password."`
	Captcha           captcha.Config       `key:"captcha" doc:"A riddle for programs, judged by a service, as better-auth's captcha plugin."`
	Compromised       compromised.Config   `key:"compromised_passwords" doc:"New passwords that are refused since others know them."`
	EmailVerification verification.Config  `key:"email_verification" doc:"Proof that an address is the user's."`
	User              User                 `key:"user" doc:"What users may do with their own account."`
	JWT               jwt.Config           `key:"jwt" doc:"Short-lived signed tokens, for services that check them without asking Postern."`
	Social            social.Config        `key:"social" entries:"env" conventional:"google,github" example:"google" doc:"Providers that people may sign in with: google, github, or any name with the issuer of an OpenID Connect provider. docs/providers.md says how to get a client there. GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are read, too."`
	AccountLinking    social.LinkingConfig `key:"account_linking" doc:"When an account of a provider becomes one of a user who exists already."`
	Account           social.AccountConfig `key:"account" doc:"What is kept of a provider's account."`
	Admin             admin.Config         `key:"admin" doc:"Users who look after the others: better-auth's admin plugin. See docs/admin.md."`
	OpenAPI           openapi.Config       `key:"openapi" doc:"How the API tells of itself."`
}

// User is the section auth.user, which two rooms share.
type User struct {
	ChangeEmail      verification.ChangeEmailConfig `key:"change_email"`
	DeleteUser       account.DeleteUserConfig       `key:"delete_user"`
	AdditionalFields sessionstore.FieldConfigs      `key:"additional_fields" restart:"true" doc:"Fields of a user besides better-auth's own, as user.additionalFields there. 'postern migrate up' makes their columns."`
}

// share hands to the store what it must know of the auth API's settings.
func (c *Config) share() {
	c.Database.UserFields = c.Auth.Admin.UserFields(c.Auth.User.AdditionalFields)
	c.Database.SessionFields = c.Auth.Admin.SessionFields(c.Auth.Core.Session.AdditionalFields)
}

// SignInURL is where a browser without a session is sent: auth.sign_in_url, or when that is empty the page that comes with Postern, if
// pages are enabled.
func (c Config) SignInURL() string {
	if c.Auth.Core.SignInURL == "" && c.Pages.Enabled {
		return pages.SignInPath
	}
	return c.Auth.Core.SignInURL
}

// CORSOrigins are the origins whose scripts may read answers: cors.allowed_origins, or when that is empty
// auth.trusted_origins.
func (c Config) CORSOrigins() []string {
	if len(c.CORS.AllowedOrigins) > 0 {
		return c.CORS.AllowedOrigins
	}
	return c.Auth.Core.TrustedOrigins
}
