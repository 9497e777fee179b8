package jwt

import (
	"strings"
	"testing"
	"time"
)

func TestConfigRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	good := Config{Enabled: true, ExpiresIn: 15 * time.Minute, Algorithm: string(EdDSA), GracePeriod: 720 * time.Hour}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for key, spoil := range map[string]func(*Config){
		"expires_in: ":        func(c *Config) { c.ExpiresIn = 0 },
		"algorithm: ":         func(c *Config) { c.Algorithm = "HS256" },
		"rotation_interval: ": func(c *Config) { c.RotationInterval = time.Second },
		"grace_period: ":      func(c *Config) { c.GracePeriod = time.Minute },
		"audience: ":          func(c *Config) { c.Audience = []string{"a", ""} },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s%v", key, err)
		}
	}
}
