package audit

import (
	"fmt"
	"time"
)

// Config says what is remembered. Its root key is `audit`.
type Config struct {
	Enabled   bool          `key:"enabled" default:"true" doc:"Whether authentication events are written to the database and the log. They are counted in the metrics in any case."`
	Retention time.Duration `key:"retention" default:"2160h" doc:"How long rows are kept. Zero keeps them for ever."`
}

// Validate returns every problem, each beginning with the key it is about.
func (c Config) Validate() error {
	if c.Retention < 0 || (c.Retention > 0 && c.Retention < time.Hour) {
		return fmt.Errorf("retention: %v is below 1h; use at least 1h, or 0 to keep rows for ever", c.Retention)
	}
	return nil
}
