package sessionstore

import (
	"strings"
	"testing"
)

func TestConfigNamesKeyAndRemedyOfEachProblem(t *testing.T) {
	t.Parallel()
	for want, problem := range map[string]interface{ Validate() error }{
		`url: has the scheme "mysql"`:                                                        Config{URL: "mysql://localhost/app"},
		"url: is not a URL":                                                                  Config{URL: "postgres://a b:hunter2@%zz"},
		"direct_url: is set while url is empty":                                              Config{DirectURL: "postgres://localhost/app"},
		"tables_in: SQLite has no schemas":                                                   Config{TablesIn: "auth"},
		`tables_in: "a.b" holds a dot`:                                                       Config{URL: "postgres://localhost/app", TablesIn: "a.b"},
		`schema: "prisma" is not a preset; did you mean "prisma-snake"?`:                     Config{Schema: Schema{Preset: "prisma"}},
		`schema: usr: is not a model; did you mean "user"?`:                                  Config{Schema: Schema{Tables: map[string]TableNames{"usr": {}}}},
		`schema: user.columns.email_verified: is not a field; did you mean "emailVerified"?`: Config{Schema: Schema{Tables: map[string]TableNames{"user": {Columns: map[string]string{"email_verified": "x"}}}}},
		`schema: user.table: "Session" is the table of session already`:                      Config{Schema: Schema{Tables: map[string]TableNames{"user": {Table: "Session"}}}},
		`schema: user.columns.name: "EMAIL" is the column of email already`:                  Config{Schema: Schema{Tables: map[string]TableNames{"user": {Columns: map[string]string{"name": "EMAIL"}}}}},
		`schema: account.columns.scope: is empty`:                                            Config{Schema: Schema{Tables: map[string]TableNames{"account": {Columns: map[string]string{"scope": ""}}}}},
		"max_conns: -1 is negative":                                                          Config{MaxConns: -1},
		"connect_timeout: -1ns":                                                              Config{ConnectTimeout: -1},
		"query_timeout: -1ns":                                                                Config{QueryTimeout: -1},
		"size: -1 is negative":                                                               CacheConfig{Size: -1},
		"ttl: -1ns is negative":                                                              CacheConfig{TTL: -1},
		"negative_ttl: -1ns is negative":                                                     CacheConfig{NegativeTTL: -1},
		"stale_if_error: -1ns":                                                               CacheConfig{StaleIfError: -1},
	} {
		err := problem.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("password in %v", err)
		}
	}
	for _, fine := range []interface{ Validate() error }{Config{}, CacheConfig{}, Config{URL: "postgresql://localhost/app", DirectURL: "postgres://localhost/app", TablesIn: "auth"}} {
		if err := fine.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestMappingSettingIsReadOrRefusedWithTheNearestName(t *testing.T) {
	t.Parallel()
	var s Schema
	err := s.DecodeConfig(map[string]any{
		"base": "prisma-snake",
		"user": map[string]any{"table": "members", "columns": map[string]any{"emailVerified": "verified"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.resolve()
	if err != nil {
		t.Fatal(err)
	}
	if u := m["user"]; u.Table != "members" || u.Columns["emailVerified"] != "verified" || u.Columns["createdAt"] != "created_at" || m["session"].Table != "user_sessions" {
		t.Errorf("mapping is %+v", m)
	}
	for want, v := range map[string]any{
		`"better_auth" is not a preset; did you mean "better-auth"?`: "better_auth",
		`sesion: is not a model; did you mean "session"?`:            map[string]any{"sesion": map[string]any{}},
		`user.tabel: is unknown; did you mean "table"?`:              map[string]any{"user": map[string]any{"tabel": "x"}},
		`user.column: is unknown; did you mean "columns"?`:           map[string]any{"user": map[string]any{"column": map[string]any{}}},
		`user.columns.id: is int`:                                    map[string]any{"user": map[string]any{"columns": map[string]any{"id": 1}}},
		`user.table: the model is string`:                            map[string]any{"user": "members"},
		`base: is bool`:                                              map[string]any{"base": true},
		`is []interface {}`:                                          []any{"better-auth"},
	} {
		if err := new(Schema).DecodeConfig(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestIDsAreDifferentAndUseTheWholeAlphabet(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	letters := map[rune]int{}
	for range 2000 {
		id := NewID()
		if len(id) != 32 || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
		for _, r := range id {
			letters[r]++
		}
	}
	// 64000 letters, about 1032 of each. The bounds are eight standard deviations away.
	if len(letters) != 62 {
		t.Errorf("%d different letters, want 62", len(letters))
	}
	for r, n := range letters {
		if n < 780 || n > 1290 || !strings.ContainsRune(idAlphabet, r) {
			t.Errorf("%q comes %d times", r, n)
		}
	}
}
