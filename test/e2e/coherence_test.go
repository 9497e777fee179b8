package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestReplicasHearOfEachOtherAndOfEverybodyElse lets sessions stay in memory for an hour: what is refused in this test was heard of.
func TestReplicasHearOfEachOtherAndOfEverybodyElse(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"session_cache.ttl": "1h"}
	db, mail, app := harness.PostgreSQL(t), harness.StartResend(t), startMirror(t)
	replicas := make([]*stack, 2)
	for i := range replicas {
		replicas[i] = &stack{db: db, mail: mail, secrets: map[string]string{}}
		replicas[i].Postern = harness.StartPostern(t, harness.Settings(db.Settings(), mail.Settings(), settings, map[string]string{"upstream.url": app.URL}))
	}
	for name, end := range map[string]func(p *person){
		"signed out at the other replica": func(p *person) { p.Post(t, "/api/auth/sign-out", nil).Want(t, http.StatusOK) },
		"deleted by hand": func(p *person) {
			db.Exec(t, `DELETE FROM session WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)`, p.email)
		},
		"the user deleted by hand": func(p *person) { db.Exec(t, `DELETE FROM "user" WHERE email = $1`, p.email) },
	} {
		p := replicas[0].user(t)
		other := *p
		other.Client = p.At(replicas[1].URL)
		other.isIn(t)
		other.isIn(t)
		end(p)
		harness.Eventually(t, name+": refused", func() bool { return other.Get(t, "/api/me").Status == http.StatusUnauthorized })
	}
	p := replicas[0].user(t)
	db.Exec(t, `UPDATE "user" SET name = 'Countess' WHERE email = $1`, p.email)
	harness.Eventually(t, "the new name is passed on", func() bool {
		return strings.Contains(string(p.Get(t, "/api/me").Body), "Countess")
	})
}
