package sessionstore_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// withFields adds fields of every kind to users, and some to sessions.
func withFields(cfg sessionstore.Config) sessionstore.Config {
	cfg.UserFields, cfg.SessionFields = storetest.UserFields(), storetest.SessionFields()
	return cfg
}

// betterAuthColumns are the columns that better-auth 1.7.25 adds to existing tables for the same fields in PostgreSQL: name, type, whether null
// is allowed, default. Where the default is no text, number or truth value it has none, and refuses tables with rows.
const betterAuthColumns = `age integer YES, birthday timestamp with time zone YES, company text YES, costCenter text NO, customer bigint YES, ` +
	`newsletter boolean NO false, nick "name" text YES, plan text NO 'free'::text, prefs jsonb YES, scores jsonb YES, tags jsonb YES`

func TestColumnsAreAddedAsBetterAuthAddsThem(t *testing.T) {
	t.Parallel()
	const columns = `SELECT string_agg(concat_ws(' ', column_name, data_type, is_nullable, column_default), ', ' ORDER BY column_name)
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'user'
		AND column_name NOT IN ('id', 'name', 'email', 'emailVerified', 'image', 'createdAt', 'updatedAt')`
	added := places[0].config(t)
	runPostgres(t, added, betterAuth(t, "postgres"))
	made := places[0].config(t)
	for _, c := range []struct {
		cfg  sessionstore.Config
		want string
	}{
		{added, betterAuthColumns},
		// In a table that it makes better-auth gives no column a default.
		{made, strings.NewReplacer(" NO false", " NO", " NO 'free'::text", " NO").Replace(betterAuthColumns)},
	} {
		_, err := sessionstore.Migrate(t.Context(), withFields(c.cfg), nil, nil)
		check(t, err)
		if got := ask(t, c.cfg, columns); got != c.want {
			t.Errorf("columns are\n%s\nwant\n%s", got, c.want)
		}
		index := ask(t, c.cfg, `SELECT string_agg(indexdef, '; ') FROM pg_indexes WHERE tablename = 'user' AND indexdef LIKE '%nick%'`)
		if !strings.HasPrefix(index, "CREATE UNIQUE INDEX") {
			t.Errorf("index of the unique column: %s", index)
		}
	}
}

func TestStatusNamesEveryDifferenceOfAdditionalFields(t *testing.T) {
	t.Parallel()
	required := storetest.Field("string")
	required.Required = true
	for _, c := range []struct {
		name    string
		prepare func(t testing.TB, p place) string
		want    error
	}{
		{"fields empty", func(testing.TB, place) string { return "" }, sessionstore.ErrMigrationsPending},
		{"fields to add", func(t testing.TB, p place) string { return betterAuth(t, p.name) }, sessionstore.ErrMigrationsPending},
		{"fields there", func(t testing.TB, p place) string {
			kinds := map[string]string{
				"postgres": `"age" smallint, "birthday" date, "company" varchar(80), "costCenter" text not null, "customer" numeric, "newsletter" boolean, ` +
					`"nick ""name""" text unique, "plan" plan not null default 'free', "prefs" json, "scores" integer[], "tags" text[],`,
				"sqlite": `"age" real, "birthday" date, "company" varchar(80), "costCenter" text not null, "customer" bigint, "newsletter" boolean, ` +
					`"nick ""name""" text unique, "plan" text not null default 'free', "prefs" text, "scores" json, "tags" text,`,
			}
			script := betterAuth(t, p.name, `"image" text,`, `"image" text, `+kinds[p.name])
			if p.name == "postgres" {
				script = "create type plan as enum ('free', 'pro'); " + script
			}
			return script
		}, sessionstore.ErrMigrationsPending},
		{"fields that do not fit", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"image" text,`, `"image" text, "age" text, "birthday" integer, "company" text not null, "costCenter" text, "customer" integer not null default 0, `+
				`"newsletter" text, "nick ""name""" text, "plan" integer, "prefs" integer, "scores" timestamp, "tags" integer,`)
		}, sessionstore.ErrNotUnderstood},
		{"fields that rows lack", func(t testing.TB, p place) string {
			return betterAuth(t, p.name) + `; insert into "user" values ('u', 'Ada', 'ada@example.com', true, null, '2026-01-02 03:04:05Z', '2026-01-02 03:04:05Z')`
		}, sessionstore.ErrNotUnderstood},
	} {
		for _, p := range places {
			t.Run(p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				cfg := withFields(p.config(t))
				if script := c.prepare(t, p); script != "" {
					p.run(t, cfg, script)
				}
				report, err := sessionstore.Status(t.Context(), cfg, nil)
				check(t, err)
				if !errors.Is(report.Err(), c.want) {
					t.Errorf("error is %v, want %v", report.Err(), c.want)
				}
				golden(t, p.name+" "+c.name, report)
				migrated, err := sessionstore.Migrate(t.Context(), cfg, nil, nil)
				if c.want == sessionstore.ErrNotUnderstood {
					if !errors.Is(err, c.want) {
						t.Errorf("migrate: %v, want %v", err, c.want)
					}
					after, err := sessionstore.Status(t.Context(), cfg, nil)
					check(t, err)
					if after.String() != report.String() {
						t.Errorf("a refused database was changed:\n%s", after)
					}
					return
				}
				check(t, err)
				golden(t, p.name+" "+c.name+" migrated", migrated)
				cfg.AutoMigrate = false
				fieldsWork(t, storetest.Open(t, cfg, sessionstore.Options{}))
			})
		}
	}
}

// fieldsWork writes and reads a value of every kind, whatever the columns are.
func fieldsWork(t *testing.T, s *sessionstore.Store) {
	t.Helper()
	want := map[string]any{
		"age": int64(36), "birthday": time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC), "company": "Engines", "costCenter": "42", "customer": int64(9007199254740993),
		"newsletter": true, "nickName": "countess", "plan": "pro", "prefs": json.RawMessage(`{"a":1}`), "scores": []float64{1, 2}, "tags": []string{"a", `b,"c"`},
	}
	u := sessionstore.User{ID: "fields", Name: "Ada", Email: "fields@example.com", Fields: storetest.Values(s.UserFields(), want)}
	check(t, s.CreateUser(t.Context(), &u))
	if !reflect.DeepEqual(u.Fields, storetest.Values(s.UserFields(), want)) {
		t.Errorf("made with %v", u.Fields)
	}
	changed := map[string]any{"age": nil, "birthday": nil, "company": nil, "customer": nil, "nickName": nil, "plan": "free", "prefs": nil, "scores": nil, "tags": []string{}}
	for name, value := range changed {
		want[name] = value
	}
	got, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Fields: storetest.Values(s.UserFields(), changed)})
	check(t, err)
	if !reflect.DeepEqual(got.Fields, storetest.Values(s.UserFields(), want)) {
		t.Errorf("changed to %v", got.Fields)
	}
}

// A column with a default fills the rows that exist, and one that may be null is null in them.
func TestRowsGetTheDefaultsOfNewColumns(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			cfg.AutoMigrate = true
			before := storetest.Open(t, cfg, sessionstore.Options{})
			u := sessionstore.User{ID: "u", Name: "Ada", Email: "ada@example.com"}
			check(t, before.CreateUser(t.Context(), &u))
			session := sessionstore.Session{ID: "s", UserID: "u", Token: "token", ExpiresAt: time.Now().Add(time.Hour)}
			check(t, before.CreateSession(t.Context(), &session))

			cfg.UserFields = sessionstore.FieldConfigs{
				"plan": storetest.Required("string", "it's free; -- $1"), "since": storetest.Required("date", "2026-01-02"), "active": storetest.Required("boolean", true),
				"credits": storetest.Required("number", 10.0), "tags": storetest.Required("string[]", []any{"a", `"`}), "company": storetest.Field("string"),
			}
			cfg.SessionFields = storetest.SessionFields()
			after := storetest.Open(t, cfg, sessionstore.Options{})
			identity, err := after.FindSession(t.Context(), "token")
			check(t, err)
			for name, want := range map[string]any{
				"plan": "it's free; -- $1", "since": time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "active": true, "credits": int64(10), "tags": []string{"a", `"`}, "company": nil,
			} {
				if got := identity.User.Fields.Get(name); !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %#v, want %#v", name, got, want)
				}
			}
			if got := identity.Session.Fields.Get("theme"); got != "light" {
				t.Errorf("theme is %v", got)
			}
			// Who knows nothing of the fields, such as the replica that is still running, goes on making rows.
			other := sessionstore.User{ID: "v", Email: "grace@example.com"}
			check(t, before.CreateUser(t.Context(), &other))
			read, err := after.FindUser(t.Context(), "v")
			check(t, err)
			if read.Fields.Get("plan") != "it's free; -- $1" || read.Fields.Get("credits") != int64(10) {
				t.Errorf("made by the older one with %v", read.Fields)
			}
		})
	}
}

// A default of the column's own, or a value that the database computes, is what a row gets for which nothing is given.
func TestDefaultsOfColumnsApply(t *testing.T) {
	t.Parallel()
	generated := map[string]string{
		"postgres": `"image" text, "credits" integer not null default 3 + 4, "shown" text generated always as ("name" || '!') stored,`,
		"sqlite":   `"image" text, "credits" integer not null default (3 + 4), "shown" text generated always as ("name" || '!') stored,`,
	}
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			p.run(t, cfg, betterAuth(t, p.name, `"image" text,`, generated[p.name]))
			shown := storetest.Field("string")
			shown.Input = false
			cfg.UserFields = sessionstore.FieldConfigs{"credits": storetest.Field("number"), "shown": shown}
			cfg.AutoMigrate = true
			s := storetest.Open(t, cfg, sessionstore.Options{})
			u := sessionstore.User{ID: "u", Name: "Ada", Email: "ada@example.com"}
			check(t, s.CreateUser(t.Context(), &u))
			if u.Fields.Get("credits") != int64(7) || u.Fields.Get("shown") != "Ada!" {
				t.Errorf("made with %v", u.Fields)
			}
		})
	}
}

// role, banned and the like belong to better-auth's admin plugin; a team without it may have a field of that name.
func TestAnAdditionalFieldMayBeOneOfAPlugins(t *testing.T) {
	t.Parallel()
	role := storetest.Required("string", "user")
	role.Input = false
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			p.run(t, cfg, betterAuth(t, p.name, `"image" text,`, `"image" text, "role" text not null,`))
			cfg.UserFields = sessionstore.FieldConfigs{"role": role}
			cfg.AutoMigrate = true
			s := storetest.Open(t, cfg, sessionstore.Options{})
			u := sessionstore.User{ID: "u", Name: "Ada", Email: "ada@example.com"}
			check(t, s.CreateUser(t.Context(), &u))
			if u.Role == nil || *u.Role != "user" || u.Fields.Get("role") != "user" {
				t.Errorf("made with role %v and %v", u.Role, u.Fields)
			}
		})
	}
}

// What only the database knows, it may refuse: a check of the application's, an enum, what a column refers to. That is never a fault of ours.
func TestWhatOnlyTheDatabaseRefusesIsInvalid(t *testing.T) {
	t.Parallel()
	columns := map[string]string{
		"postgres": `"image" text, "age" integer check ("age" > 0), "level" level, "team" text references team (id), "code" uuid,`,
		"sqlite":   `"image" text, "age" integer check ("age" > 0), "level" text check ("level" in ('junior')), "team" text references team (id), "code" text check ("code" <> 'x'),`,
	}
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			script := "create table team (id text primary key); insert into team values ('a');" + betterAuth(t, p.name, `"image" text,`, columns[p.name])
			if p.name == "postgres" {
				script = "create type level as enum ('junior');" + script
			}
			p.run(t, cfg, script)
			cfg.UserFields = sessionstore.FieldConfigs{
				"age": storetest.Field("number"), "level": storetest.Field("string"), "team": storetest.Field("string"), "code": storetest.Field("string"),
			}
			cfg.AutoMigrate = true
			s := storetest.Open(t, cfg, sessionstore.Options{})
			u := sessionstore.User{ID: "u", Name: "Ada", Email: "ada@example.com"}
			check(t, s.CreateUser(t.Context(), &u))
			for name, value := range map[string]any{"age": int64(-1), "level": "chief", "team": "nobody's", "code": "x"} {
				fields := storetest.Values(s.UserFields(), map[string]any{name: value})
				if _, err := s.UpdateUser(t.Context(), "u", sessionstore.UserChange{Fields: fields}); !errors.Is(err, sessionstore.ErrInvalid) || errors.Is(err, sessionstore.ErrNotFound) {
					t.Errorf("%s = %v: %v", name, value, err)
				}
				other := sessionstore.User{ID: "v", Email: "v@example.com", Fields: fields}
				if err := s.CreateUser(t.Context(), &other); !errors.Is(err, sessionstore.ErrInvalid) || errors.Is(err, sessionstore.ErrNotFound) {
					t.Errorf("a user with %s = %v: %v", name, value, err)
				}
			}
			fine := map[string]any{"age": int64(1), "level": "junior", "team": "a", "code": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}
			got, err := s.UpdateUser(t.Context(), "u", sessionstore.UserChange{Fields: storetest.Values(s.UserFields(), fine)})
			check(t, err)
			if !reflect.DeepEqual(got.Fields, storetest.Values(s.UserFields(), fine)) {
				t.Errorf("changed to %v", got.Fields)
			}
		})
	}
}

// What other writers have left behind is no fault: a user is found whatever their columns hold.
func TestOddValuesOfOtherWritersAreRead(t *testing.T) {
	t.Parallel()
	odd := map[string]struct{ set, want string }{
		"postgres": {`"age" = null, "customer" = 'NaN', "birthday" = 'infinity', "tags" = '{"a": 1}', "scores" = '5', "prefs" = 'null', "newsletter" = null`,
			`{"age":null,"birthday":null,"company":null,"costCenter":"42","customer":null,"newsletter":null,"nickName":null,"plan":"free","prefs":null,"scores":5,"tags":{"a":1}}`},
		"sqlite": {`"age" = 'many', "customer" = 1.5, "birthday" = 'soon', "tags" = 'a', "scores" = '[1, "x"]', "prefs" = 'null', "newsletter" = 2`,
			`{"age":"many","birthday":"soon","company":null,"costCenter":"42","customer":1.5,"newsletter":false,"nickName":null,"plan":"free","prefs":null,"scores":[1,"x"],"tags":null}`},
	}
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := withFields(p.config(t))
			kinds := map[string]string{"postgres": "numeric", "sqlite": "integer"}[p.name]
			boolean := map[string]string{"postgres": "boolean", "sqlite": "integer"}[p.name]
			p.run(t, cfg, betterAuth(t, p.name, `"image" text,`, `"image" text, "customer" `+kinds+`, "newsletter" `+boolean+`,`))
			cfg.AutoMigrate = true
			s := storetest.Open(t, cfg, sessionstore.Options{})
			u := sessionstore.User{ID: "u", Email: "a@example.com", Fields: storetest.Values(s.UserFields(), map[string]any{"costCenter": "42"})}
			check(t, s.CreateUser(t.Context(), &u))
			p.run(t, cfg, `update "user" set `+odd[p.name].set)
			got, err := s.FindUser(t.Context(), "u")
			check(t, err)
			members := map[string]json.RawMessage{}
			for _, v := range got.Fields {
				members[v.Field.Name], err = json.Marshal(v)
				check(t, err)
			}
			if shown, err := json.Marshal(members); err != nil || string(shown) != odd[p.name].want {
				t.Errorf("read as\n%s\nwant\n%s", shown, odd[p.name].want)
			}
		})
	}
}
