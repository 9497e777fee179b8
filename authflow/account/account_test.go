package account_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

func exists(t *testing.T, flow *authflowtest.Flow, user sessionstore.User) bool {
	t.Helper()
	_, err := flow.Store.FindUser(t.Context(), user.ID)
	if err != nil && !errors.Is(err, sessionstore.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestAUserIsUpdated(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser, elsewhere := flow.SignedIn(user), flow.SignedIn(user)
	elsewhere.Get("/get-session").Has("user.name", "Ada")
	flow.Clock.Advance(time.Minute)
	browser.Post("/update-user", authflowtest.Body{"name": "Countess", "image": "https://x.test/a.png", "emailVerified": false, "id": "x", "role": "admin"}).
		Says(200, `{"status":true}`).Sets("session_token")
	elsewhere.Get("/get-session").Has("user.name", "Countess").Has("user.image", "https://x.test/a.png").
		Has("user.emailVerified", true).Has("user.id", string(user.ID)).Has("user.updatedAt", "2026-03-01T12:31:15.123Z").Lacks("user.role")
	browser.Post("/update-user", authflowtest.Body{"image": nil}).Is(200)
	elsewhere.Get("/get-session").Has("user.name", "Countess").Has("user.image", nil)
	browser.Post("/update-user", authflowtest.Body{"name": ""}).Is(200)
	elsewhere.Get("/get-session").Has("user.name", "")
	if e := flow.LastEvent(authflow.EventUserUpdated); e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
}

func TestUpdatesThatAreRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	browser := flow.SignedIn(flow.User("Ada"))
	update := func(body authflowtest.Body) *authflowtest.Answer { return browser.Post("/update-user", body) }
	update(authflowtest.Body{}).Says(400, `{"message":"No fields to update"}`)
	update(authflowtest.Body{"id": "x", "emailVerified": true}).Says(400, `{"message":"No fields to update"}`)
	update(authflowtest.Body{"email": nil}).Says(400, `{"message":"No fields to update"}`)
	update(authflowtest.Body{"email": ""}).Says(400, `{"message":"No fields to update"}`)
	for _, email := range []any{"countess@people.test", 1, true, []int{}, authflowtest.Body{}} {
		update(authflowtest.Body{"email": email, "name": "x"}).Fails(400, "EMAIL_CAN_NOT_BE_UPDATED")
	}
	// Differs from better-auth, which stores these as text, and answers null with 500.
	update(authflowtest.Body{"name": nil}).Invalid("[body.name] Invalid input: expected string, received null")
	update(authflowtest.Body{"name": 1}).Invalid("[body.name] Invalid input: expected string, received number")
	update(authflowtest.Body{"image": authflowtest.Body{}}).Invalid("[body.image] Invalid input: expected string, received object")
	update(authflowtest.Body{"name": "a\x00b"}).Invalid("[body.name] Invalid input")
	update(authflowtest.Body{"name": strings.Repeat("a", 1025)}).Invalid("[body.name] Too big: expected string to have <=1024 characters")
	flow.Browser().Post("/update-user", authflowtest.Body{"name": "x"}).Fails(401, "UNAUTHORIZED")
}

func TestAUserDeletedMeanwhileIsNotUpdated(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Get("/get-session").Is(200) // remembered from now on
	elsewhere, err := sessionstore.Open(t.Context(), flow.Database, sessionstore.Options{Now: flow.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	if err := elsewhere.DeleteUser(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	browser.Post("/update-user", authflowtest.Body{"name": "x"}).Fails(401, "UNAUTHORIZED")
	browser.Post("/change-password", authflowtest.Body{"currentPassword": "x", "newPassword": "a new password"}).Fails(400, "CREDENTIAL_ACCOUNT_NOT_FOUND")
	browser.Get("/list-accounts").Says(200, "[]")
	flow.Clock.Advance(30 * time.Second)
	browser.Get("/get-session").Says(200, "null").TakesSessionAway()
}

func TestAccountsAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	access, scope := "ya29.secret", "openid,email"
	now := flow.Core.Now()
	if err := flow.Store.CreateAccount(t.Context(), sessionstore.Account{
		ID: "acc1", UserID: user.ID, ProviderID: "google", AccountID: "123", AccessToken: &access, Scope: &scope, CreatedAt: now, UpdatedAt: now,
	}); err != nil {
		t.Fatal(err)
	}
	answer := flow.SignedIn(user).Get("/list-accounts").Is(200)
	var accounts []map[string]any
	answer.Decode(&accounts)
	if len(accounts) != 2 || strings.Contains(answer.Body, "argon2id") || strings.Contains(answer.Body, access) {
		t.Fatalf("%s", answer.Body)
	}
	for _, a := range accounts {
		if len(a) != 7 || a["userId"] != string(user.ID) || a["createdAt"] != "2026-03-01T12:30:15.123Z" {
			t.Errorf("%v", a)
		}
		scopes, ok := a["scopes"].([]any)
		if want := map[any]int{"google": 2, "credential": 0}[a["providerId"]]; !ok || len(scopes) != want {
			t.Errorf("scopes %v of %v", a["scopes"], a["providerId"])
		}
	}
	flow.Browser().Get("/list-accounts").Fails(401, "UNAUTHORIZED")
}

// deletionLink asks for deletion and returns the mailed link.
func deletionLink(flow *authflowtest.Flow, browser *authflowtest.Browser, user sessionstore.User) string {
	browser.Post("/delete-user", authflowtest.Body{"callbackURL": "/bye"}).Says(200, `{"success":true,"message":"Verification email sent"}`).Sets()
	return flow.Letter("delete-user", user.Email).Link()
}

func TestD56AUserIsDeletedByTheMailedLink(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser, elsewhere := flow.SignedIn(user), flow.SignedIn(user)
	link := deletionLink(flow, browser, user)
	want := regexp.MustCompile(`^` + regexp.QuoteMeta(flow.Core.APIURL) + `/delete-user/callback\?token=[a-z0-9]{32}&callbackURL=%2Fbye$`)
	if !want.MatchString(link) {
		t.Errorf("link %q", link)
	}
	if !exists(t, flow, user) {
		t.Fatal("asking was enough")
	}
	browser.Open(link).RedirectsTo("/bye").TakesSessionAway()
	if exists(t, flow, user) {
		t.Error("the user is still there")
	}
	elsewhere.Get("/get-session").Says(200, "null").TakesSessionAway() // D56
	if accounts, err := flow.Store.ListAccounts(t.Context(), user.ID); err != nil || len(accounts) != 0 {
		t.Errorf("%v, %v", accounts, err)
	}
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(401)
	if e := flow.LastEvent(authflow.EventUserDeleted); e.UserID != user.ID || e.Account != "" {
		t.Errorf("%+v", e)
	}
}

func TestDeletionWithoutCallbackAnswersInJSON(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Post("/delete-user", authflowtest.Body{}).Is(200)
	link, _, _ := strings.Cut(flow.Letter("delete-user", user.Email).Link(), "&callbackURL=%2F")
	browser.Open(link).Says(200, `{"success":true,"message":"User deleted"}`).TakesSessionAway()
}

func TestAStrangersAttemptUsesTheTokenUp(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	link := deletionLink(flow, browser, user)
	flow.Browser().Open(link).Says(404, `{"message":"Failed to get user info","code":"FAILED_TO_GET_USER_INFO"}`) // without a session it is not looked at
	flow.SignedIn(flow.User("Grace")).Open(link).Says(404, `{"message":"Invalid token","code":"INVALID_TOKEN"}`)
	browser.Open(link).Fails(404, "INVALID_TOKEN")
	if !exists(t, flow, user) {
		t.Error("the user is gone")
	}
}

func TestDeletionLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	callback := func(query string) *authflowtest.Answer { return browser.Get("/delete-user/callback?" + query) }
	callback("token=wrong").Fails(404, "INVALID_TOKEN")
	callback("token=").Fails(404, "INVALID_TOKEN")
	callback("").Invalid("[query.token] Invalid input: expected string, received undefined")
	callback("token=a&token=b").Invalid("[query.token] Invalid input: expected string, received array")
	callback("token=wrong&callbackURL=/bye").Fails(404, "INVALID_TOKEN")
	callback("token=wrong&callbackURL="+url.QueryEscape("https://evil.test")).Fails(403, "INVALID_CALLBACK_URL")
	browser.Post("/delete-user", authflowtest.Body{"callbackURL": "//evil.test"}).Fails(403, "INVALID_CALLBACK_URL")

	link := deletionLink(flow, browser, user)
	flow.Clock.Advance(24 * time.Hour)
	browser.Open(link).Fails(404, "INVALID_TOKEN")
	if !exists(t, flow, user) {
		t.Error("the user is gone")
	}
}

func TestDeletionAsksForTheRightPasswordWhenOneIsGiven(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Post("/delete-user", authflowtest.Body{"password": "wrong"}).Fails(400, "INVALID_PASSWORD")
	browser.Post("/delete-user", authflowtest.Body{"password": strings.Repeat("a", 129)}).Fails(400, "PASSWORD_TOO_LONG")
	browser.Post("/delete-user", authflowtest.Body{"password": authflowtest.Password}).Has("message", "Verification email sent") // and changes nothing
	browser.Post("/delete-user", authflowtest.Body{"password": "", "token": ""}).Has("message", "Verification email sent")
	flow.SignedIn(flow.WithoutPassword("Linus")).Post("/delete-user", authflowtest.Body{"password": "x"}).Fails(400, "CREDENTIAL_ACCOUNT_NOT_FOUND")
	browser.Post("/delete-user", nil).Invalid("[body] Invalid input: expected object, received undefined")
	flow.Browser().Post("/delete-user", authflowtest.Body{}).Fails(401, "UNAUTHORIZED")
	if !exists(t, flow, user) {
		t.Error("the user is gone")
	}
}

func TestTheTokenMayBePosted(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	link, err := url.Parse(deletionLink(flow, browser, user))
	if err != nil {
		t.Fatal(err)
	}
	browser.Post("/delete-user", authflowtest.Body{"token": "wrong"}).Fails(404, "INVALID_TOKEN")
	browser.Post("/delete-user", authflowtest.Body{"token": link.Query().Get("token")}).Says(200, `{"success":true,"message":"User deleted"}`).TakesSessionAway()
	if exists(t, flow, user) {
		t.Error("the user is still there")
	}
}

func TestDeletionWithoutLetters(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.DeleteUser.Verification = false })
	fresh := flow.User("Ada")
	flow.SignedIn(fresh).Post("/delete-user", authflowtest.Body{}).Has("message", "User deleted").TakesSessionAway()

	user := flow.User("Grace")
	browser := flow.SignedIn(user)
	flow.Clock.Advance(24 * time.Hour) // the sign-in is not fresh any more
	browser.Post("/delete-user", authflowtest.Body{}).Fails(400, "SESSION_EXPIRED")
	browser.Post("/delete-user", authflowtest.Body{"password": "wrong"}).Fails(400, "INVALID_PASSWORD")
	browser.Post("/delete-user", authflowtest.Body{"password": authflowtest.Password}).Has("message", "User deleted").TakesSessionAway()
	if exists(t, flow, fresh) || exists(t, flow, user) || len(flow.Letters()) != 0 {
		t.Error("a user is still there, or a letter was written")
	}
}

func TestDeletingTwiceAtOnceIsNoFault(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.DeleteUser.Verification = false })
	user := flow.User("Ada")
	var browsers []*authflowtest.Browser
	for range 8 {
		browser := flow.SignedIn(user)
		browser.Get("/get-session").Is(200) // remembered from now on
		browsers = append(browsers, browser)
	}
	answers := make(chan *authflowtest.Answer)
	for _, browser := range browsers {
		go func() { answers <- browser.Post("/delete-user", authflowtest.Body{}) }()
	}
	for range 8 {
		if a := <-answers; a.Status != 200 && a.Status != 401 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
}

func TestDeletionIsNotThereUnlessSwitchedOn(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.DeleteUser.Enabled = false })
	user := flow.User("Ada")
	flow.SignedIn(user).Post("/delete-user", authflowtest.Body{}).Says(404, "")
	flow.Browser().Post("/delete-user", authflowtest.Body{}).Fails(401, "UNAUTHORIZED")
	flow.SignedIn(user).Get("/delete-user/callback?token=x").Says(404, `{"message":"Not found","code":"NOT_FOUND"}`)
	if !exists(t, flow, user) {
		t.Error("the user is gone")
	}
}
