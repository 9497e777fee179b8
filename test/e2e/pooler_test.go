package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// TestReplicasBehindATransactionPooler has two replicas ask through a real PgBouncer in transaction mode. One listens by a direct URL; the other
// has none, and polls. Sessions stay in memory for an hour, so what is refused in this test was heard of.
func TestReplicasBehindATransactionPooler(t *testing.T) {
	t.Parallel()
	db, mail, app := harness.PostgreSQL(t), harness.StartResend(t), startMirror(t)
	pooled := harness.StartPgBouncer(t, db)
	start := func(direct, listen string) *stack {
		s := &stack{db: db, mail: mail, secrets: map[string]string{}}
		s.Postern = harness.StartPostern(t, harness.Settings(db.Settings(), mail.Settings(), map[string]string{
			"session_cache.ttl": "1h", "upstream.url": app.URL, "database.url": pooled, "database.direct_url": direct, "session_cache.coherence.listen": listen,
		}))
		return s
	}
	listens, polls := start(db.URL, "true"), start(pooled, "false")
	for from, to := range map[*stack]*stack{listens: polls, polls: listens} {
		for name, end := range map[string]func(p *person){
			"signed out at the other replica": func(p *person) { p.Post(t, "/api/auth/sign-out", nil).Want(t, http.StatusOK) },
			"deleted by hand": func(p *person) {
				db.Exec(t, `DELETE FROM session WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)`, p.email)
			},
			"the user deleted by hand": func(p *person) { db.Exec(t, `DELETE FROM "user" WHERE email = $1`, p.email) },
		} {
			p := from.user(t)
			other := *p
			other.Client = p.At(to.URL)
			other.isIn(t)
			end(p)
			harness.Eventually(t, name+": refused", func() bool { return other.Get(t, "/api/me").Status == http.StatusUnauthorized })
		}
	}
	// Many at once, whose queries meet whichever server connection is free: look-ups that share a query, and renewals that share one.
	p := listens.user(t)
	db.Exec(t, `INSERT INTO session (id, token, "userId", "expiresAt", "createdAt", "updatedAt")
		SELECT 's' || n, 'token' || n, (SELECT id FROM "user" WHERE email = $1), now() + interval '2 days', now(), now() FROM generate_series(1, 200) n`, p.email)
	var asking sync.WaitGroup
	for n := range 200 {
		asking.Go(func() {
			r, err := harness.NewClient(polls.URL).Try(t.Context(), http.MethodGet, "/api/auth/get-session", nil, harness.Bearer(fmt.Sprint("token", n+1)))
			if err != nil || r.Status != http.StatusOK || string(r.Body) == "null" {
				t.Errorf("token %d: %+v, %v", n+1, r, err)
			}
		})
	}
	asking.Wait()
	harness.Eventually(t, "all renewals are written", func() bool {
		return harness.Value[int](t, db, `SELECT count(*) FROM session WHERE id ~ '^s[0-9]+$' AND "expiresAt" > $1`, time.Now().Add(6*24*time.Hour)) == 200
	})
}
