package jwt

import (
	"errors"
	"fmt"
	"time"
)

// Algorithm is how tokens are signed, by its name in RFC 7518 §3.1 or RFC 8037 §3.1.
type Algorithm string

// The algorithms that new keys can be made for.
const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // ECDSA over P-256
	RS256 Algorithm = "RS256" // RSA of 2048 bits
)

// These are better-auth's besides ours: its keys sign here too, but none are made.
const (
	es512 Algorithm = "ES512"
	ps256 Algorithm = "PS256"
)

// Config is better-auth's jwt plugin.
type Config struct {
	Enabled          bool          `key:"enabled" restart:"true" default:"true" doc:"Whether there are GET /token, GET /jwks and the header set-auth-jwt of get-session."`
	Issuer           string        `key:"issuer" example:"https://app.example.com" doc:"Claim iss. Empty: server.public_url."`
	Audience         []string      `key:"audience" example:"https://api.example.com" doc:"Claim aud. Empty: server.public_url."`
	ExpiresIn        time.Duration `key:"expires_in" default:"15m" doc:"How long a token is valid. It cannot be taken back before."`
	Algorithm        string        `key:"algorithm" default:"EdDSA" doc:"What new keys are for: EdDSA, ES256 or RS256. As in better-auth, a key that exists goes on signing until it expires or its row is deleted."`
	RotationInterval time.Duration `key:"rotation_interval" default:"0s" doc:"How long a key signs before the next one is made. 0: for ever."`
	GracePeriod      time.Duration `key:"grace_period" default:"720h" doc:"How long a key stays in /jwks after its rotation, so that tokens it signed can still be checked."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.ExpiresIn < time.Second {
		report("expires_in: %s is below a second; better-auth's default is 15m", c.ExpiresIn)
	}
	switch Algorithm(c.Algorithm) {
	case EdDSA, ES256, RS256:
	default:
		report("algorithm: %q is not EdDSA, ES256 or RS256", c.Algorithm)
	}
	if c.RotationInterval < 0 || c.RotationInterval > 0 && c.RotationInterval < time.Minute {
		report("rotation_interval: %s is below a minute; use 0 to keep a key for ever", c.RotationInterval)
	}
	if c.GracePeriod < c.ExpiresIn {
		report("grace_period: %s is shorter than expires_in (%s); tokens would outlive the key that proves them", c.GracePeriod, c.ExpiresIn)
	}
	for i, a := range c.Audience {
		if a == "" {
			report("audience: number %d is empty; remove it", i+1)
		}
	}
	return errors.Join(problems...)
}
