package verification

import (
	"fmt"
	"time"
)

// Config is better-auth's emailVerification.
type Config struct {
	SendOnSignUp                bool          `key:"send_on_sign_up" default:"true" doc:"Mail the link to a new user."`
	SendOnSignIn                bool          `key:"send_on_sign_in" default:"true" doc:"Mail the link again when the right password is used before the address is proved."`
	AutoSignInAfterVerification bool          `key:"auto_sign_in_after_verification" default:"true" doc:"Sign the user in when the link is opened."`
	ExpiresIn                   time.Duration `key:"expires_in" default:"15m" doc:"How long a mailed link works."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	if c.ExpiresIn < time.Minute || c.ExpiresIn > 7*24*time.Hour {
		return fmt.Errorf("expires_in: %s is not between 1m and 168h", c.ExpiresIn)
	}
	return nil
}

// ChangeEmailConfig is better-auth's user.changeEmail.
type ChangeEmailConfig struct {
	Enabled        bool `key:"enabled" default:"false" doc:"Whether users may change their address."`
	ConfirmCurrent bool `key:"confirm_current" default:"false" doc:"First ask the present address, as better-auth's sendChangeEmailConfirmation does."`
}
