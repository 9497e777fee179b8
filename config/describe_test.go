package config

import (
	"strings"
	"testing"
)

// TestPublicContract holds the names and defaults that operators rely on. A change here breaks their configuration.
func TestPublicContract(t *testing.T) {
	t.Parallel()
	have := map[string]Setting{}
	for _, s := range Settings() {
		have[s.Key] = s
	}
	for key, def := range map[string]string{
		"server.listen": ":8080", "server.admin_listen": "127.0.0.1:9090", "server.public_url": "", "server.trusted_proxies": "",
		"upstream.url": "", "default_auth": "required", "routes": "", "routes[].path": "", "routes[].methods": "", "routes[].host": "",
		"routes[].auth": "required", "routes[].roles": "", "routes[].on_unauthenticated": "auto", "routes[].upstream": "", "routes[].timeout": "0s",
		"routes[].max_body": "0", "database.url": "", "database.path": "postern.db", "database.direct_url": "", "database.schema": "better-auth",
		"database.tables_in": "", "database.auto_migrate": "false", "auth.base_path": "/api/auth", "auth.secret": "", "auth.previous_secrets": "",
		"auth.trusted_origins": "", "auth.email_password.enabled": "true", "auth.email_password.require_email_verification": "true",
		"auth.email_password.auto_sign_in": "true", "auth.email_password.min_password_length": "8", "auth.email_password.max_password_length": "128",
		"auth.email_password.reset_token_expires_in": "1h", "auth.email_password.revoke_sessions_on_password_reset": "true",
		"auth.email_password.hash": "scrypt", "auth.session.expires_in": "168h", "auth.session.update_age": "24h", "auth.session.fresh_age": "24h",
		"auth.cookie.prefix": "better-auth", "auth.cookie.domain": "", "auth.cookie.same_site": "lax", "auth.bearer.require_signature": "false",
		"session_cache.size": "100000", "session_cache.ttl": "30s", "session_cache.negative_ttl": "5s", "session_cache.stale_if_error": "60s",
		"identity.headers": "", "mail.transport": "log", "mail.from": "", "mail.notifications": "true", "mail.resend.api_key": "",
		"mail.smtp.host": "", "mail.smtp.username": "", "mail.smtp.password": "", "cors.allowed_origins": "", "log.level": "info", "log.format": "json",
	} {
		s, ok := have[key]
		if !ok {
			t.Errorf("%s is not there", key)
		} else if s.Default != def {
			t.Errorf("%s: default %q, want %q", key, s.Default, def)
		}
	}
}

func TestConventionalVariablesAreHonoured(t *testing.T) {
	t.Parallel()
	have := map[string]string{}
	for _, s := range Settings() {
		for _, name := range s.Env {
			have[name] = s.Key
		}
	}
	for name, key := range map[string]string{
		"DATABASE_URL": "database.url", "BETTER_AUTH_SECRET": "auth.secret", "BETTER_AUTH_URL": "server.public_url", "RESEND_API_KEY": "mail.resend.api_key",
	} {
		if have[name] != key {
			t.Errorf("%s is for %q, want %s", name, have[name], key)
		}
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, s := range Settings() {
		if s.Doc == "" && !s.Section {
			t.Errorf("%s has no description", s.Key)
		}
		if strings.Contains(s.Key, ".") && s.Key != strings.ToLower(s.Key) {
			t.Errorf("%s is not lower-case", s.Key)
		}
	}
}

func TestPasswordsAndKeysAreMarkedSecret(t *testing.T) {
	t.Parallel()
	for _, s := range Settings() {
		_, name := split(s.Key)
		looksSecret := name == "secret" || name == "password" || name == "api_key" || name == "private_key" || name == "secret_key" || strings.HasSuffix(name, "_secret") ||
			strings.HasSuffix(name, "_secrets") || strings.HasPrefix(s.Key, "database.") && strings.HasSuffix(name, "url") ||
			name == "proxy_url" // may hold a user name and password
		if looksSecret != s.Secret {
			t.Errorf("%s: secret is %v", s.Key, s.Secret)
		}
	}
}
