package authflowtest_test

import (
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
)

// The example of the package comment, from an empty database to signing out.
func TestAUserGoesThroughTheWholeProtocol(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := flow.Browser()

	ada.Post("/sign-up/email", authflowtest.Body{"name": "Ada", "email": "Ada@People.test", "password": authflowtest.Password, "callbackURL": "/welcome"}).
		Is(200).Has("token", nil).Has("user.email", "ada@people.test").Sets()
	ada.Get("/get-session").Says(200, "null")
	ada.Open(flow.Letter("verify-email", "ada@people.test").Link()).RedirectsTo("/welcome").Sets("session_token")
	ada.Get("/get-session").Is(200).Has("user.emailVerified", true).Has("session.token", string(ada.Token()))
	ada.Post("/sign-out", nil).Says(200, `{"success":true}`).TakesSessionAway()
	ada.Get("/get-session").Says(200, "null").Sets()
	ada.Post("/sign-in/email", authflowtest.Body{"email": "ada@people.test", "password": authflowtest.Password}).
		Is(200).Has("user.name", "Ada").Has("redirect", false).Lacks("url").Sets("session_token")

	if got := flow.Hashes(); got != 2 {
		t.Errorf("%d hashes, want one for the sign-up and one for the sign-in", got)
	}
	if got := flow.LastEvent(authflow.EventSignIn).Reason; got != "password" {
		t.Errorf("last sign-in is by %q", got)
	}
}

func TestAUserMadeByTheTestSignsIn(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	flow.SignedIn(user).Get("/get-session").Is(200).Has("user.id", string(user.ID))
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": "another password"}).Fails(401, "INVALID_EMAIL_OR_PASSWORD")
}
