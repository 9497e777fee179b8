package e2e

import (
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

type scenario struct {
	name string
	run  func(*testing.T, *stack)
}

func scenarios() []scenario {
	return []scenario{
		{"nothing protected is reachable before verification", nothingBeforeVerification},
		{"sign-up tells nobody that an address is taken", signUpHidesAccounts},
		{"a verification link works for fifteen minutes and says so", verificationLinkLifetime},
		{"sign-in with the wrong password is refused like an unknown address", wrongPassword},
		{"a session is accepted as cookie and as bearer token", cookieAndBearer},
		{"D07 what counts as a bearer token counts as nothing else", kinds},
		{"hashes of other kinds are accepted and replaced", otherHashes},
		{"a session that ends with the browser", sessionThatEndsWithTheBrowser},
		{"sign-out kills cookie and bearer token at once", signOut},
		{"plain routes and aliases", plainRoutes},
		{"D55 a tampered cookie or bearer token is refused", tampered},
		{"D55 a tampered verification link is refused", tamperedLetter},
		{"sessions are listed with their devices and revoked one by one", devices},
		{"all other sessions are revoked at once", revokeOthers},
		{"all sessions are revoked at once", revokeAll},
		{"nobody revokes another user's session", foreignSessions},
		{"an expired session is nobody's", expiredSession},
		{"a session is renewed once a day", renewal},
		{"a reset link works once and ends all sessions", passwordReset},
		{"a reset token works for one hour", resetTokenLifetime},
		{"D59 of two resets with one token one succeeds", concurrentResets},
		{"change-password and verify-password", changePassword},
		{"the application sees a changed name at once", updateUser},
		{"an address changes once its letter is answered", changeEmail},
		{"a user is deleted by letter", deleteUser},
		{"users cannot see each other's tasks", isolation},
		{"the application gets one line of each identity header", identity},
		{"forged identity headers do not get through", forgedHeaders},
		{"WebSockets pass", webSocket},
		{"event streams pass without delay", eventStream},
		{"errors are JSON", errorsAreJSON},
		{"another site's pages may call when they are trusted", crossOrigin},
		{"a request can be followed through logs and audit", traces},
	}
}

func TestWalkOnPostgreSQL(t *testing.T) {
	t.Parallel()
	walk(t, harness.PostgreSQL(t))
}

func TestWalkOnEmbeddedSQLite(t *testing.T) {
	t.Parallel()
	walk(t, harness.SQLite(t))
}

func walk(t *testing.T, db *harness.Database) {
	s := newStack(t, db, nil)
	t.Run("scenarios", func(t *testing.T) {
		for _, scenario := range scenarios() {
			t.Run(scenario.name, func(t *testing.T) {
				t.Parallel()
				scenario.run(t, s)
			})
		}
	})
	s.checkMetrics(t)
	s.checkSecrets(t)
}

// checkMetrics looks for the names of the public contract.
func (s *stack) checkMetrics(t *testing.T) {
	t.Helper()
	metrics := s.Metrics(t)
	for _, name := range []string{
		"postern_http_requests_total", "postern_http_request_duration_seconds", "postern_overhead_seconds",
		"postern_session_cache_total", "postern_session_lookup_seconds", "postern_auth_events_total",
		"postern_password_hash_seconds", "postern_password_queue_depth", "postern_password_rejected_total",
		"postern_mail_total", "postern_streams_open", "postern_rejected_requests_total", "postern_build_info",
	} {
		if !strings.Contains(metrics, "# TYPE "+name+" ") {
			t.Errorf("no metric %s", name)
		}
	}
	for _, series := range []string{
		`postern_session_cache_total{result="hit"}`,
		`postern_auth_events_total{event="sign_up",outcome="success"}`,
		`postern_auth_events_total{event="sign_in_failed",outcome="failure"}`,
		`postern_mail_total{outcome="sent"}`,
		`postern_http_requests_total{auth="api",code="200",method="POST",route="/api/auth/sign-in/email"}`,
		`postern_http_requests_total{auth="public",code="200",method="GET",route="/public/**"}`,
		`postern_rejected_requests_total{reason="no_session"}`,
	} {
		if !strings.Contains(metrics, series+" ") {
			t.Errorf("nothing counted as %s", series)
		}
	}
	if strings.Contains(metrics, "/api/tasks/") {
		t.Error("a raw path is a label of a metric")
	}
}

// checkSecrets searches everything that is kept by those who operate the installation.
func (s *stack) checkSecrets(t *testing.T) {
	t.Helper()
	if len(s.secrets) < 50 {
		t.Errorf("only %d secrets to look for: the scenarios note too few", len(s.secrets))
	}
	for where, text := range map[string]string{"Postern's log": s.Log(), "the application's log": s.app.Log(), "the metrics": s.Metrics(t)} {
		for secret, what := range s.secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a %s: %q", where, what, secret)
			}
		}
	}
}
