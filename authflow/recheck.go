package authflow

import (
	"context"

	"github.com/posternhq/postern/sessionstore"
)

// Recheck returns a session that was alive once as it is now, or nil when it has ended, or its user is banned or gone. It renews
// nothing. As long as something goes on in the session's name it may change something, so that the answer is as current as to a
// request that does.
func (s *Sessions) Recheck(ctx context.Context, was *sessionstore.Identity) (*sessionstore.Identity, error) {
	identity, err := s.find(ctx, sessionstore.Lookup{Token: was.Session.Token, Vouched: true, Current: true})
	if err != nil || identity == nil || s.now().Before(identity.Session.ExpiresAt) {
		return identity, err
	}
	// Another replica may have renewed it since it was remembered here.
	identity, err = s.admitted(s.store.ReloadSession(ctx, was.Session.Token))
	if err != nil || identity == nil || !s.now().Before(identity.Session.ExpiresAt) {
		return nil, err
	}
	return identity, nil
}
