package password

import (
	"encoding/hex"
	"fmt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Retire has the user's password work no more, since somebody else may know it, and mails a link to set another. It tells whether there was one.
func (f *Feature) Retire(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User) (bool, error) {
	had, err := tx.SetPassword(c.R.Context(), user.ID, nobodysHash())
	if err != nil {
		return false, fmt.Errorf("retire password: %w", err)
	}
	if !had {
		return false, nil
	}
	return true, f.mailResetIn(c, tx, user, "")
}

// nobodysHash has the form of a hash, so that comparing with it takes the time that it always takes, and no password makes it: it is 512 random bits.
func nobodysHash() string {
	return hex.EncodeToString(randomBytes(scryptSaltBytes)) + ":" + hex.EncodeToString(randomBytes(scryptKeyBytes))
}
