package jwt

import (
	"context"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// announcedSlots bounds how many tokens are kept for the next answer that shows the same session, at under a kilobyte each. Two sessions that
// meet in a slot cost a signature each time, and nothing else.
const announcedSlots = 4096

// announcedFor is how long a token is announced again. It takes no more than a twentieth of its life.
//
// Differs from better-auth: it signs one for every answer, which takes longer than all else that get-session does.
const announcedFor = 30 * time.Second

// announced holds tokens by the session with which they were announced.
type announced struct {
	seed  maphash.Seed
	slots [announcedSlots]atomic.Pointer[announcement]
}

// announcement is a token, and what it was made of. A session or user that changes is another Identity.
type announcement struct {
	identity *sessionstore.Identity
	key      *signingKey
	until    time.Time
	token    string
}

// announce returns a token that says who the user of a session is, as sign does, or the one that was announced a moment ago.
func (f *Feature) announce(ctx context.Context, identity *sessionstore.Identity) (string, error) {
	key, err := f.current(ctx)
	if err != nil {
		return "", err
	}
	now := f.Core.Now()
	slot := &f.announced.slots[maphash.String(f.announced.seed, string(identity.Session.ID))%announcedSlots]
	if last := slot.Load(); last != nil && last.identity == identity && last.key == key && now.Before(last.until) {
		return last.token, nil
	}
	token, err := f.signWith(key, identity.User)
	if err != nil {
		return "", err
	}
	slot.Store(&announcement{identity: identity, key: key, until: now.Add(min(announcedFor, f.cfg.ExpiresIn/20)), token: token})
	return token, nil
}
