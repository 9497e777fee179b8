package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// EnvURL names the variable that points to a cluster which is there already: the URL of any of its databases, as a user who
// may create others.
const EnvURL = "POSTERN_TEST_POSTGRES_URL"

// shared starts the one cluster of this process, when the first test asks. Nothing stops it in so many words: a test binary
// has no moment that comes after all tests and is always reached. The watchdog stops it when the process ends.
var shared = sync.OnceValues(func() (*Cluster, error) { return Start("") })

// URL returns the URL of a fresh empty database, which is dropped when the test ends. Without PostgreSQL on the machine the
// test fails and says how to get it: a test that is skipped proves nothing.
func URL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(EnvURL)
	if server == "" {
		cluster, err := shared()
		if err != nil {
			t.Fatal(err)
		}
		server = cluster.URL("postgres")
	}
	fresh, err := createDatabase(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := administer(context.Background(), server, "DROP DATABASE IF EXISTS "+fresh.name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database of the test: %v", err)
		}
	})
	return fresh.url
}

type database struct{ name, url string }

func createDatabase(ctx context.Context, server string) (database, error) {
	u, err := url.Parse(server)
	if err != nil {
		return database{}, fmt.Errorf("%s: %w", EnvURL, err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := administer(ctx, server, "CREATE DATABASE "+name); err != nil {
		return database{}, fmt.Errorf("create database for the test: %w", err)
	}
	u.Path = "/" + name
	return database{name: name, url: u.String()}, nil
}

func administer(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	if closing := conn.Close(ctx); err == nil {
		err = closing
	}
	return err
}
