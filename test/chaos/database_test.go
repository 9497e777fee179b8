package chaos

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternhq/postern/test/harness"
	"github.com/posternhq/postern/test/postgres"
)

// calm is what may be answered while the database does not do what it is asked for.
var calm = map[string][]int{"public": {200}, "reads": {200}, "writes": {200, 503}, "signs up": {200, 503}}

func startCluster(t *testing.T) *postgres.Cluster {
	t.Helper()
	cluster, err := postgres.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

// TestAStandbyTakesOver kills the primary without warning, promotes its standby and leads Postern there. The standby was synchronous, so it has all that
// was acknowledged: if any of that is missing afterwards, or a session that was ended lives again, it is Postern's fault.
func TestAStandbyTakesOver(t *testing.T) {
	t.Parallel()
	primary := startCluster(t)
	standby, err := primary.Standby()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := standby.Close(); err != nil {
			t.Error(err)
		}
	})
	db := harness.OpenPostgreSQL(t, primary.URL("postgres"))
	p, way := behindAWay(t, db, nil)
	c := newClients(t, p, db)
	c.during(t, "the standby takes over", calm, func() {
		time.Sleep(time.Second)
		if err := primary.Kill(); err != nil {
			t.Fatal(err)
		}
		way.Lead(t, standby.Address()) // before it is promoted: nothing can be written there yet
		time.Sleep(time.Second)
		if err := standby.Promote(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
	})
	c.db = harness.OpenPostgreSQL(t, standby.URL("postgres"))
	c.recover(t)
	for _, message := range []string{"database is well", "the database has been started anew, or is another; sessions are looked up again"} {
		harness.Eventually(t, message, func() bool { return len(p.LogLines(t, message)) > 0 })
	}
	// Changes are heard of from the new one.
	ended := c.known.elsewhere()
	ended.Post(t, "/api/auth/sign-in/email", c.known.credentials()).Want(t, http.StatusOK)
	ended.Get(t, "/private").Want(t, http.StatusOK)
	c.db.Exec(t, `DELETE FROM session WHERE token = $1`, strings.SplitN(ended.Cookie(harness.SessionCookie), ".", 2)[0])
	harness.Eventually(t, "a revocation at the new primary is heard of", func() bool {
		return ended.Get(t, "/private").Status == http.StatusUnauthorized
	})
	c.judge(t)
}

// TestTheDatabaseIsReadOnly: everybody who is signed in goes on, nobody signs in, and the state says why.
func TestTheDatabaseIsReadOnly(t *testing.T) {
	t.Parallel()
	db := harness.OpenPostgreSQL(t, startCluster(t).URL("postgres"))
	p, _ := behindAWay(t, db, nil)
	c := newClients(t, p, db)
	setReadOnly := func(value string) {
		db.Exec(t, `ALTER DATABASE postgres SET default_transaction_read_only = `+value)
		db.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'postern%'`)
	}
	c.during(t, "read-only", calm, func() {
		setReadOnly("on")
		harness.Eventually(t, "the database to be degraded", func() bool { return isIn(t, p, "degraded") })
		time.Sleep(time.Second)
		setReadOnly("off") // itself allowed, as it is said in a transaction that says so
	})
	c.recover(t)
	harness.Eventually(t, "the database to be well", func() bool { return isIn(t, p, "ok") })
	c.judge(t)
}

func isIn(t *testing.T, p *harness.Postern, state string) bool {
	return strings.Contains(p.Metrics(t), `postern_database_state{state="`+state+`"} 1`)
}

// TestTheDatabaseIsOutOfConnections: others hold all connections there are.
func TestTheDatabaseIsOutOfConnections(t *testing.T) {
	t.Parallel()
	cluster := startCluster(t)
	db := harness.OpenPostgreSQL(t, cluster.URL("postgres"))
	p, _ := behindAWay(t, db, nil)
	c := newClients(t, p, db)
	c.during(t, "out of connections", calm, func() {
		ctx, release := context.WithCancel(t.Context())
		defer release()
		occupy(ctx, t, cluster.URL("postgres"))
		harness.Eventually(t, "Postern to notice", func() bool { return !isIn(t, p, "ok") })
		time.Sleep(time.Second)
	})
	c.recover(t)
	c.judge(t)
}

// occupy takes every connection, those of Postern's too, until ctx ends.
func occupy(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	first, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan *pgx.Conn, 2000)
	held <- first
	for cut := true; cut; {
		var opening sync.WaitGroup
		for range 16 { // until none is left
			opening.Go(func() {
				for conn, err := pgx.Connect(ctx, url); err == nil; conn, err = pgx.Connect(ctx, url) {
					held <- conn
				}
			})
		}
		opening.Wait()
		// Those of Postern's are cut; whoever is first has the next.
		if err := first.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity WHERE application_name LIKE 'postern%'`).Scan(&cut); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d connections held", len(held))
	context.AfterFunc(ctx, func() {
		for len(held) > 0 {
			_ = (<-held).Close(context.Background())
		}
	})
}

// TestTheDisksAreFull gives the database a disk of its own and fills it. It needs root, for the disk.
func TestTheDisksAreFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	cluster, err := postgres.Start(disk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	db := harness.OpenPostgreSQL(t, cluster.URL("postgres"))
	p, _ := behindAWay(t, db, nil)
	c := newClients(t, p, db)
	filler := filepath.Join(disk, "filler")
	c.during(t, "disk full", calm, func() {
		if out, err := exec.Command("dd", "if=/dev/zero", "of="+filler, "bs=4096").CombinedOutput(); err == nil {
			t.Fatalf("the disk is not full: %s", out)
		}
		harness.Eventually(t, "Postern to notice", func() bool { return !isIn(t, p, "ok") })
		time.Sleep(time.Second)
		if err := os.Remove(filler); err != nil {
			t.Error(err)
		}
		// PostgreSQL may have stopped for want of room for its log (WAL), and then needs somebody to start it.
		if err := cluster.Restart(); err != nil {
			t.Error(err)
		}
	})
	c.recover(t)
	c.judge(t)
}

// smallDisk mounts a file system in memory until the test ends.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postern-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=120m,mode=0755", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a disk of its own needs the right to mount one: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}
