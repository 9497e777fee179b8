package sessionstore

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
)

func TestEveryConnectionToTheFileHasThePragmas(t *testing.T) {
	t.Parallel()
	// A name that would mean something else in a URL.
	path := filepath.Join(t.TempDir(), "odd ?name#%41&_pragma=synchronous(OFF).db")
	s, err := Open(t.Context(), Config{Path: path}, Options{})
	check(t, err)
	t.Cleanup(s.Close)
	d := s.db.driver.(*sqliteDriver)
	for _, pool := range []*sql.DB{d.writer, d.readers} {
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000", "foreign_keys": "1", "trusted_schema": "0",
		} {
			var got string
			check(t, pool.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}
	}
	if _, err := d.readers.ExecContext(context.Background(), "DELETE FROM session"); err == nil {
		t.Error("a reader wrote")
	}
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
	}
}
