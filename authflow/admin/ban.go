package admin

import (
	"fmt"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// BanGate refuses a session to whoever is banned.
type BanGate struct {
	Now     func() time.Time // time.Now without one
	Message string           // what they are told; better-auth's words without one
}

var _ authflow.Gate = BanGate{}

// Refusals are BANNED_USER alone.
func (g BanGate) Refusals() []*authflow.Error {
	return []*authflow.Error{authflow.ErrBannedSaying(g.Message)}
}

// Admit answers 403 BANNED_USER to a user who is banned, and lifts a ban that has run out.
func (g BanGate) Admit(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, _ string) error {
	now := time.Now
	if g.Now != nil {
		now = g.Now
	}
	switch {
	case u.BannedAt(now()):
		return authflow.ErrBannedSaying(g.Message)
	case !u.Banned:
		return nil
	}
	if err := tx.LiftBan(c.R.Context(), u.ID); err != nil {
		return fmt.Errorf("lift ban: %w", err)
	}
	return nil
}
