package e2e

import (
	"net/http"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

func TestRestartInTheMiddleOnPostgreSQL(t *testing.T) {
	t.Parallel()
	restartInTheMiddle(t, harness.PostgreSQL(t))
}

func TestRestartInTheMiddleOnEmbeddedSQLite(t *testing.T) {
	t.Parallel()
	restartInTheMiddle(t, harness.SQLite(t))
}

// restartInTheMiddle ends Postern between the steps of a user's life: sessions, links and letters survive.
func restartInTheMiddle(t *testing.T, db *harness.Database) {
	s := newStackBefore(t, db, startMirror(t).URL, nil)
	settled := s.user(t)
	settled.isIn(t)
	p := s.visitor()
	p.signUp(t)
	link := p.link(t, p.email, "Confirm your e-mail address")

	s.restart(t, s.endGently)
	p.noteSession(p.Get(t, link).Want(t, http.StatusFound))
	p.Get(t, "/api/me").Want(t, http.StatusOK)
	settled.isIn(t)
	token := settled.resetToken(t)
	second := settled.device(t, firefox)

	s.restart(t, s.endByForce)
	settled.isIn(t)
	second.isIn(t)
	second.elsewhere().isIn(t, harness.Bearer(second.token(t)))
	settled.password = "new " + settled.password
	settled.reset(t, token, settled.password).Want(t, http.StatusOK)

	s.restart(t, s.endByForce)
	settled.isOut(t)
	second.isOut(t)
	settled.reset(t, token, "again "+settled.password).WantError(t, http.StatusBadRequest, "INVALID_TOKEN")
	settled.signIn(t)
	settled.isIn(t)
}

func (s *stack) restart(t *testing.T, end func(*testing.T)) {
	t.Helper()
	end(t)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
}

// endGently ends the process as an orchestrator does, and asks for exit code 0.
func (s *stack) endGently(t *testing.T) {
	t.Helper()
	if err := s.Terminate(); err != nil {
		t.Fatal(err)
	}
	if err := s.AwaitExit(); err != nil {
		t.Fatalf("after SIGTERM: %v", err)
	}
}

func (s *stack) endByForce(*testing.T) { s.Kill() }

// TestLetterOutlivesSIGKILL kills Postern while the mail service is away. The sign-up was acknowledged, so its letter arrives
// after the restart, once.
func TestLetterOutlivesSIGKILL(t *testing.T) {
	t.Parallel()
	for name, db := range map[string]func(testing.TB) *harness.Database{"PostgreSQL": harness.PostgreSQL, "embedded SQLite": harness.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStackBefore(t, db(t), startMirror(t).URL, nil)
			s.mail.Fail(http.StatusServiceUnavailable)
			p := s.visitor()
			p.signUp(t)
			// Killed before that is noted down, the letter would wait for the end of its lease, which is two minutes.
			harness.Eventually(t, "an attempt to send the letter", func() bool {
				return harness.Value[int](t, s.db, `SELECT count(*) FROM `+s.db.Own("mail")+` WHERE last_error IS NOT NULL`) == 1
			})
			s.Kill()
			s.mail.Fail(0)
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			p.followLink(t, "Confirm your e-mail address")
			p.Get(t, "/api/me").Want(t, http.StatusOK)
			s.awaitEmptyOutbox(t)
			if letters := s.mail.DeliveredTo(p.email); len(letters) != 1 {
				t.Errorf("%d letters arrived", len(letters))
			}
		})
	}
}

func (s *stack) awaitEmptyOutbox(t *testing.T) {
	t.Helper()
	harness.Eventually(t, "all letters to be sent", func() bool {
		return harness.Value[int](t, s.db, `SELECT count(*) FROM `+s.db.Own("mail")) == 0
	})
}

// TestSlowMailServiceDelaysNoRequest has a mail service that answers after the test is over.
func TestSlowMailServiceDelaysNoRequest(t *testing.T) {
	t.Parallel()
	s := newStackBefore(t, harness.PostgreSQL(t), startMirror(t).URL, nil)
	s.mail.Slow(deliveryNever)
	for range 5 {
		s.visitor().signUp(t)
	}
	p := s.visitor()
	p.signUp(t)
	p.Post(t, "/api/auth/request-password-reset", map[string]any{"email": p.email}).Want(t, http.StatusOK)
	if delivered := s.mail.Delivered(); len(delivered) != 0 {
		t.Errorf("delivered: %v", delivered)
	}
	if n := harness.Value[int](t, s.db, `SELECT count(*) FROM `+s.db.Own("mail")); n != 7 {
		t.Errorf("%d letters wait, want 7", n)
	}
}
