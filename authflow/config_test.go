package authflow

import (
	"strings"
	"testing"
	"time"
)

func TestSettingsThatWork(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"the defaults":          func(*Config) {},
		"no secret yet":         func(c *Config) { c.Secret = "" },
		"rotated secrets":       func(c *Config) { c.PreviousSecrets = []string{formerSecret} },
		"trusted origins":       func(c *Config) { c.TrustedOrigins = []string{"https://*.example.test", "myapp://callback"} },
		"another base path":     func(c *Config) { c.BasePath = "/auth" },
		"a page to sign in":     func(c *Config) { c.SignInURL = "/login?from=app" },
		"such a page elsewhere": func(c *Config) { c.SignInURL = "https://accounts.example.test/in" },
		"always renewed":        func(c *Config) { c.Session.UpdateAge = 0 },
		"fresh for ever":        func(c *Config) { c.Session.FreshAge = 0 },
		"another site":          func(c *Config) { c.Cookie.SameSite, c.Cookie.Secure = "none", "true" },
		"embedded":              func(c *Config) { c.Cookie.SameSite, c.Cookie.Partitioned = "none", true },
		"other names":           func(c *Config) { c.Cookie.Names = CookieNamesConfig{"sid", "data", "short"} },
		"a cookie cache":        func(c *Config) { c.Session.CookieCache = CookieCacheConfig{true, 7 * 24 * time.Hour, "jwe", "2"} },
		"parent domain":         func(c *Config) { c.Cookie.Domain = ".example.test" },
	} {
		c := testConfig()
		change(&c)
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachMistakeIsReportedWithItsKey(t *testing.T) {
	t.Parallel()
	for key, change := range map[string]func(*Config){
		"base_path: \"api\"":                          func(c *Config) { c.BasePath = "api" },
		"base_path: \"/\"":                            func(c *Config) { c.BasePath = "/" },
		"base_path: \"/a//b\"":                        func(c *Config) { c.BasePath = "/a//b" },
		"base_path: \"/a b\"":                         func(c *Config) { c.BasePath = "/a b" },
		"base_path: \"/é\"":                           func(c *Config) { c.BasePath = "/é" },
		"base_path: \"/a/../b\"":                      func(c *Config) { c.BasePath = "/a/../b" },
		"sign_in_url: \"login\"":                      func(c *Config) { c.SignInURL = "login" },
		"sign_in_url: \"//a.test\"":                   func(c *Config) { c.SignInURL = "//a.test" },
		"sign_in_url: \"javascript:0\"":               func(c *Config) { c.SignInURL = "javascript:0" },
		"secret: has 5 characters":                    func(c *Config) { c.Secret = "short" },
		"previous_secrets: number 2":                  func(c *Config) { c.PreviousSecrets = []string{formerSecret, "short"} },
		"trusted_origins: \"https://a.test/\"":        func(c *Config) { c.TrustedOrigins = []string{"https://a.test/"} },
		"session.expires_in: 1s":                      func(c *Config) { c.Session.ExpiresIn, c.Session.UpdateAge = time.Second, 0 },
		"session.expires_in: 9624h0m0s":               func(c *Config) { c.Session.ExpiresIn = 401 * 24 * time.Hour },
		"session.update_age: 169h0m0s":                func(c *Config) { c.Session.UpdateAge = 169 * time.Hour },
		"session.update_age: -1s":                     func(c *Config) { c.Session.UpdateAge = -time.Second },
		"session.fresh_age: -1s":                      func(c *Config) { c.Session.FreshAge = -time.Second },
		"session.cookie_cache.strategy: \"JWT\"":      func(c *Config) { c.Session.CookieCache.Strategy = "JWT" },
		"session.cookie_cache.max_age: 1.5s":          func(c *Config) { c.Session.CookieCache.MaxAge = 1500 * time.Millisecond },
		"session.cookie_cache.max_age: -5m0s":         func(c *Config) { c.Session.CookieCache.MaxAge = -5 * time.Minute },
		"session.cookie_cache.max_age: 9624h0m0s":     func(c *Config) { c.Session.CookieCache.MaxAge = 401 * 24 * time.Hour },
		"cookie.names.session_data: \"a;b\"":          func(c *Config) { c.Cookie.Names.SessionData = "a;b" },
		"cookie.names: two cookies are named \"sid\"": func(c *Config) { c.Cookie.Names.SessionToken, c.Cookie.Names.DontRemember = "sid", "sid" },
		"cookie.names: two cookies are named \"better-auth.session_data\"": func(c *Config) {
			c.Cookie.Names.SessionToken = "better-auth.session_data"
		},
		"cookie.partitioned: needs secure":    func(c *Config) { c.Cookie.Partitioned, c.Cookie.Secure = true, "false" },
		"cookie.prefix: \"a b\"":              func(c *Config) { c.Cookie.Prefix = "a b" },
		"cookie.prefix: \"\"":                 func(c *Config) { c.Cookie.Prefix = "" },
		"cookie.same_site: \"Lax\"":           func(c *Config) { c.Cookie.SameSite = "Lax" },
		"cookie.secure: \"yes\"":              func(c *Config) { c.Cookie.Secure = "yes" },
		"cookie.same_site: none needs secure": func(c *Config) { c.Cookie.SameSite, c.Cookie.Secure = "none", "false" },
		"cookie.domain: \"a.test; Secure\"":   func(c *Config) { c.Cookie.Domain = "a.test; Secure" },
		"cookie.domain: \"a.test\\r\\n\"":     func(c *Config) { c.Cookie.Domain = "a.test\r\n" },
	} {
		c := testConfig()
		change(&c)
		err := c.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), key) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", key, err)
		}
	}
	c := Config{Secret: "short", Cookie: CookieConfig{Prefix: "="}}
	if err := c.Validate(); strings.Count(err.Error(), "\n") < 4 {
		t.Errorf("not all mistakes are reported together: %v", err)
	}
}
