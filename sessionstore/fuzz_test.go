package sessionstore

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

// FuzzParseQueries: what was parsed, written out again, parses to the same; and filling in names that leave each placeholder
// as it is gives back the text.
func FuzzParseQueries(f *testing.F) {
	for _, root := range []fs.FS{queryFiles, migrationFiles} {
		err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			source, err := fs.ReadFile(root, path)
			f.Add(string(source))
			return err
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Add("-- name: A\nSELECT '{' || \"{\" -- {\n, {user.*} /* { */ $$ { $$;\n")
	f.Add("-- name: A\n-- needs: account.issuer a.b\nSELECT {u:user.email}")
	f.Fuzz(func(t *testing.T, source string) {
		queries, err := parseQueries(source)
		if err != nil {
			return
		}
		var written strings.Builder
		for _, q := range queries {
			written.WriteString("-- name: " + q.name + "\n")
			if len(q.needs) > 0 {
				written.WriteString("-- needs: " + strings.Join(q.needs, " ") + "\n")
			}
			written.WriteString(q.sql + ";\n")
			same, err := fill(q.sql, func(placeholder string) (string, error) { return "{" + placeholder + "}", nil })
			if err == nil && same != q.sql {
				t.Errorf("filling changed %q to %q", q.sql, same)
			}
		}
		again, err := parseQueries(written.String())
		if err != nil || !reflect.DeepEqual(again, queries) {
			t.Errorf("%q became %q: %v", queries, again, err)
		}
	})
}

// FuzzMappingDecode: a mapping is either refused, and then nothing changed, or every name in it can be an identifier of its own.
func FuzzMappingDecode(f *testing.F) {
	for _, seed := range []string{
		`null`, `"better-auth"`, `"prisma-snake"`, `"prisma"`, `7`, `[]`, `{"base": 1}`,
		`{"base": "prisma-snake", "user": {"table": "members", "columns": {"emailVerified": "verified"}}}`,
		`{"user": {"table": "a\"b", "columns": {"id": "select", "name": "x y"}}}`,
		`{"user": {"table": "session"}}`, `{"user": {"columns": {"name": "email"}}}`, `{"usr": {}}`, `{"user": {"columns": {"mail": "x"}}}`,
		`{"user": {"table": "a.b"}}`, `{"user": {"tabel": "x"}}`, `{"user": {"columns": {"name": ""}}}`, `{"user": null}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		var v any
		if json.Unmarshal([]byte(source), &v) != nil {
			return
		}
		before := Schema{Preset: "before"}
		decoded := before
		if err := decoded.DecodeConfig(v); err != nil {
			if !reflect.DeepEqual(decoded, before) {
				t.Errorf("refused, and yet changed to %+v", decoded)
			}
			return
		}
		m, err := decoded.resolve()
		if err != nil {
			t.Fatalf("accepted %s, then: %v", source, err)
		}
		quoted := map[string]bool{}
		for _, model := range models {
			names := m[model.name]
			quoted[quote(names.Table)] = true
			columns := map[string]bool{}
			for _, field := range model.fields {
				q := quote(names.Columns[field.name])
				if columns[q] || len(q) < 3 || strings.Count(q, `"`)%2 != 0 {
					t.Errorf("column %s of %s", q, model.name)
				}
				columns[q] = true
			}
		}
		if len(quoted) != len(models) {
			t.Errorf("tables share a name: %v", quoted)
		}
	})
}
