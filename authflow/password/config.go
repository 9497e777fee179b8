package password

import (
	"errors"
	"fmt"
	"time"
)

// Algorithm names a password hash.
type Algorithm string

// The hashes that are made. All three are always accepted.
const (
	Scrypt   Algorithm = "scrypt" // better-auth's
	Argon2id Algorithm = "argon2id"
	Bcrypt   Algorithm = "bcrypt"
)

// bcryptMaxBytes is as much of a password as bcrypt looks at.
const bcryptMaxBytes = 72

// Config is better-auth's emailAndPassword, and how hashing is bounded.
type Config struct {
	Enabled                       bool          `key:"enabled" default:"true" doc:"Whether users may sign in with an e-mail address and a password."`
	DisableSignUp                 bool          `key:"disable_sign_up" default:"false" doc:"Refuse new users; existing ones sign in as before."`
	RequireEmailVerification      bool          `key:"require_email_verification" default:"true" doc:"Refuse sign-in until the address has been proved by the mailed link."`
	AutoSignIn                    bool          `key:"auto_sign_in" default:"true" doc:"Sign a new user in at once. Without effect while verification is required."`
	MinPasswordLength             int           `key:"min_password_length" default:"8" doc:"Shortest password, in UTF-16 code units as JavaScript counts."`
	MaxPasswordLength             int           `key:"max_password_length" default:"128" doc:"Longest password, in UTF-16 code units as JavaScript counts."`
	ResetTokenExpiresIn           time.Duration `key:"reset_token_expires_in" default:"1h" doc:"How long a mailed reset link works."`
	RevokeSessionsOnPasswordReset bool          `key:"revoke_sessions_on_password_reset" default:"true" doc:"End all sessions of a user whose password was reset."`
	Hash                          string        `key:"hash" default:"scrypt" doc:"How new passwords are hashed: scrypt (better-auth's format), argon2id or bcrypt. All three are always accepted; a hash of another kind is replaced at the next sign-in."`
	HashWorkers                   int           `key:"hash_workers" restart:"true" default:"0" doc:"How many passwords are hashed at once. 0: one less than the cores, fewer where half of the memory limit (GOMEMLIMIT) has no room for them, at least one. Each needs 32 MiB while it runs, in a thread of low priority."`
	HashQueue                     int           `key:"hash_queue" restart:"true" default:"4096" doc:"How many requests may wait for hashing, in turns of clients and accounts. Beyond it whoever would be served last gets 503 with Retry-After."`
	HashMaxWait                   time.Duration `key:"hash_max_wait" restart:"true" default:"5m" doc:"How long a request may wait for hashing before it gets 503 with Retry-After."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.MinPasswordLength < 8 {
		report("min_password_length: %d is below 8, the least NIST SP 800-63B-4 allows", c.MinPasswordLength)
	}
	if c.MaxPasswordLength < max(c.MinPasswordLength, 64) || c.MaxPasswordLength > 4096 {
		report("max_password_length: %d is not between 64 (and min_password_length) and 4096", c.MaxPasswordLength)
	}
	if c.ResetTokenExpiresIn < time.Minute || c.ResetTokenExpiresIn > 24*time.Hour {
		report("reset_token_expires_in: %s is not between 1m and 24h", c.ResetTokenExpiresIn)
	}
	switch Algorithm(c.Hash) {
	case Scrypt, Argon2id:
	case Bcrypt:
		if c.MaxPasswordLength > bcryptMaxBytes {
			report("max_password_length: bcrypt looks at %d bytes only; set %d or less, or choose another hash", bcryptMaxBytes, bcryptMaxBytes)
		}
	default:
		report("hash: %q is not scrypt, argon2id or bcrypt", c.Hash)
	}
	if c.HashWorkers < 0 || c.HashWorkers > 256 {
		report("hash_workers: %d is not between 0 and 256", c.HashWorkers)
	}
	if c.HashQueue < 1 {
		report("hash_queue: %d leaves no room for a single sign-in", c.HashQueue)
	}
	if c.HashMaxWait < time.Second {
		report("hash_max_wait: %s is below one second", c.HashMaxWait)
	}
	return errors.Join(problems...)
}
