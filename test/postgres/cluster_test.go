package postgres

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestClusterKeepsCommittedRowsAcrossKillAndRestart(t *testing.T) {
	t.Parallel()
	c, err := Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("folder is still there: %v", err)
		}
	})
	run(t, c, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
	port := c.Port()
	for _, end := range []func() error{c.Kill, c.Stop, c.Stop} { // the second Stop finds it stopped
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(t.Context(), c.URL("postgres")); err == nil {
			_ = conn.Close(t.Context())
			t.Fatal("answers though it was ended")
		}
		if err := c.Restart(); err != nil {
			t.Fatal(err)
		}
		run(t, c, "INSERT INTO kept SELECT n + 1 FROM kept")
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := c.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	if c.Port() != port {
		t.Errorf("port changed from %d to %d", port, c.Port())
	}
	conn := connect(t, c.URL("postgres"))
	var rows int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 8 {
		t.Errorf("%d rows, want 8", rows)
	}
}

func TestEveryURLIsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := URL(t), URL(t)
	if first == second {
		t.Fatal("two calls gave one database")
	}
	for _, url := range []string{first, second} {
		conn := connect(t, url)
		if _, err := conn.Exec(t.Context(), "CREATE TABLE mine (n int)"); err != nil {
			t.Error(err)
		}
	}
}

func run(t *testing.T, c *Cluster, sql string) {
	t.Helper()
	if _, err := connect(t, c.URL("postgres")).PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
