package wire

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// routes: below /public anybody may ask, below /admin nobody of those who appear here.
const routes = `[
  {path: /public/**, auth: public},
  {path: /optional/**, auth: optional},
  {path: /admin/**, roles: [admin]},
  {path: /small/**, auth: public, max_body: 1000},
]`

// stack is Postern, with HTTP/1.1 and h2c at one address, in front of a recorder.
type stack struct {
	*harness.Postern
	app     *recorder
	address string
	cookie  string // of somebody who is signed in: name=value
	id      string // theirs
}

func newStack(t *testing.T, settings map[string]string) *stack {
	t.Helper()
	s := &stack{app: startRecorder(t)}
	s.Postern = harness.StartPostern(t, harness.Settings(harness.SQLite(t).Settings(), map[string]string{
		"upstream.url": "http://" + s.app.address, "routes": routes, "server.h2c": "true",
		"auth.email_password.require_email_verification": "false", "mail.notifications": "false", "log.level": "error",
	}, settings))
	s.address = strings.TrimPrefix(s.URL, "http://")
	ada := harness.NewClient(s.URL)
	var made struct{ User struct{ ID string } }
	ada.Post(t, "/api/auth/sign-up/email", map[string]any{"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}).
		Want(t, http.StatusOK).JSON(t, &made)
	s.id, s.cookie = made.User.ID, harness.SessionCookie+"="+ada.Cookie(harness.SessionCookie)
	return s
}

// patience is how long a test waits for what should come at once. It is there to end a test that would never end.
const patience = time.Minute
