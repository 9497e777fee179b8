package e2e

import (
	"net/http"
	"os"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestTwoVersionsServeOneDatabase walks an upgrade and the way back, as a rolling update makes them: the new version's migration while the
// old one serves, both side by side, the old one alone again.
func TestTwoVersionsServeOneDatabase(t *testing.T) {
	t.Parallel()
	revision := os.Getenv("SKEW_AGAINST")
	if revision == "" {
		t.Skip("no revision to go from: `make skew AGAINST=v1.0.0` names one")
	}
	former := harness.Revision(t, revision)
	db, mail, app := harness.PostgreSQL(t), harness.StartResend(t), startMirror(t)
	replica := func(file string) *stack {
		s := &stack{db: db, mail: mail, secrets: map[string]string{}}
		s.Postern = harness.NewPostern(t, harness.Settings(db.Settings(), mail.Settings(), map[string]string{"upstream.url": app.URL, "database.max_conns": "4"}))
		s.Is(file)
		return s
	}
	start := func(s *stack) *stack {
		t.Helper()
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	// at is the same person, with the same cookies, at another replica.
	at := func(p *person, s *stack) *person {
		other := *p
		other.s, other.Client = s, p.At(s.URL)
		return &other
	}
	old := start(replica(former))
	ada := old.user(t)
	ada.isIn(t)

	// Expand: the new tables and columns, under the old version.
	recent := replica("")
	t.Logf("migrated:\n%s", recent.Output(t, "migrate", "up"))
	ada.isIn(t)
	ada.elsewhere().signIn(t)
	grace := old.user(t)

	// Both serve, and believe each other's sessions and their ends.
	start(recent)
	at(ada, recent).isIn(t)
	at(grace, recent).isIn(t)
	linus := recent.user(t)
	at(linus, old).isIn(t)
	at(linus, old).Post(t, "/api/auth/sign-out", map[string]any{}).Want(t, http.StatusOK)
	harness.Eventually(t, "the new version hears that the old one has ended a session", func() bool {
		return at(linus, recent).Get(t, "/api/me").Status == http.StatusUnauthorized
	})
	at(grace, recent).Post(t, "/api/auth/sign-out", map[string]any{}).Want(t, http.StatusOK)
	harness.Eventually(t, "the old version hears that the new one has ended a session", func() bool {
		return at(grace, old).Get(t, "/api/me").Status == http.StatusUnauthorized
	})

	// Back: what the new version has made does not keep the old one from starting.
	recent.endGently(t)
	old.restart(t, old.endGently)
	ada.isIn(t)
	at(linus, old).elsewhere().signIn(t)
	old.user(t)

	// And forward again.
	start(recent)
	at(ada, recent).isIn(t)
}
