package e2e

import (
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestTenReplicasMigrateOnce starts ten at once on an empty database.
func TestTenReplicasMigrateOnce(t *testing.T) {
	t.Parallel()
	db, mail, app := harness.PostgreSQL(t), harness.StartResend(t), startMirror(t)
	replicas := make([]*stack, 10)
	for i := range replicas {
		replicas[i] = &stack{db: db, mail: mail, secrets: map[string]string{}}
		replicas[i].Postern = harness.NewPostern(t, harness.Settings(db.Settings(), mail.Settings(),
			map[string]string{"upstream.url": app.URL, "database.max_conns": "4"}))
	}
	var starting sync.WaitGroup
	for _, s := range replicas {
		starting.Go(func() {
			if err := s.Start(); err != nil {
				t.Errorf("start: %v", err)
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	migrated := 0
	for _, s := range replicas {
		if strings.Contains(s.Log(), "database migrated") {
			migrated++
		}
	}
	if migrated != 1 {
		t.Errorf("%d replicas migrated", migrated)
	}
	steps := harness.Values[string](t, db, `SELECT set_name || ' ' || version FROM postern.migration`)
	if len(steps) < 2 {
		t.Errorf("steps: %q", steps)
	}

	p := replicas[0].user(t)
	for _, s := range replicas {
		other := *p
		other.Client = p.At(s.URL)
		other.isIn(t)
	}
	if letters := mail.Delivered(); len(letters) != 1 {
		t.Errorf("%d letters, of ten replicas", len(letters))
	}
}
