package password_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

func signUp(email string, more ...authflowtest.Body) authflowtest.Body {
	body := authflowtest.Body{"name": "Ada", "email": email, "password": authflowtest.Password}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return body
}

func TestSigningUpIsAnsweredToTheLetter(t *testing.T) {
	t.Parallel()
	flow := start(t)
	answer := flow.Browser().Post("/sign-up/email", signUp("Ada@People.TEST")).Is(200).Sets()
	want := regexp.MustCompile(`^\{"token":null,"user":\{"name":"Ada","email":"ada@people\.test","emailVerified":false,"image":null,` +
		`"createdAt":"2026-03-01T12:30:15\.123Z","updatedAt":"2026-03-01T12:30:15\.123Z","id":"[A-Za-z0-9]{32}"\}\}$`)
	if !want.MatchString(answer.Body) {
		t.Errorf("body %s", answer.Body)
	}
	if got := answer.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}

	user, account, err := flow.Store.FindUserWithCredential(t.Context(), "ada@people.test")
	if err != nil || string(user.ID) != answer.Text("user.id") || user.EmailVerified || user.Image != nil {
		t.Errorf("%+v, %v", user, err)
	}
	if account == nil || account.ProviderID != "credential" || account.AccountID != string(user.ID) || !strings.HasPrefix(*account.Password, "$argon2id$") {
		t.Errorf("%+v", account)
	}
	if e := flow.LastEvent(authflow.EventSignUp); e.UserID != user.ID || e.Outcome != authflow.OutcomeSuccess || e.Account != "" {
		t.Errorf("%+v", e)
	}
	flow.Letter("verify-email", "ada@people.test")
}

func TestD58WhatTheClientMayNotSayIsDropped(t *testing.T) { // D58
	t.Parallel()
	flow := start(t)
	answer := flow.Browser().Post("/signup", signUp("ada@people.test", authflowtest.Body{
		"id": "mine", "emailVerified": true, "role": "admin", "createdAt": "1999-01-01", "userId": "x", "image": "", "__proto__": authflowtest.Body{"emailVerified": true},
	})).Is(200).Has("user.emailVerified", false).Has("user.image", "").Lacks("user.role")
	if answer.Text("user.id") == "mine" {
		t.Error("the client chose its id")
	}
}

// Neither status, headers, body, letters nor work tell whether an address has an account (D71).
func TestD71SigningUpDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	flow := start(t)
	verified, unverified := flow.User("Ada"), flow.Unverified("Grace")
	var shapes []string
	for _, email := range []string{"user0@people.test", verified.Email, strings.ToUpper(unverified.Email)} {
		before, letters := flow.Hashes(), len(flow.Letters())
		answer := flow.Browser().Post("/sign-up/email", signUp(email, authflowtest.Body{"image": "https://x.test/a.png"}))
		shapes = append(shapes, shape(answer, strings.ToLower(email)))
		if got := flow.Hashes() - before; got != 1 {
			t.Errorf("%s: %d hashes", email, got)
		}
		if got, want := len(flow.Letters())-letters, map[bool]int{true: 1}[email == "user0@people.test"]; got != want {
			t.Errorf("%s: %d letters, want %d", email, got, want)
		}
		flow.Browser().Post("/sign-up/email", signUp(email, authflowtest.Body{"password": "short"})).Fails(400, "PASSWORD_TOO_SHORT")
	}
	if shapes[0] != shapes[1] || shapes[0] != shapes[2] {
		t.Errorf("answers differ:\n%s", strings.Join(shapes, "\n"))
	}
	if e := flow.LastEvent(authflow.EventSignUp); e.Outcome != authflow.OutcomeFailure || e.Reason != "address_taken" || e.Account != unverified.Email || e.UserID != "" {
		t.Errorf("%+v", e)
	}
}

func TestPasswordLengthsAtTheirEdges(t *testing.T) {
	t.Parallel()
	flow := start(t)
	for password, code := range map[string]string{
		strings.Repeat("a", 7):        "PASSWORD_TOO_SHORT",
		strings.Repeat("a", 8):        "",
		"🔑🔑🔑":                         "PASSWORD_TOO_SHORT",
		"🔑🔑🔑🔑":                        "",
		strings.Repeat("é", 128):      "",
		strings.Repeat("a", 129):      "PASSWORD_TOO_LONG",
		strings.Repeat("🔑", 64):       "",
		strings.Repeat("🔑", 64) + "a": "PASSWORD_TOO_LONG",
		strings.Repeat("a", 200_000):  "PASSWORD_TOO_LONG",
		"nul\x00\x01\x7f\u2028inside": "",
	} {
		email := strings.ToLower(sessionstore.NewID()) + "@people.test"
		answer := flow.Browser().Post("/sign-up/email", signUp(email, authflowtest.Body{"password": password}))
		if code != "" {
			answer.Fails(400, code)
			continue
		}
		answer.Is(200)
		flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": email, "password": password}).Fails(403, "EMAIL_NOT_VERIFIED")
	}
}

func TestOfManySignUpsWithOneAddressOneSucceeds(t *testing.T) {
	t.Parallel()
	flow := start(t, open)
	statuses := race(t, 12, func() *authflowtest.Answer { return flow.Browser().Post("/sign-up/email", signUp("ada@people.test")) })
	if statuses[200] != 1 || statuses[422] != 11 {
		t.Errorf("statuses %v", statuses)
	}
}

func TestSigningUpWhereNothingMustBeProvedSignsIn(t *testing.T) {
	t.Parallel()
	flow := start(t, open)
	ada := flow.Browser()
	answer := ada.Post("/sign-up/email", signUp("ada@people.test")).Is(200).Sets("session_token")
	if answer.Text("token") != string(ada.Token()) || ada.Token() == "" {
		t.Errorf("token %q, cookie %q", answer.Text("token"), string(ada.Token()))
	}
	ada.Get("/get-session").Is(200).Has("user.email", "ada@people.test")
	if len(flow.Letters()) != 0 {
		t.Error("a letter was written")
	}
	flow.Browser().Post("/sign-up/email", signUp("ADA@people.test")).
		Says(422, `{"message":"User already exists. Use another email.","code":"USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"}`)

	grace := flow.Browser()
	grace.Post("/sign-up/email", signUp("grace@people.test", authflowtest.Body{"rememberMe": false})).Is(200).Sets("session_token", "dont_remember")
	flow.Clock.Advance(24 * time.Hour)
	grace.Get("/get-session").Says(200, "null")
}

func TestSigningUpMayBeRefused(t *testing.T) {
	t.Parallel()
	for name, adjust := range map[string]func(*authflowtest.Settings){
		"for all":       func(s *authflowtest.Settings) { s.Password.DisableSignUp = true },
		"with the room": func(s *authflowtest.Settings) { s.Password.Enabled = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := start(t, adjust)
			flow.Browser().Post("/sign-up/email", signUp("ada@people.test")).Fails(400, "EMAIL_PASSWORD_SIGN_UP_DISABLED")
		})
	}
}

func TestSigningUpWithoutSigningInHidesAccountsToo(t *testing.T) {
	t.Parallel()
	flow := start(t, open, func(s *authflowtest.Settings) { s.Password.AutoSignIn = false })
	ada := flow.User("Ada")
	flow.Browser().Post("/sign-up/email", signUp("new@people.test")).Is(200).Has("token", nil).Sets()
	flow.Browser().Post("/sign-up/email", signUp(ada.Email)).Is(200).Has("token", nil).Sets()
}

func TestAnAddressLongerThanMailCarriesIsRefused(t *testing.T) {
	t.Parallel()
	flow := start(t)
	domain := strings.Repeat(strings.Repeat("b", 60)+".", 3) + "example"
	flow.Browser().Post("/sign-up/email", signUp(strings.Repeat("a", 254-1-len(domain))+"@"+domain)).Is(200)
	flow.Browser().Post("/sign-up/email", signUp(strings.Repeat("a", 255-1-len(domain))+"@"+domain)).Invalid("[body.email] Invalid email address")
}
