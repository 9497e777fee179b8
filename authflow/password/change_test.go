package password_test

import (
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/password"
)

func change(more ...authflowtest.Body) authflowtest.Body {
	body := authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": newPassword}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return body
}

func TestAPasswordIsChanged(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	here, elsewhere := flow.SignedIn(user), flow.SignedIn(user)
	here.Post("/change-password", change()).Is(200).Has("token", nil).Has("user.id", string(user.ID)).Sets()
	elsewhere.Get("/get-session").Is(200).Has("user.id", string(user.ID)).Has("user.updatedAt", "2026-03-01T12:30:15.123Z")
	flow.Browser().Post("/sign-in/email", signIn(user)).Is(401)
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": newPassword})).Is(200)
	if e := flow.LastEvent(authflow.EventPasswordChanged); e.UserID != user.ID || e.Outcome != authflow.OutcomeSuccess {
		t.Errorf("%+v", e)
	}
}

// D54: the token changes with the password, and the old one is dead everywhere.
func TestD54AChangeMayEndAllSessionsAndBeginOne(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	here, elsewhere := flow.SignedIn(user), flow.SignedIn(user)
	former := string(here.Token())
	answer := here.Post("/change-password", change(authflowtest.Body{"revokeOtherSessions": true})).Is(200).Sets("session_token")
	if now := string(here.Token()); now == former || answer.Text("token") != now {
		t.Errorf("token %q, cookie %q, before %q", answer.Text("token"), now, former)
	}
	here.Get("/get-session").Is(200).Has("user.id", string(user.ID)).Has("session.expiresAt", "2026-03-08T12:30:15.123Z")
	elsewhere.Get("/get-session").Says(200, "null").TakesSessionAway()
	flow.Browser().With("Authorization", "Bearer "+former).Get("/get-session").Says(200, "null")
	if e := flow.LastEvent(authflow.EventSessionsRevoked); e.Reason != "password_changed" {
		t.Errorf("%+v", e)
	}
}

func TestAChangeKeepsToTheBrowsersChoiceNotToBeRemembered(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	browser := flow.Browser()
	browser.Post("/sign-in/email", signIn(user, authflowtest.Body{"rememberMe": false})).Is(200)
	answer := browser.Post("/change-password", change(authflowtest.Body{"revokeOtherSessions": true})).Is(200).Sets("session_token", "dont_remember")
	if strings.Contains(strings.Join(answer.Header["Set-Cookie"], ""), "Max-Age") {
		t.Errorf("cookies %q", answer.Header["Set-Cookie"])
	}
	browser.Get("/get-session").Is(200).Has("session.expiresAt", "2026-03-08T12:30:15.123Z") // the row lives seven days all the same
}

func TestChangesThatAreRefused(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	browser := flow.Holding(session)
	browser.Post("/change-password", change(authflowtest.Body{"currentPassword": "wrong"})).Says(400, `{"message":"Invalid password","code":"INVALID_PASSWORD"}`)
	if e := flow.LastEvent(authflow.EventPasswordChanged); e.Outcome != authflow.OutcomeFailure || e.Reason != "wrong_password" {
		t.Errorf("%+v", e)
	}
	browser.Post("/change-password", change(authflowtest.Body{"newPassword": ""})).Fails(400, "PASSWORD_TOO_SHORT")
	browser.Post("/change-password", change(authflowtest.Body{"newPassword": strings.Repeat("a", 129)})).Fails(400, "PASSWORD_TOO_LONG")
	browser.Post("/change-password", change(authflowtest.Body{"currentPassword": strings.Repeat("a", 129)})).Fails(400, "PASSWORD_TOO_LONG")
	browser.Post("/change-password", authflowtest.Body{}).
		Invalid("[body.newPassword] Invalid input: expected string, received undefined; [body.currentPassword] Invalid input: expected string, received undefined")
	flow.Browser().Post("/change-password", change()).Fails(401, "UNAUTHORIZED")
	flow.SignedIn(flow.WithoutPassword("Linus")).Post("/change-password", change()).Fails(400, "CREDENTIAL_ACCOUNT_NOT_FOUND")
	browser.Post("/verify-password", authflowtest.Body{"password": authflowtest.Password}).Is(200)
	if !flow.Alive(session) {
		t.Error("a refused change ended the session")
	}
}

func TestAPasswordIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	verify := func(password string) *authflowtest.Answer {
		return browser.Post("/verify-password", authflowtest.Body{"password": password})
	}
	verify(authflowtest.Password).Says(200, `{"status":true}`)
	if e := flow.LastEvent(authflow.EventPasswordVerified); e.Outcome != authflow.OutcomeSuccess || e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
	verify("wrong").Fails(400, "INVALID_PASSWORD")
	if e := flow.LastEvent(authflow.EventPasswordVerified); e.Outcome != authflow.OutcomeFailure || e.Reason != "wrong_password" {
		t.Errorf("%+v", e)
	}
	verify(strings.Repeat("a", 129)).Fails(400, "PASSWORD_TOO_LONG")
	flow.SignedIn(flow.WithoutPassword("Linus")).Post("/verify-password", authflowtest.Body{"password": "x"}).Fails(400, "INVALID_PASSWORD")
	flow.Browser().Post("/verify-password", authflowtest.Body{"password": "x"}).Fails(401, "UNAUTHORIZED")
}

// D54: a reset shuts out whoever knows the former password, also with a change that was under way.
func TestD54AChangeDoesNotUndoAReset(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	password.Cheapen(flow.Password, func() {
		if _, err := flow.Store.SetPassword(t.Context(), user.ID, password.CheapHash("set by the reset")); err != nil {
			t.Error(err)
		}
	})
	browser.Post("/change-password", change(authflowtest.Body{"revokeOtherSessions": true})).Fails(400, "INVALID_PASSWORD").Sets()
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": newPassword})).Is(401)
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": "set by the reset"})).Is(200)
}
