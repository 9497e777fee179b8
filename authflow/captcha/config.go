package captcha

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// The services, as better-auth calls them.
const (
	Turnstile  = "cloudflare-turnstile"
	ReCAPTCHA  = "google-recaptcha"
	HCaptcha   = "hcaptcha"
	CaptchaFox = "captchafox"
)

// siteVerify is where each service is asked.
var siteVerify = map[string]string{
	Turnstile:  "https://challenges.cloudflare.com/turnstile/v0/siteverify",
	ReCAPTCHA:  "https://www.google.com/recaptcha/api/siteverify",
	HCaptcha:   "https://api.hcaptcha.com/siteverify",
	CaptchaFox: "https://api.captchafox.com/siteverify",
}

// Config is better-auth's captcha plugin. Its key is `auth.captcha`.
type Config struct {
	Provider         string   `key:"provider" doc:"Service that judges: cloudflare-turnstile, google-recaptcha, hcaptcha or captchafox. Empty: nobody is asked. Clients send the widget's token in the header x-captcha-response."`
	SecretKey        string   `key:"secret_key" secret:"true" doc:"The secret key that the service gave out."`
	SiteKey          string   `key:"site_key" doc:"The site key that a token must be for; hCaptcha and CaptchaFox alone."`
	Endpoints        []string `key:"endpoints" default:"/sign-up/email,/sign-in/email,/request-password-reset" doc:"Endpoints below auth.base_path that ask for a token; /a/* is one more segment. An endpoint is also found by its aliases."`
	MinScore         float64  `key:"min_score" default:"0.5" doc:"Least score of a person, from 0 to 1; reCAPTCHA v3 alone."`
	ExpectedAction   string   `key:"expected_action" doc:"Action that a token must have been made for; Turnstile and reCAPTCHA alone. Empty: any."`
	AllowedHostnames []string `key:"allowed_hostnames" doc:"Hosts on whose pages a token may have been made; Turnstile and reCAPTCHA alone. Empty: any."`
	SiteVerifyURL    string   `key:"site_verify_url" doc:"Where the service is asked. Empty: its own address."`
}

// Enabled tells whether anybody is asked.
func (c Config) Enabled() bool { return c.Provider != "" }

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	if !c.Enabled() {
		return nil
	}
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if siteVerify[c.Provider] == "" {
		report("provider: %q is not cloudflare-turnstile, google-recaptcha, hcaptcha or captchafox", c.Provider)
	}
	if c.SecretKey == "" {
		report("secret_key: is empty; the service's console shows it")
	}
	for _, endpoint := range c.Endpoints {
		if _, err := path.Match(endpoint, ""); err != nil || !strings.HasPrefix(endpoint, "/") {
			report("endpoints: %q is not a path like /sign-in/email or /sign-in/*", endpoint)
		}
	}
	if c.MinScore < 0 || c.MinScore > 1 {
		report("min_score: %v is not between 0 and 1", c.MinScore)
	}
	if u, err := url.Parse(c.SiteVerifyURL); c.SiteVerifyURL != "" && (err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https"}, u.Scheme)) {
		report("site_verify_url: %q is not a URL like %s", c.SiteVerifyURL, siteVerify[Turnstile])
	}
	return errors.Join(problems...)
}
