package e2e

import (
	"net/http"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestPrismaSnakeTables walks through a user's life in the tables of R13's plan, with the example's in the same database.
func TestPrismaSnakeTables(t *testing.T) {
	t.Parallel()
	db := harness.PostgreSQL(t)
	s := newStack(t, db, map[string]string{"database.schema": "prisma-snake"})
	p := shortWalk(t, s)
	if email := harness.Value[string](t, db, `SELECT email FROM users WHERE id = $1 AND email_verified`, p.id); email != p.email {
		t.Errorf("users holds %q", email)
	}
	if agent := harness.Value[string](t, db, `SELECT user_agent FROM user_sessions WHERE user_id = $1`, p.id); agent != "harness" {
		t.Errorf("user_sessions holds %q", agent)
	}
	if n := harness.Value[int](t, db, `SELECT count(*) FROM accounts WHERE user_id = $1 AND provider_id = 'credential'`, p.id); n != 1 {
		t.Errorf("accounts holds %d rows", n)
	}
	if n := harness.Value[int](t, db, `SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name IN ('user', 'session', 'account', 'verification')`); n != 0 {
		t.Errorf("%d tables have better-auth's names", n)
	}
}

// TestTablesInAnotherSchema keeps the users in a schema of their own, beside the example's tables.
func TestTablesInAnotherSchema(t *testing.T) {
	t.Parallel()
	db := harness.PostgreSQL(t)
	db.Exec(t, `CREATE SCHEMA "Auth Tables"`)
	s := newStack(t, db, map[string]string{"database.tables_in": "Auth Tables"})
	p := shortWalk(t, s)
	if email := harness.Value[string](t, db, `SELECT email FROM "Auth Tables"."user" WHERE id = $1`, p.id); email != p.email {
		t.Errorf("the table holds %q", email)
	}
	if tables := harness.Values[string](t, db, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`); len(tables) != 2 {
		t.Errorf("tables in public: %q, want the example's alone", tables)
	}
}

// shortWalk returns a user with one session.
func shortWalk(t *testing.T, s *stack) *person {
	t.Helper()
	p := s.user(t)
	p.isIn(t)
	p.Post(t, "/api/tasks", map[string]any{"title": "walk"}).Want(t, http.StatusCreated)
	second := p.device(t, firefox)
	second.isIn(t)
	p.Do(t, http.MethodDelete, "/api/auth/sessions/"+second.current(t), nil).Want(t, http.StatusOK)
	second.isOut(t)
	p.Post(t, "/api/auth/update-user", map[string]any{"name": "Walker"}).Want(t, http.StatusOK)
	fresh := "fresh " + p.password
	p.reset(t, p.resetToken(t), fresh).Want(t, http.StatusOK)
	p.isOut(t)
	p.trySignIn(t, p.password).Want(t, http.StatusUnauthorized)
	p.password = fresh
	p.signIn(t)
	p.isIn(t)
	return p
}
