package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// TestRenewalsAreWrittenBehind looks at cookie and row: by use of the API and of the application, and at the end of the process.
func TestRenewalsAreWrittenBehind(t *testing.T) {
	t.Parallel()
	s := newStackBefore(t, harness.PostgreSQL(t), startMirror(t).URL, nil)
	renewed := func(p *person) bool {
		return s.db.Time(t, `SELECT "expiresAt" FROM session WHERE token = $1`, p.token(t)).After(time.Now().Add(6 * 24 * time.Hour))
	}
	for _, path := range []string{"/api/auth/get-session", "/api/me"} {
		p := s.user(t)
		s.expireAt(t, p.token(t), time.Now().Add(2*24*time.Hour))
		harness.Eventually(t, "the cookie is sent again by "+path, func() bool { // once the replica has heard of the new expiry
			return p.Get(t, path).Want(t, http.StatusOK).SetsCookie(harness.SessionCookie) != nil
		})
		harness.Eventually(t, "the row is written after "+path, func() bool { return renewed(p) })
	}

	last := s.user(t)
	s.expireAt(t, last.token(t), time.Now().Add(2*24*time.Hour))
	harness.Eventually(t, "the last renewal", func() bool {
		return last.Get(t, "/api/me").Want(t, http.StatusOK).SetsCookie(harness.SessionCookie) != nil
	})
	if err := s.Terminate(); err != nil {
		t.Fatal(err)
	}
	if err := s.AwaitExit(); err != nil {
		t.Error(err)
	}
	if !renewed(last) {
		t.Error("a renewal that the browser was told of was lost at the end of the process")
	}
}
