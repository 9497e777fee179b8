package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// TestCachedSessionEndsWithItsRow changes rows behind Postern's back, as another replica or an administrator does: the cache
// may be wrong for as long as its ttl says, and no longer.
func TestCachedSessionEndsWithItsRow(t *testing.T) {
	t.Parallel()
	s := newStackBefore(t, harness.PostgreSQL(t), startMirror(t).URL, map[string]string{"session_cache.ttl": "500ms", "session_cache.negative_ttl": "500ms"})
	expired, deleted := s.user(t), s.user(t)
	for _, p := range []*person{expired, deleted} {
		p.isIn(t)
	}
	s.expireAt(t, expired.token(t), time.Now().Add(-time.Second))
	s.db.Exec(t, `DELETE FROM "user" WHERE id = $1`, deleted.id)
	for what, p := range map[string]*person{"expired": expired, "deleted": deleted} {
		harness.Eventually(t, "401 for the session whose row is "+what, func() bool {
			return p.Get(t, "/api/me").Status == http.StatusUnauthorized
		})
		p.isOut(t)
	}
}

// TestSessionExpiresWhileCached lets a session run out that Postern has in memory and does not ask about again.
func TestSessionExpiresWhileCached(t *testing.T) {
	t.Parallel()
	s := newStackBefore(t, harness.PostgreSQL(t), startMirror(t).URL, map[string]string{"session_cache.ttl": "1h"})
	p := s.user(t).elsewhere()
	p.noteSession(p.Post(t, "/api/auth/sign-in/email", map[string]any{ // not renewed by use
		"email": p.email, "password": p.password, "rememberMe": false,
	}).Want(t, http.StatusOK))
	end := time.Now().Add(2 * time.Second)
	s.expireAt(t, p.token(t), end)
	p.isIn(t)
	harness.Eventually(t, "the end of the session", func() bool {
		asked := time.Now()
		status := p.Get(t, "/api/me").Status
		if status == http.StatusOK && asked.After(end) {
			t.Fatalf("a session is accepted %s after its end", asked.Sub(end))
		}
		return status == http.StatusUnauthorized
	})
}
