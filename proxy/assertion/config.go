package assertion

import (
	"errors"
	"fmt"
	"time"
)

// Config is the section identity.assertion.
type Config struct {
	Enabled          bool          `key:"enabled" restart:"true" default:"true" doc:"Whether requests of a user carry X-Postern-Assertion, a JWT that says who is asking for what. The public keys are at auth.base_path + /assertion/jwks."`
	Algorithm        string        `key:"algorithm" default:"EdDSA" doc:"How it is signed: EdDSA, ES256 or RS256. RS256 costs the processor some thirty times as much."`
	TTL              time.Duration `key:"ttl" default:"60s" doc:"How long it is valid. It is sent again with later requests of the same session, method and path for half of that."`
	SingleUse        bool          `key:"single_use" default:"false" doc:"Give every assertion an id of its own (claim jti) and send it with one request, so that an application can refuse what comes a second time. Each request of a user then costs a signature."`
	Audience         string        `key:"audience" default:"upstream" doc:"Claim aud: the application that is to believe it. It must not be the audience of auth.jwt."`
	RotationInterval time.Duration `key:"rotation_interval" default:"720h" doc:"How long a key signs. The next one is published an hour before it does, and the last one for an hour after. 0: for ever."`
}

// Algorithms, by their names in RFC 7518 §3.1 and RFC 8037 §3.1.
const (
	EdDSA = "EdDSA" // Ed25519
	ES256 = "ES256" // ECDSA over P-256
	RS256 = "RS256" // RSA of 2048 bits, PKCS #1 v1.5
)

// overlap is how long before it signs a key is published, and how long afterwards: longer than verifiers remember a key set.
const overlap = time.Hour

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	if !c.Enabled {
		return nil
	}
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	switch c.Algorithm {
	case EdDSA, ES256, RS256:
	default:
		report("algorithm: %q is not EdDSA, ES256 or RS256", c.Algorithm)
	}
	if c.TTL < 10*time.Second || c.TTL > 10*time.Minute {
		report("ttl: %s is not between 10s and 10m; clocks differ by seconds, and an assertion cannot be taken back", c.TTL)
	}
	if c.Audience == "" {
		report("audience: is empty; name the application that is to believe it")
	}
	if c.RotationInterval < 0 || c.RotationInterval > 0 && c.RotationInterval < 2*overlap {
		report("rotation_interval: %s is below %s; use 0 to keep a key for ever", c.RotationInterval, 2*overlap)
	}
	return errors.Join(problems...)
}
