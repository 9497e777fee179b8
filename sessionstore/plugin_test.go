package sessionstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

var jwks = []sessionstore.MigrationSet{{Name: "jwt", Models: []string{"jwks"}}}

// What better-auth 1.7.25 and 1.6.0 generate for the jwt plugin.
var jwksScripts = map[string]string{
	"postgres": `create table "jwks" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz, "alg" text, "crv" text);`,
	"sqlite":   `create table "jwks" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" date not null, "expiresAt" date, "alg" text, "crv" text);`,
}

func TestATableOfAPluginIsMadeOnlyForWhoAsks(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			report, err := sessionstore.Migrate(t.Context(), cfg, outbox(1), nil)
			check(t, err)
			if strings.Contains(report.String(), "jwks") {
				t.Errorf("nobody asked for jwks:\n%s", report)
			}
			for _, want := range []string{"  missing  table jwks", "  created  table jwks", "  present  table jwks"} {
				report, err := sessionstore.Status(t.Context(), cfg, jwks)
				if strings.Contains(want, "created") {
					report, err = sessionstore.Migrate(t.Context(), cfg, jwks, nil)
				}
				check(t, err)
				if !slices.ContainsFunc(report.Lines(), func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("want %q in\n%s", want, report)
				}
			}
		})
	}
}

func TestATableOfAPluginIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		for name, c := range map[string]struct {
			from, to string
			problem  string
		}{
			"as better-auth 1.7 made it": {"", "", ""},
			"as better-auth 1.6 made it": {`, "alg" text, "crv" text`, "", ""},
			"without the private keys":   {`"privateKey" text not null, `, "", `table "jwks", column "privateKey": expected text, found no such column`},
			"with a column of its own":   {`"crv" text`, `"crv" text, "tenant" text not null`, `column "tenant"`},
		} {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				cfg := p.config(t)
				_, err := sessionstore.Migrate(t.Context(), cfg, nil, nil)
				check(t, err)
				p.run(t, cfg, strings.Replace(jwksScripts[p.name], c.from, c.to, 1))
				report, err := sessionstore.Status(t.Context(), cfg, jwks)
				check(t, err)
				err = report.Err()
				if c.problem == "" && err != nil || c.problem != "" && (!errors.Is(err, sessionstore.ErrNotUnderstood) || !strings.Contains(err.Error(), c.problem)) {
					t.Errorf("error is %v, want %q", err, c.problem)
				}
				report, err = sessionstore.Status(t.Context(), cfg, nil)
				check(t, err)
				if err := report.Err(); err != nil {
					t.Errorf("who does not use it minds it: %v", err)
				}
			})
		}
	}
}

func TestATableOfAPluginMayHaveAnotherName(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.config(t)
			check(t, cfg.Schema.DecodeConfig(map[string]any{
				"base": "prisma-snake", "jwks": map[string]any{"table": "signing keys", "columns": map[string]any{"alg": "algorithm"}},
			}))
			_, err := sessionstore.Migrate(t.Context(), cfg, jwks, nil)
			check(t, err)
			p.run(t, cfg, `insert into "signing keys" (id, public_key, private_key, created_at, algorithm) values ('k', '{}', '{}', '2026-01-02 03:04:05', 'EdDSA')`)
			s := storetest.Open(t, cfg, sessionstore.Options{Migrations: jwks})
			queries, err := s.Statements(fstest.MapFS{"q.sql": {Data: []byte("-- name: Algorithm\n-- needs: jwks.alg\nSELECT {jwks.alg} FROM {jwks};\n-- name: Odd\n-- needs: user.role\nSELECT 1;")}})
			check(t, err)
			if !queries.Has("Algorithm") || queries.Has("Odd") || queries.Has("None") {
				t.Error("Has does not tell what there is")
			}
			var got string
			check(t, queries.Query(t.Context(), s, "Algorithm", nil, func(scan func(...any) error) error { return scan(&got) }))
			if got != "EdDSA" {
				t.Errorf("alg is %q", got)
			}
		})
	}
}

func TestAnUnknownPluginModelIsRefused(t *testing.T) {
	t.Parallel()
	_, err := sessionstore.Migrate(t.Context(), storetest.SQLite(t), []sessionstore.MigrationSet{{Name: "odd", Models: []string{"user"}}}, nil)
	if err == nil || !strings.Contains(err.Error(), `migrations odd: there is no plugin model "user"`) {
		t.Errorf("error is %v", err)
	}
}
