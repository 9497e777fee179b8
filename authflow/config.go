package authflow

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// MinSecretBytes is the shortest secret that is accepted: 32 random bytes are out of reach of guessing.
const MinSecretBytes = 32

// Config holds what every room shares: where the API lives, its secrets, whom it trusts, and how long a session lasts.
type Config struct {
	BasePath        string   `key:"base_path" restart:"true" default:"/api/auth" doc:"Where the auth API lives. better-auth's default; its clients expect it."`
	Secret          string   `key:"secret" secret:"true" env:"BETTER_AUTH_SECRET" doc:"Signs cookies and mailed tokens. At least 32 characters; 'postern secret' makes one. Use better-auth's to share its sessions."`
	PreviousSecrets []string `key:"previous_secrets" secret:"true" doc:"Secrets that were in use before. What they signed is still accepted; nothing is signed with them."`
	TrustedOrigins  []string `key:"trusted_origins" doc:"Origins besides server.public_url that may call the API and be redirected to. '*' stands for any run of characters, as in better-auth: https://*.example.com. A scheme of an application's own is written myapp://."`
	SignInURL       string   `key:"sign_in_url" doc:"Where a browser without a session is sent: a path on server.public_url or a URL of a trusted origin. Empty: it gets 401." example:"/login"`

	Session SessionConfig `key:"session"`
	Cookie  CookieConfig  `key:"cookie"`
	Bearer  BearerConfig  `key:"bearer"`
}

// SessionConfig says how long a session lives. As better-auth's session options.
type SessionConfig struct {
	ExpiresIn time.Duration `key:"expires_in" default:"168h" doc:"How long a session lives after its last renewal."`
	UpdateAge time.Duration `key:"update_age" default:"24h" doc:"How old the last renewal must be before use renews the session."`
	FreshAge  time.Duration `key:"fresh_age" default:"24h" doc:"How long after sign-in a session may do what asks for a fresh one. 0 disables the check."`

	DeferRefresh     bool                      `key:"defer_refresh" default:"false" doc:"Renew sessions by POST /get-session alone, as better-auth's deferSessionRefresh: GET says needsRefresh when it is time, and its client then posts. No other request renews, proxied ones included."`
	AdditionalFields sessionstore.FieldConfigs `key:"additional_fields" restart:"true" doc:"Fields of a session besides better-auth's own, as session.additionalFields there. Clients change them by /update-session."`
	CookieCache      CookieCacheConfig         `key:"cookie_cache"`
}

// BearerConfig is better-auth's bearer plugin.
type BearerConfig struct {
	RequireSignature bool `key:"require_signature" default:"false" doc:"Accept only signed tokens in Authorization: Bearer, not the plain session token."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	if !isBasePath(c.BasePath) {
		report("base_path: %q is not a path like /api/auth; begin with one slash, end without, and use letters, digits, '-', '_', '.' and '~'", c.BasePath)
	}
	if !isSignInURL(c.SignInURL) {
		report("sign_in_url: %q is neither a path like /login nor an http or https URL", c.SignInURL)
	}
	if n := len(c.Secret); n > 0 && n < MinSecretBytes {
		report("secret: has %d characters; use %d or more ('postern secret' makes one)", n, MinSecretBytes)
	}
	for i, s := range c.PreviousSecrets {
		if len(s) < MinSecretBytes {
			report("previous_secrets: number %d has %d characters; use %d or more", i+1, len(s), MinSecretBytes)
		}
	}
	for _, o := range c.TrustedOrigins {
		if err := checkOriginPattern(o); err != nil {
			report("trusted_origins: %w", err)
		}
	}
	if c.Session.ExpiresIn < time.Minute {
		report("session.expires_in: %s is below a minute; better-auth's default is 168h", c.Session.ExpiresIn)
	}
	if c.Session.UpdateAge < 0 || c.Session.UpdateAge > c.Session.ExpiresIn {
		report("session.update_age: %s is not between 0 and session.expires_in (%s)", c.Session.UpdateAge, c.Session.ExpiresIn)
	}
	if c.Session.FreshAge < 0 {
		report("session.fresh_age: %s is negative; use 0 to disable the check", c.Session.FreshAge)
	}
	if c.Session.ExpiresIn > maxCookieAge {
		report("session.expires_in: %s is more than 400 days, which browsers cut (RFC 6265bis §5.5)", c.Session.ExpiresIn)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Session.AdditionalFields)) {
		for _, err := range c.Session.AdditionalFields[name].Problems() {
			report("session.additional_fields.%s.%w", name, err)
		}
	}
	problems = append(problems, c.Session.CookieCache.validate()...)
	problems = append(problems, c.Cookie.validate()...)
	return errors.Join(problems...)
}

// isBasePath tells whether every segment is spelled the same in a URL, encoded or not: routes are found by the path as it was
// sent, and under any other base path the API could never be reached.
func isBasePath(path string) bool {
	segments := strings.Split(path, "/")
	if len(segments) < 2 || segments[0] != "" {
		return false
	}
	for _, segment := range segments[1:] {
		for i := range len(segment) {
			if b := segment[i]; !isAlphanumeric(b) && strings.IndexByte("-_.~", b) < 0 {
				return false
			}
		}
		if strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return true
}

// isSignInURL tells whether a browser can be sent there from any page. A path without its first slash would lead below the
// page that was asked for, and so back here.
func isSignInURL(raw string) bool {
	if raw == "" || isSafePath(raw) {
		return true
	}
	_, ok := webOrigin(raw)
	return ok
}

// checkOriginPattern refuses what could never match or would match by accident.
func checkOriginPattern(pattern string) error {
	scheme, _, _ := strings.Cut(pattern, ":")
	anyOfScheme := isAppScheme(strings.ToLower(scheme)) && strings.HasSuffix(pattern, "://") // myapp://, as better-auth writes it
	if strings.HasSuffix(pattern, "/") && !anyOfScheme {
		return fmt.Errorf("%q ends with a slash, which an origin never has; remove it", pattern)
	}
	if strings.ContainsAny(pattern, " \t\r\n\\") {
		return fmt.Errorf("%q holds a space or backslash", pattern)
	}
	if strings.ContainsAny(pattern, "*?") {
		return nil
	}
	u, err := url.Parse(pattern)
	if err != nil || u.Scheme == "" || (u.Host == "" && (u.Scheme == "http" || u.Scheme == "https")) {
		return fmt.Errorf("%q is not an origin like https://app.example.com", pattern)
	}
	return nil
}
