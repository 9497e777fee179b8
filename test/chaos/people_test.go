package chaos

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// person is a human with one browser.
type person struct {
	*harness.Client
	email, password string
}

func newcomer(base string) *person {
	id := strings.ToLower(rand.Text()[:12])
	return &person{Client: harness.NewClient(base), email: id + "@example.test", password: "password of " + id}
}

func (p *person) registration() map[string]any {
	return map[string]any{"name": "Someone", "email": p.email, "password": p.password}
}

func (p *person) credentials() map[string]any {
	return map[string]any{"email": p.email, "password": p.password}
}

// user is somebody who has signed up and followed the mailed link, and so is signed in.
func user(t *testing.T, base string, mail *harness.Resend) *person {
	t.Helper()
	p := newcomer(base)
	p.Post(t, "/api/auth/sign-up/email", p.registration()).Want(t, http.StatusOK)
	p.Get(t, mail.Take(t, p.email, "Confirm your e-mail address").Link()).Want(t, http.StatusFound)
	return p
}

// elsewhere is the same person in a browser without cookies.
func (p *person) elsewhere() *person {
	return &person{Client: harness.NewClient(p.Base), email: p.email, password: p.password}
}

// startMirror stands behind Postern and answers everybody with the address it was told.
func startMirror(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("you are " + r.Header.Get("X-Postern-User-Email"))) // a client that left needs no answer
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// greeted tells whether the mirror knew the person.
func (p *person) greeted(r *harness.Response) bool {
	return r.Status == http.StatusOK && string(r.Body) == "you are "+p.email
}

const routes = `[{path: /public/**, auth: public}, {path: /optional/**, auth: optional}]`

func settings(db *harness.Database, mail *harness.Resend, upstream string) map[string]string {
	return harness.Settings(db.Settings(), mail.Settings(), map[string]string{"upstream.url": upstream, "routes": routes})
}
