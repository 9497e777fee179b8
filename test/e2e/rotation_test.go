package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestRotatingTheSecretSignsNobodyOut has the next server sign with another secret on the same database. Whatever the former one
// signed, sealed or mailed goes on being good there, and is good for nothing where the former secret is not named.
func TestRotatingTheSecretSignsNobodyOut(t *testing.T) {
	t.Parallel()
	const next = "the secret that comes after, of many characters"
	before := newStackBefore(t, harness.PostgreSQL(t), startMirror(t).URL, nil)
	app := startMirror(t)
	after := func(settings map[string]string) *stack {
		s := &stack{db: before.db, mail: before.mail, secrets: map[string]string{}}
		s.Postern = harness.StartPostern(t, harness.Settings(s.db.Settings(), s.mail.Settings(), map[string]string{
			"upstream.url": app.URL, "routes": routes, "auth.secret": next, "server.public_url": before.URL,
		}, settings))
		return s
	}
	ada, unproved, forgetful := before.user(t), before.visitor(), before.user(t)
	unproved.signUp(t)
	forgetful.Post(t, "/api/auth/request-password-reset", map[string]any{"email": forgetful.email, "redirectTo": "/reset"}).Want(t, http.StatusOK)
	var former, latter struct{ Token string }
	ada.Get(t, "/api/auth/token").Want(t, http.StatusOK).JSON(t, &former)

	rotated := after(map[string]string{"auth.previous_secrets": harness.Secret})
	cookie, bearer := *ada, ada.elsewhere()
	cookie.Client, bearer.Client = ada.At(rotated.URL), bearer.At(rotated.URL)
	cookie.isIn(t)
	bearer.isIn(t, harness.Bearer(ada.signed(t)))
	bearer.isIn(t, harness.Bearer(ada.token(t)))

	// The private key of the JWTs was sealed under the former secret.
	cookie.Get(t, "/api/auth/token").Want(t, http.StatusOK).JSON(t, &latter)
	header, _, _ := strings.Cut(former.Token, ".")
	if again, _, _ := strings.Cut(latter.Token, "."); again != header {
		t.Errorf("tokens are signed with another key: %s, formerly %s", again, header)
	}

	toRotated := func(link string) string { return strings.Replace(link, before.URL, rotated.URL, 1) }
	newcomer := *unproved
	newcomer.Client = unproved.At(rotated.URL)
	newcomer.Get(t, toRotated(unproved.link(t, unproved.email, "Confirm your e-mail address"))).Want(t, http.StatusFound)
	if newcomer.Cookie(harness.SessionCookie) == "" {
		t.Error("the link of a letter from before signs nobody in")
	}
	reset := forgetful.elsewhere()
	reset.Client = reset.At(rotated.URL)
	location := reset.Get(t, toRotated(forgetful.link(t, forgetful.email, "Reset your password"))).Want(t, http.StatusFound).Header.Get("Location")
	if !strings.Contains(location, "/reset?token=") {
		t.Errorf("the reset link of a letter from before leads to %s", location)
	}

	// A sign-in at the new server is signed with the new secret, and those at the old one are not for a server that does not know it.
	fresh := ada.elsewhere()
	fresh.Client = fresh.At(rotated.URL)
	fresh.signIn(t)
	strict := after(nil)
	fresh.Client = fresh.At(strict.URL)
	fresh.isIn(t)
	cookie.Client = ada.At(strict.URL)
	cookie.isOut(t)
}
