package sessionstore_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// count asks a question of the test's own.
func count(t testing.TB, s *sessionstore.Store, sql string) int {
	t.Helper()
	st, err := s.Statements(fstest.MapFS{"q.sql": {Data: []byte("-- name: Count\n" + sql)}})
	check(t, err)
	n := -1
	check(t, st.Query(t.Context(), s, "Count", nil, func(scan func(...any) error) error { return scan(&n) }))
	return n
}

func TestFeatureKeepsItsOwnTable(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"migrations/postgres/0001_note.sql": {Data: []byte("CREATE TABLE {postern.note} (id text PRIMARY KEY, at timestamptz, done boolean NOT NULL, tries bigint NOT NULL);")},
		"migrations/sqlite/0001_note.sql":   {Data: []byte("CREATE TABLE {postern.note} (id text PRIMARY KEY, at date, done integer NOT NULL, tries integer NOT NULL);")},
		"note.sql": {Data: []byte(`
-- Any comment.
-- name: Add
INSERT INTO {postern.note} (id, at, done, tries) VALUES ($1, $2, $3, $4);
-- name: List
SELECT id, at, done, tries FROM {postern.note} WHERE tries >= $1 AND (at IS NULL OR at <= $2) ORDER BY id;
-- name: Dialect
SELECT 'neither'`)},
		"postgres/variant.sql": {Data: []byte("-- name: Dialect\nSELECT 'postgres'")},
		"sqlite/variant.sql":   {Data: []byte("-- name: Dialect\nSELECT 'sqlite'")},
	}
	storetest.Each(t, []sessionstore.MigrationSet{{Name: "note", FS: files}}, func(t *testing.T, s *sessionstore.Store) {
		st, err := s.Statements(files)
		check(t, err)
		at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 7200))
		check(t, s.InTx(t.Context(), func(tx *sessionstore.Store) error {
			if _, err := st.Exec(t.Context(), tx, "Add", sessionstore.UserID("a"), at, true, 3); err != nil {
				return err
			}
			n, err := st.Exec(t.Context(), tx, "Add", "b", (*time.Time)(nil), false, int64(1)<<40)
			if n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
			return err
		}))
		var ids []string
		check(t, st.Query(t.Context(), s, "List", []any{1, at}, func(scan func(...any) error) error {
			var id string
			var at *time.Time
			var done bool
			var tries int64
			if err := scan(&id, &at, &done, &tries); err != nil {
				return err
			}
			ids = append(ids, id)
			if id == "a" && (!done || tries != 3 || *at != time.Date(2026, 3, 1, 10, 0, 0, 123e6, time.UTC)) || id == "b" && (done || tries != 1<<40 || at != nil) {
				t.Errorf("%s: %v %v %v", id, at, done, tries)
			}
			return nil
		}))
		if strings.Join(ids, " ") != "a b" {
			t.Errorf("ids are %v", ids)
		}
		var dialect string
		check(t, st.Query(t.Context(), s, "Dialect", nil, func(scan func(...any) error) error { return scan(&dialect) }))
		if !strings.HasSuffix(t.Name(), dialect) {
			t.Errorf("variant of %s", dialect)
		}
		if _, err := st.Exec(t.Context(), s, "Missing"); err == nil {
			t.Error("a query that does not exist ran")
		}
	})
}

func TestMistakesInQueriesAreFoundWhenTheyAreRead(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t), sessionstore.Options{})
	for mistake, text := range map[string]string{
		"is not a model":              "-- name: A\nSELECT * FROM {usr}",
		"has no field":                "-- name: A\nSELECT {user.mail}",
		"brace is not closed":         "-- name: A\nSELECT {user.email",
		"is there twice":              "-- name: A\nSELECT 1\n-- name: A\nSELECT 2",
		"is empty":                    "-- name: A\n-- name: B\nSELECT 2",
		"is not a name":               "-- name: A B\nSELECT 2",
		"stands before the first":     "SELECT 1",
		"is not an alias":             "-- name: A\nSELECT {a b:user.email}",
		"there is no such field":      "-- name: A\nCREATE INDEX {index user.x}",
		`{postern.a"b}`:               "-- name: A\nSELECT * FROM {postern.a\"b}",
		`{u:user}: user has no field`: "-- name: A\nSELECT {u:user}",
	} {
		_, err := s.Statements(fstest.MapFS{"q.sql": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), mistake) {
			t.Errorf("%q: error is %v, want %q", text, err, mistake)
		}
	}
}

func TestBracesInLiteralsAndCommentsStay(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t), sessionstore.Options{})
	if n := count(t, s, "SELECT CASE WHEN '{user} it''s {x' || '{}' = '{user} it' || char(39) || 's {x{}' /* {nonsense} */ THEN 7 END -- {more}"); n != 7 {
		t.Errorf("literal was changed: %d", n)
	}
}
