package password_test

import (
	"context"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
)

// lost are passwords that others know.
type lost map[string]bool

func (l lost) Compromised(_ context.Context, email, password string) bool {
	return l[password] || password == email
}

func TestCompromisedPasswordsAreRefusedWhereverOneIsChosen(t *testing.T) {
	t.Parallel()
	const leaked = "everybody knows this"
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Compromised = lost{leaked: true, authflowtest.Password: true} })
	refusal := `{"message":"The password you entered has been compromised. Please choose a different password.","code":"PASSWORD_COMPROMISED"}`
	user := flow.User("Ada")
	signUp := func(email, password string) *authflowtest.Answer {
		return flow.Browser().Post("/sign-up/email", authflowtest.Body{"name": "Ada", "email": email, "password": password})
	}
	signUp("new@people.test", leaked).Says(400, refusal)
	signUp(user.Email, leaked).Says(400, refusal) // an address that is taken is not told apart
	signUp("new@people.test", "new@people.test").Says(400, refusal)
	signUp("new@people.test", "nobody knows this").Is(200)

	// The one that a user has may be compromised; it is the next one that must not be.
	browser := flow.Browser()
	browser.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
	change := func(to string) *authflowtest.Answer {
		return browser.Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": to})
	}
	change(leaked).Says(400, refusal)
	change(user.Email).Says(400, refusal)

	token := mailedToken(flow, user)
	reset := func(to string) *authflowtest.Answer {
		return flow.Browser().Post("/reset-password", authflowtest.Body{"token": token, "newPassword": to})
	}
	reset(leaked).Says(400, refusal)
	reset(user.Email).Says(400, refusal)
	reset("nobody knows this").Is(200) // the token was not used up
}
