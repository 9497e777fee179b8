package sessionstore_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// place is one kind of database, with a way to do to it what an administrator might.
type place struct {
	name   string
	config func(t testing.TB) sessionstore.Config
	run    func(t testing.TB, cfg sessionstore.Config, script string)
}

var places = []place{
	{"postgres", func(t testing.TB) sessionstore.Config {
		cfg := storetest.PostgreSQL(t)
		cfg.AutoMigrate = false
		return cfg
	}, runPostgres},
	{"sqlite", storetest.SQLite, runSQLite},
}

func runPostgres(t testing.TB, cfg sessionstore.Config, script string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), cfg.URL)
	check(t, err)
	defer func() { check(t, conn.Close(context.Background())) }()
	_, err = conn.PgConn().Exec(t.Context(), script).ReadAll()
	check(t, err)
}

func runSQLite(t testing.TB, cfg sessionstore.Config, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", cfg.Path)
	check(t, err)
	defer func() { check(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), script)
	check(t, err)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// betterAuth is the script with which better-auth makes its tables, after some replacements.
func betterAuth(t testing.TB, place string, replacements ...string) string {
	t.Helper()
	script, err := os.ReadFile("testdata/betterauth/" + place + ".sql")
	check(t, err)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(string(script), replacements[i]) {
			t.Fatalf("the script does not hold %q", replacements[i])
		}
	}
	return strings.NewReplacer(replacements...).Replace(string(script))
}

// outbox is a feature with tables of its own, in as many steps as asked for.
func outbox(steps int) []sessionstore.MigrationSet {
	files := fstest.MapFS{}
	for _, dialect := range []string{"postgres", "sqlite"} {
		folder := "migrations/" + dialect
		files[folder+"/0001_mail.sql"] = &fstest.MapFile{Data: []byte(`
			CREATE TABLE {postern.mail} (id text PRIMARY KEY, user_id text NOT NULL REFERENCES {user} ({user.id}), body text NOT NULL DEFAULT '{}');
			CREATE INDEX mail_user ON {postern.mail} (user_id);`)}
		if steps > 1 {
			files[folder+"/0002_attempts.sql"] = &fstest.MapFile{Data: []byte("ALTER TABLE {postern.mail} ADD COLUMN attempts integer NOT NULL DEFAULT 0;")}
		}
	}
	return []sessionstore.MigrationSet{{Name: "outbox", FS: files}}
}

func TestStatusNamesEveryDifference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t testing.TB, p place) string
		want    error
	}{
		{"empty", func(testing.TB, place) string { return "" }, sessionstore.ErrMigrationsPending},
		{"made by better-auth", func(t testing.TB, p place) string { return betterAuth(t, p.name) }, sessionstore.ErrMigrationsPending},
		{"with the admin plugin", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"image" text,`, adminColumns(p.name))
		}, sessionstore.ErrMigrationsPending},
		{"made by better-auth 1.7.0", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"providerId" text not null,`, `"providerId" text not null, "issuer" text not null,`)
		}, sessionstore.ErrMigrationsPending},
		{"missing columns", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"userAgent" text, `, "", `"scope" text, `, "")
		}, sessionstore.ErrNotUnderstood},
		{"wrong types", func(t testing.TB, p place) string {
			kind := map[string]string{"postgres": `"emailVerified" boolean`, "sqlite": `"emailVerified" integer`}[p.name]
			return betterAuth(t, p.name, kind, `"emailVerified" text`, `"value" text`, `"value" bytea`)
		}, sessionstore.ErrNotUnderstood},
		{"unknown required column", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"image" text,`, `"image" text, "tenant" text not null, "plan" text not null default 'free',`)
		}, sessionstore.ErrNotUnderstood},
		{"null not allowed", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"image" text,`, `"image" text not null, "role" text not null,`)
		}, sessionstore.ErrNotUnderstood},
		{"address not unique", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"email" text not null unique`, `"email" text not null`, `"token" text not null unique`, `"token" text not null`) +
				`; create unique index "pair" on session (token, id); create unique index "partly" on "user" (email) where email > 'm'`
		}, sessionstore.ErrNotUnderstood},
		{"ids are numbers", func(t testing.TB, p place) string {
			return betterAuth(t, p.name, `"id" text`, `"id" integer`, `"userId" text`, `"userId" integer`)
		}, sessionstore.ErrNotUnderstood},
	} {
		for _, p := range places {
			t.Run(p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				cfg := p.config(t)
				if script := c.prepare(t, p); script != "" {
					p.run(t, cfg, script)
				}
				report, err := sessionstore.Status(t.Context(), cfg, outbox(2))
				check(t, err)
				if !errors.Is(report.Err(), c.want) {
					t.Errorf("error is %v, want %v", report.Err(), c.want)
				}
				golden(t, p.name+" "+c.name, report)
				migrated, err := sessionstore.Migrate(t.Context(), cfg, outbox(2), nil)
				if c.want == sessionstore.ErrNotUnderstood {
					if !errors.Is(err, c.want) {
						t.Errorf("migrate: %v, want %v", err, c.want)
					}
					after, err := sessionstore.Status(t.Context(), cfg, outbox(2))
					check(t, err)
					if after.String() != report.String() {
						t.Errorf("a refused database was changed:\n%s", after)
					}
					return
				}
				check(t, err)
				golden(t, p.name+" "+c.name+" migrated", migrated)
				walk(t, storetest.Open(t, cfg, sessionstore.Options{Migrations: outbox(2)}))
			})
		}
	}
}

// golden compares a report with the file of that name. What differs from run to run is the name of the database.
func golden(t testing.TB, name string, report sessionstore.Report) {
	t.Helper()
	kind, _, _ := strings.Cut(report.Database, " ")
	got := strings.Replace(report.String(), report.Database, kind, 1)
	file := filepath.Join("testdata/status", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		check(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	check(t, err)
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", file, got, want)
	}
}

// walk signs somebody up, in and out.
func walk(t testing.TB, s *sessionstore.Store) {
	t.Helper()
	u := sessionstore.User{ID: sessionstore.UserID(sessionstore.NewID()), Name: "Ada", Email: sessionstore.NewID() + "@example.com"}
	check(t, s.CreateUser(t.Context(), &u))
	hash := "hash"
	check(t, s.CreateAccount(t.Context(), sessionstore.Account{
		ID: sessionstore.AccountID(sessionstore.NewID()), UserID: u.ID, ProviderID: sessionstore.CredentialProvider, AccountID: string(u.ID), Password: &hash,
	}))
	_, account, err := s.FindUserWithCredential(t.Context(), u.Email)
	check(t, err)
	if account == nil || *account.Password != hash {
		t.Errorf("account is %+v", account)
	}
	token := sessionstore.Token(sessionstore.NewID())
	check(t, s.CreateSession(t.Context(), &sessionstore.Session{
		ID: sessionstore.SessionID(sessionstore.NewID()), UserID: u.ID, Token: token, ExpiresAt: time.Now().Add(time.Hour),
	}))
	identity, err := s.FindSession(t.Context(), token)
	check(t, err)
	if identity.User.ID != u.ID || identity.User.Role != nil {
		t.Errorf("user is %+v", identity.User)
	}
	_, err = s.DeleteSession(t.Context(), token)
	check(t, err)
}

func TestTenMigrationsAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			var mu sync.Mutex
			created := map[string]int{}
			var replicas sync.WaitGroup
			for range 10 {
				replicas.Go(func() {
					report, err := sessionstore.Migrate(t.Context(), cfg, outbox(2), nil)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					for _, step := range report.Steps {
						if step.State == sessionstore.Created {
							created[step.Name]++
						}
					}
				})
			}
			replicas.Wait()
			if len(created) != 6 {
				t.Errorf("created %v, want four tables and two migrations", created)
			}
			for name, times := range created {
				if times != 1 {
					t.Errorf("%s was created %d times", name, times)
				}
			}
			walk(t, storetest.Open(t, cfg, sessionstore.Options{Migrations: outbox(2)}))
		})
	}
}

func TestLaterStepsAreAppliedAndNewerDatabasesServed(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			_, err := sessionstore.Migrate(t.Context(), cfg, outbox(1), nil)
			check(t, err)
			status := func(set []sessionstore.MigrationSet, name string, want error) {
				t.Helper()
				report, err := sessionstore.Status(t.Context(), cfg, set)
				check(t, err)
				golden(t, p.name+" "+name, report)
				if !errors.Is(report.Err(), want) {
					t.Errorf("error is %v, want %v", report.Err(), want)
				}
			}
			status(outbox(1), "up to date", nil)
			status(outbox(2), "one step behind", sessionstore.ErrMigrationsPending)
			_, err = sessionstore.Migrate(t.Context(), cfg, outbox(2), nil)
			check(t, err)
			status(outbox(2), "two steps", nil)
			status(outbox(1), "newer", nil)
			walk(t, storetest.Open(t, cfg, sessionstore.Options{Migrations: outbox(1)}))
			_, err = sessionstore.Migrate(t.Context(), cfg, outbox(1), nil)
			check(t, err)
			status(outbox(2), "two steps", nil) // the older one has left it as it was

			breaking := outbox(2)
			for _, dialect := range []string{"postgres", "sqlite"} {
				breaking[0].FS.(fstest.MapFS)["migrations/"+dialect+"/0003_breaking_body.sql"] = &fstest.MapFile{Data: []byte("ALTER TABLE {postern.mail} DROP COLUMN body;")}
			}
			_, err = sessionstore.Migrate(t.Context(), cfg, breaking, nil)
			check(t, err)
			status(outbox(1), "newer and breaking", sessionstore.ErrNotUnderstood)
			if _, err := sessionstore.Open(t.Context(), cfg, sessionstore.Options{Migrations: outbox(2)}); !errors.Is(err, sessionstore.ErrNotUnderstood) {
				t.Errorf("open: %v", err)
			}
			p.run(t, cfg, map[string]string{
				"postgres": "UPDATE postern.migration SET name = 'other' WHERE version = 2", "sqlite": "UPDATE postern_migration SET name = 'other' WHERE version = 2",
			}[p.name])
			status(breaking, "another history", sessionstore.ErrNotUnderstood)
		})
	}
}

func TestOpenRefusesADatabaseThatIsNotMigrated(t *testing.T) {
	t.Parallel()
	cfg := places[0].config(t)
	if _, err := sessionstore.Open(t.Context(), cfg, sessionstore.Options{}); !errors.Is(err, sessionstore.ErrMigrationsPending) {
		t.Errorf("error is %v, want ErrMigrationsPending", err)
	}
}

func TestFailingStepLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			broken := outbox(2)
			for _, dialect := range []string{"postgres", "sqlite"} {
				broken[0].FS.(fstest.MapFS)["migrations/"+dialect+"/0003_broken.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE {postern.half} (n int); SELECT nonsense FROM nowhere;")}
			}
			if _, err := sessionstore.Migrate(t.Context(), cfg, broken, nil); err == nil || !strings.Contains(err.Error(), "migration outbox 3 broken") {
				t.Errorf("error is %v", err)
			}
			report, err := sessionstore.Status(t.Context(), cfg, outbox(2))
			check(t, err)
			for _, step := range report.Steps {
				if step.State != sessionstore.Missing {
					t.Errorf("%s is %s", step.Name, step.State)
				}
			}
		})
	}
}

func TestMigrationSetsAreCheckedBeforeAnythingHappens(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("SELECT 1")}
	for name, files := range map[string]fstest.MapFS{
		"empty":                 {},
		"only for one database": {"migrations/sqlite/0001_a.sql": file},
		"different steps":       {"migrations/sqlite/0001_a.sql": file, "migrations/postgres/0001_b.sql": file},
		"a gap":                 {"migrations/sqlite/0002_a.sql": file, "migrations/postgres/0002_a.sql": file},
		"no number":             {"migrations/sqlite/a.sql": file, "migrations/postgres/a.sql": file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sessionstore.Migrate(t.Context(), storetest.SQLite(t), []sessionstore.MigrationSet{{Name: "odd", FS: files}}, nil)
			if err == nil || !strings.Contains(err.Error(), "migrations odd") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestTablesOfBetterAuthStandInTheSchemaOfTablesIn(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgreSQL(t)
	cfg.TablesIn = `Auth "x"`
	s := storetest.Open(t, cfg, sessionstore.Options{Migrations: outbox(2)})
	walk(t, s)
	runPostgres(t, cfg, `SELECT * FROM "Auth ""x""".session; SELECT * FROM postern.mail`)
}

func TestDatabaseMadeByBetterAuthHasTheNamesOfBetterAuth(t *testing.T) {
	t.Parallel()
	const names = `SELECT string_agg(name, ' ' ORDER BY name COLLATE "C") FROM (
		SELECT conname AS name FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public') n`
	ours, theirs := storetest.PostgreSQL(t), storetest.PostgreSQL(t)
	_, err := sessionstore.Migrate(t.Context(), ours, nil, nil)
	check(t, err)
	runPostgres(t, theirs, betterAuth(t, "postgres"))
	if got, want := ask(t, ours, names), ask(t, theirs, names); got != want {
		t.Errorf("names differ:\n%s\n%s", got, want)
	}
	const columns = `SELECT string_agg(concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default), ', ' ORDER BY table_name, column_name)
		FROM information_schema.columns WHERE table_schema = 'public'`
	if got, want := ask(t, ours, columns), ask(t, theirs, columns); got != want {
		t.Errorf("columns differ:\n%s\n%s", got, want)
	}
}

func ask(t testing.TB, cfg sessionstore.Config, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), cfg.URL)
	check(t, err)
	defer func() { check(t, conn.Close(context.Background())) }()
	var answer string
	check(t, conn.QueryRow(t.Context(), query).Scan(&answer))
	return answer
}

func TestIssuerIsWrittenWhereTheColumnExists(t *testing.T) {
	t.Parallel()
	cfg := places[0].config(t)
	runPostgres(t, cfg, betterAuth(t, "postgres", `"providerId" text not null,`, `"providerId" text not null, "issuer" text not null,`)+
		`; create unique index on account (issuer, "accountId")`)
	cfg.AutoMigrate = true
	s := storetest.Open(t, cfg, sessionstore.Options{})
	user := sessionstore.UserID("u")
	check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: user, Email: "a@example.com"}))
	for _, provider := range []string{sessionstore.CredentialProvider, "google", "git hub"} {
		check(t, s.CreateAccount(t.Context(), sessionstore.Account{ID: sessionstore.AccountID(sessionstore.NewID()), UserID: user, ProviderID: provider, AccountID: "1"}))
	}
	got := ask(t, cfg, `SELECT string_agg(issuer, ' ' ORDER BY issuer COLLATE "C") FROM account`)
	if want := "https://accounts.google.com local:credential local:oauth:git%20hub"; got != want {
		t.Errorf("issuers are %s, want %s", got, want)
	}
}

// adminColumns are what better-auth's admin plugin adds behind the picture.
func adminColumns(database string) string {
	kinds := map[string][2]string{"postgres": {"boolean", "timestamptz"}, "sqlite": {"integer", "date"}}[database]
	return `"image" text, "role" text, "banned" ` + kinds[0] + `, "banReason" text, "banExpires" ` + kinds[1] + `,`
}

func TestBansAreReadWhereTheColumnsExist(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			p.run(t, cfg, betterAuth(t, p.name, `"image" text,`, adminColumns(p.name)))
			cfg.AutoMigrate = true
			s := storetest.Open(t, cfg, sessionstore.Options{})
			now := time.Now().UTC().Truncate(time.Millisecond)
			banned := func(id sessionstore.UserID, how string) sessionstore.User {
				check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: id, Email: string(id) + "@example.com"}))
				p.run(t, cfg, `update "user" set "banReason" = 'spam', `+how+` where id = '`+string(id)+`'`)
				u, err := s.FindUser(t.Context(), id)
				check(t, err)
				return u
			}
			future, past := now.Add(time.Hour).Format("2006-01-02T15:04:05.000Z"), now.Add(-time.Hour).Format("2006-01-02T15:04:05.000Z")
			for _, c := range []struct {
				id   sessionstore.UserID
				how  string
				want bool
			}{
				{"never", `banned = null`, false},
				{"lifted", `banned = false, "banExpires" = '` + future + `'`, false},
				{"forever", `banned = true`, true},
				{"still", `banned = true, "banExpires" = '` + future + `'`, true},
				{"over", `banned = true, "banExpires" = '` + past + `'`, false},
			} {
				if u := banned(c.id, c.how); u.BannedAt(now) != c.want {
					t.Errorf("%s: read as %v until %v", c.id, u.Banned, u.BanExpires)
				}
				check(t, s.LiftBan(t.Context(), c.id))
				u, err := s.FindUser(t.Context(), c.id)
				check(t, err)
				if u.BannedAt(now) != c.want || c.id == "over" && u.Banned {
					t.Errorf("%s: after lifting what is over, %v until %v", c.id, u.Banned, u.BanExpires)
				}
			}
		})
	}
}

func TestAccountsOfAnotherIssuerAreNotFound(t *testing.T) {
	t.Parallel()
	cfg := places[0].config(t)
	runPostgres(t, cfg, betterAuth(t, "postgres", `"providerId" text not null,`, `"providerId" text not null, "issuer" text,`)+
		`; create unique index on account (issuer, "accountId")`)
	cfg.AutoMigrate = true
	s := storetest.Open(t, cfg, sessionstore.Options{})
	check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: "u", Email: "a@example.com"}))
	for subject, issuer := range map[string]string{"discovered": "https://id.example", "synthetic": ""} {
		check(t, s.CreateAccount(t.Context(), sessionstore.Account{ID: sessionstore.AccountID(subject), UserID: "u", ProviderID: "main", AccountID: subject, Issuer: issuer}))
	}
	runPostgres(t, cfg, `insert into account (id, "userId", "providerId", "accountId", "updatedAt") values ('later', 'u', 'main', 'later', now())`)
	for subject, found := range map[string]map[string]bool{
		"discovered": {"https://id.example": true, "https://evil.example": false, "": false},
		"synthetic":  {"https://id.example": true, "": true}, // made before the issuer was known
		"later":      {"https://id.example": true, "": true}, // made by a better-auth that has dropped the column
	} {
		for issuer, want := range found {
			if _, err := s.FindAccount(t.Context(), "main", subject, issuer); (err == nil) != want || !want && !errors.Is(err, sessionstore.ErrNotFound) {
				t.Errorf("%s of %q: %v", subject, issuer, err)
			}
		}
	}
}

func TestRoleIsReadWhereTheColumnExists(t *testing.T) {
	t.Parallel()
	cfg := places[0].config(t)
	runPostgres(t, cfg, "create type app_role as enum ('admin', 'user');"+betterAuth(t, "postgres", `"image" text,`, `"image" text, "role" app_role,`))
	cfg.AutoMigrate = true
	s := storetest.Open(t, cfg, sessionstore.Options{})
	check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: "u", Email: "a@example.com"}))
	runPostgres(t, cfg, `update "user" set role = 'admin'`)
	u, err := s.FindUser(t.Context(), "u")
	check(t, err)
	if u.Role == nil || *u.Role != "admin" {
		t.Errorf("role is %v", u.Role)
	}
}

func TestTimesWithoutZoneAreUTC(t *testing.T) {
	t.Parallel()
	for _, pooler := range []bool{false, true} {
		cfg := places[0].config(t)
		runPostgres(t, cfg, betterAuth(t, "postgres", "timestamptz", "timestamp(3)"))
		cfg.AutoMigrate = true
		// As an administrator in another zone might have set it.
		runPostgres(t, cfg, `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET timezone = ''Asia/Tokyo'''; END $$`)
		if pooler {
			cfg.DirectURL = cfg.URL
		}
		s := storetest.Open(t, cfg, sessionstore.Options{})
		now := time.Now().UTC().Truncate(time.Millisecond)
		check(t, s.CreateVerification(t.Context(), sessionstore.Verification{ID: "v", Identifier: "i", ExpiresAt: now.Add(time.Minute), CreatedAt: now}))
		v, err := s.FindVerification(t.Context(), "i")
		check(t, err)
		if !v.CreatedAt.Equal(now) {
			t.Errorf("pooler %v: created at %s, want %s", pooler, v.CreatedAt, now)
		}
		check(t, s.CreateVerification(t.Context(), sessionstore.Verification{ID: "w", Identifier: "past", ExpiresAt: now.Add(-time.Minute)}))
		if _, err := s.FindVerification(t.Context(), "past"); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("pooler %v: expired a minute ago, yet: %v", pooler, err)
		}
	}
}

func TestNullsOfOtherWritersReadAsEmpty(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			p.run(t, cfg, strings.NewReplacer(`"name" text not null`, `"name" text`, `"emailVerified" boolean not null`, `"emailVerified" boolean`,
				`"emailVerified" integer not null`, `"emailVerified" integer`, `"createdAt" date not null`, `"createdAt" date`,
				`"createdAt" timestamptz default CURRENT_TIMESTAMP not null`, `"createdAt" timestamptz`).Replace(betterAuth(t, p.name)))
			p.run(t, cfg, `insert into "user" (id, email, "updatedAt") values ('u', 'a@example.com', '2026-03-01T12:00:00.123Z')`)
			cfg.AutoMigrate = true
			u, err := storetest.Open(t, cfg, sessionstore.Options{}).FindUser(t.Context(), "u")
			check(t, err)
			if u.Name != "" || u.EmailVerified || u.CreatedAt.Unix() != 0 || u.UpdatedAt != time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC) {
				t.Errorf("user is %+v", u)
			}
		})
	}
}

func TestSQLiteTimesAreWhatJavaScriptWrites(t *testing.T) {
	t.Parallel()
	cfg := storetest.SQLite(t)
	s := storetest.Open(t, cfg, sessionstore.Options{})
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	check(t, s.CreateUser(t.Context(), &sessionstore.User{ID: "u", Email: "a@example.com", EmailVerified: true, CreatedAt: at, UpdatedAt: at}))
	db, err := sql.Open("sqlite", cfg.Path)
	check(t, err)
	defer func() { check(t, db.Close()) }()
	var written string
	check(t, db.QueryRowContext(t.Context(), `SELECT typeof("createdAt") || ' ' || "createdAt" || ' ' || "emailVerified" FROM "user"`).Scan(&written))
	if want := "text 2026-03-01T11:00:00.000Z 1"; written != want {
		t.Errorf("written as %s, want %s", written, want)
	}
	for other, want := range map[string]time.Time{
		"1772362800123":             time.UnixMilli(1772362800123).UTC(),
		"'2026-03-01 11:00:00'":     at.UTC(),
		"'2026-03-01T12:00+01:00'":  {},
		"'2026-03-01T12:00:00.5Z'":  at.UTC().Add(time.Hour + 500*time.Millisecond),
		"'2026-03-01'":              time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"'2026-03-01 11:00:00.250'": at.UTC().Add(250 * time.Millisecond),
	} {
		_, err := db.ExecContext(t.Context(), `UPDATE "user" SET "createdAt" = `+other)
		check(t, err)
		u, err := s.FindUser(t.Context(), "u")
		if want.IsZero() {
			if err == nil {
				t.Errorf("%s was read as %s", other, u.CreatedAt)
			}
			continue
		}
		check(t, err)
		if u.CreatedAt != want {
			t.Errorf("%s was read as %s, want %s", other, u.CreatedAt, want)
		}
	}
}

func TestReportsShowNoPassword(t *testing.T) {
	t.Parallel()
	cfg := places[0].config(t)
	u, err := url.Parse(cfg.URL)
	check(t, err)
	u.User = url.UserPassword(u.User.Username(), "hunter2-secret")
	cfg.URL = u.String()
	report, err := sessionstore.Status(t.Context(), cfg, nil)
	check(t, err)
	cfg.URL = strings.Replace(cfg.URL, "sslmode=disable", "sslmode=nonsense", 1)
	_, err = sessionstore.Status(t.Context(), cfg, nil)
	if err == nil {
		t.Error("sslmode=nonsense was accepted")
	} else if text := report.String() + err.Error(); strings.Contains(text, "hunter2") {
		t.Errorf("password in %s", text)
	}
}
