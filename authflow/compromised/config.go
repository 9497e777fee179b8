package compromised

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says which new passwords are refused for being known. Its key is `auth.compromised_passwords`.
type Config struct {
	CommonList bool          `key:"common_list" default:"true" doc:"Refuse new passwords that are on a list of some thousand common ones, in any letter case. The list is in the program; nobody is asked."`
	Pwned      bool          `key:"pwned" default:"false" doc:"Refuse new passwords that Have I Been Pwned knows from breaches, as better-auth's haveibeenpwned plugin. Five digits of the password's SHA-1 leave the house. When the service does not answer, the password is taken, with a warning and a metric."`
	BaseURL    string        `key:"base_url" default:"https://api.pwnedpasswords.com" doc:"Where the range API is, for a mirror of your own. It may be a private address."`
	Timeout    time.Duration `key:"timeout" default:"2s" doc:"How long the service may take, from 100ms to 10s. A sign-up waits for it."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	if !c.Pwned {
		return nil
	}
	var problems []error
	if u, err := url.Parse(c.BaseURL); err != nil || u.Hostname() == "" || u.RawQuery != "" || (u.Scheme != "https" && u.Scheme != "http") {
		problems = append(problems, fmt.Errorf("base_url: %q is not a URL like https://api.pwnedpasswords.com", c.BaseURL))
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > 10*time.Second {
		problems = append(problems, fmt.Errorf("timeout: %s is not between 100ms and 10s", c.Timeout))
	}
	return errors.Join(problems...)
}
