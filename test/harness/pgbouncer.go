package harness

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// StartPgBouncer runs a real PgBouncer in transaction mode in front of a PostgreSQL database, and returns the URL of that through it. There
// are two server connections, so that hardly any two queries of a client meet the same.
func StartPgBouncer(t testing.TB, db *Database) string {
	t.Helper()
	program := FindProgram("pgbouncer")
	if program == "" {
		t.Skip("there is no PgBouncer here: apt-get install pgbouncer")
	}
	behind, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "postern-pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := behind.Path[1:]
	settings := fmt.Sprintf(`[databases]
%s = host=%s port=%s dbname=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
`, name, behind.Hostname(), behind.Port(), name, behind.User.Username(), port)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{program, file}
	if os.Geteuid() == 0 { // which it refuses to run as
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		args = []string{program, "-u", nobody.Username, file}
	}
	var said journal
	run, err := launch(&said, &said, dir, os.Environ(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		said.attach(t, "pgbouncer")
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	Eventually(t, "PgBouncer to listen", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	through := *behind
	through.Host = address
	return through.String()
}
