package password_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

const newPassword = "another good password"

// mailedToken asks for a reset and returns the token of the letter.
func mailedToken(flow *authflowtest.Flow, user sessionstore.User) string {
	flow.Browser().Post("/request-password-reset", authflowtest.Body{"email": user.Email, "redirectTo": "/reset"}).Is(200)
	return tokenOf(flow.Letter("reset-password", user.Email).Link())
}

func tokenOf(link string) string {
	return regexp.MustCompile(`/reset-password/([A-Za-z0-9]*)`).FindStringSubmatch(link)[1]
}

func TestAPasswordIsReset(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.Unverified("Ada")
	session := flow.Session(user)
	const answer = `{"status":true,"message":"If this email exists in our system, check your email for the reset link"}`
	flow.Browser().Post("/request-password-reset", authflowtest.Body{"email": strings.ToUpper(user.Email), "redirectTo": "/reset?a=b c"}).Says(200, answer)
	link := flow.Letter("reset-password", user.Email).Link()
	want := regexp.MustCompile(`^` + regexp.QuoteMeta(flow.Core.APIURL) + `/reset-password/[A-Za-z0-9]{24}\?callbackURL=%2Freset%3Fa%3Db%20c$`)
	if !want.MatchString(link) {
		t.Errorf("link %q", link)
	}
	token := tokenOf(link)
	for range 2 { // opening uses nothing up
		flow.Browser().Open(link).RedirectsTo(flow.BaseURL + "/reset?a=b+c&token=" + token)
	}
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": "short", "token": token}).Fails(400, "PASSWORD_TOO_SHORT")
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": strings.Repeat("a", 129), "token": token}).Fails(400, "PASSWORD_TOO_LONG")
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": token}).Says(200, `{"status":true}`).Sets()

	if flow.Alive(session) {
		t.Error("a session outlived the reset")
	}
	flow.Browser().Open(link).RedirectsTo(flow.BaseURL + "/reset?a=b+c&error=INVALID_TOKEN")
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": token}).Says(400, `{"message":"Invalid token","code":"INVALID_TOKEN"}`)
	flow.Browser().Post("/sign-in/email", signIn(user)).Is(401)
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": newPassword})).Fails(403, "EMAIL_NOT_VERIFIED") // a reset proves no address
	for _, name := range []authflow.EventName{authflow.EventPasswordResetRequested, authflow.EventSessionsRevoked} {
		if e := flow.LastEvent(name); e.UserID != user.ID || e.Outcome != authflow.OutcomeSuccess {
			t.Errorf("%+v", e)
		}
	}
	if e := flow.LastEvent(authflow.EventPasswordReset); e.Reason != "invalid_token" || e.Outcome != authflow.OutcomeFailure {
		t.Errorf("%+v", e)
	}
}

// Neither status, headers, body nor the step on which the answer comes tell whether an address has an account (D71).
func TestD71AskingForAResetDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	flow := start(t)
	var shapes []string
	for _, email := range []string{flow.User("Ada").Email, "nobody@people.test", flow.WithoutPassword("Linus").Email} {
		shapes = append(shapes, shape(flow.Browser().Post("/forgot-password", authflowtest.Body{"email": email})))
	}
	if shapes[0] != shapes[1] || shapes[0] != shapes[2] {
		t.Errorf("answers differ:\n%s", strings.Join(shapes, "\n"))
	}
	if got := flow.Hashes(); got != 0 {
		t.Errorf("%d hashes", got)
	}
	if got := len(flow.Letters()); got != 2 {
		t.Errorf("%d letters", got)
	}
}

// D30, D31: no header of a request gets into a letter.
func TestD30D31ResetLinksAreOfThePublicOrigin(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.BaseURL = "https://app.example.test" })
	user := flow.User("Ada")
	forged := http.Header{
		"X-Forwarded-Host": {"evil.test"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Prefix": {"/evil"}, "X-Forwarded-Port": {"666"},
		"Forwarded": {"host=evil.test;proto=http"}, "X-Original-Host": {"evil.test"},
	}
	flow.Browser().Send(authflowtest.Request{
		Method: http.MethodPost, Path: "/request-password-reset", ContentType: "application/json", Body: `{"email":"` + user.Email + `"}`, Header: forged,
	}).Is(200)
	letter := flow.Letter("reset-password", user.Email)
	if !strings.HasPrefix(letter.Link(), "https://app.example.test/api/auth/reset-password/") || strings.Contains(letter.Text, "evil") {
		t.Errorf("letter %q", letter.Text)
	}
	if !strings.HasSuffix(letter.Link(), "?callbackURL=") {
		t.Errorf("without redirectTo the link is %q", letter.Link())
	}
	flow.Browser().Open(letter.Link()).RedirectsTo("https://app.example.test/api/auth/error?error=INVALID_TOKEN")
}

func TestResetTokensThatDoNotWork(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	token := mailedToken(flow, user)
	reset := func(body authflowtest.Body) *authflowtest.Answer { return flow.Browser().Post("/reset-password", body) }
	reset(authflowtest.Body{"newPassword": "short"}).Fails(400, "INVALID_TOKEN")              // the missing token comes first,
	reset(authflowtest.Body{"newPassword": "short", "token": ""}).Fails(400, "INVALID_TOKEN") // so does an empty one,
	reset(authflowtest.Body{"newPassword": "short", "token": "x"}).Fails(400, "PASSWORD_TOO_SHORT")
	for _, wrong := range []string{"x", token[1:], token + "x", strings.ToLower(token), strings.ToUpper(token), " " + token, "reset-password:" + token, "%" + token, token + "\n"} {
		reset(authflowtest.Body{"newPassword": newPassword, "token": wrong}).Fails(400, "INVALID_TOKEN")
	}
	for path, target := range map[string]string{
		"/reset-password/x?callbackURL=/reset":                                    flow.BaseURL + "/reset?error=INVALID_TOKEN",
		"/reset-password/%00?callbackURL=/reset":                                  flow.BaseURL + "/reset?error=INVALID_TOKEN",
		"/reset-password/%ff?callbackURL=/reset":                                  flow.BaseURL + "/reset?error=INVALID_TOKEN",
		"/reset-password/a%2Fb?callbackURL=/reset":                                flow.BaseURL + "/reset?error=INVALID_TOKEN",
		"/reset-password/" + strings.Repeat("a", 9000) + "?callbackURL=/reset":    flow.BaseURL + "/reset?error=INVALID_TOKEN",
		"/reset-password/x?callbackURL=" + url.QueryEscape(flow.BaseURL+"/a?b#c"): flow.BaseURL + "/a?b=&error=INVALID_TOKEN#c",
		"/reset-password/x?callbackURL=":                                          flow.BaseURL + "/api/auth/error?error=INVALID_TOKEN",
	} {
		flow.Browser().Get(path).RedirectsTo(target)
	}
	flow.Browser().Get("/reset-password/x").Invalid("[query.callbackURL] Invalid input: expected string, received undefined")
	flow.Browser().Get("/reset-password/x?callbackURL=/a&callbackURL=/b").Invalid("[query.callbackURL] Invalid input: expected string, received array")
	flow.Browser().Get("/reset-password/"+token+"?callbackURL=//evil.test").Fails(403, "INVALID_CALLBACK_URL")
	flow.Browser().Post("/request-password-reset", authflowtest.Body{"email": user.Email, "redirectTo": "https://evil.test"}).Fails(403, "INVALID_REDIRECT_URL")

	flow.Clock.Advance(time.Hour - time.Millisecond)
	flow.Browser().Get("/reset-password/" + token + "?callbackURL=/reset").RedirectsTo(flow.BaseURL + "/reset?token=" + token)
	flow.Clock.Advance(time.Millisecond)
	reset(authflowtest.Body{"newPassword": newPassword, "token": token}).Fails(400, "INVALID_TOKEN")
	flow.Browser().Get("/reset-password/" + token + "?callbackURL=/reset").RedirectsTo(flow.BaseURL + "/reset?error=INVALID_TOKEN")
	flow.Browser().Post("/sign-in/email", signIn(user)).Is(200) // nothing has happened to the password
}

func TestTheTokenMayStandInTheQuery(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	token := mailedToken(flow, user)
	flow.Browser().Post("/reset-password?token="+token, authflowtest.Body{"newPassword": newPassword, "token": "wrong"}).Fails(400, "INVALID_TOKEN")
	flow.Browser().Post("/reset-password?token="+token, authflowtest.Body{"newPassword": newPassword}).Is(200)
}

func TestOlderResetLinksStayGood(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	first, second := mailedToken(flow, user), mailedToken(flow, user)
	for _, token := range []string{second, first} {
		flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": token}).Is(200)
	}
}

// D59.
func TestD59Of50ResetsWithOneTokenOneSucceeds(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	token := mailedToken(flow, user)
	statuses := race(t, 50, func() *authflowtest.Answer {
		return flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": token})
	})
	if statuses[200] != 1 || statuses[400] != 49 {
		t.Errorf("statuses %v", statuses)
	}
}

func TestAResetGivesAPasswordToWhoHasNone(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.WithoutPassword("Linus")
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": mailedToken(flow, user)}).Is(200)
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": newPassword})).Is(200)
	account, err := flow.Store.FindCredential(t.Context(), user.ID)
	if err != nil || account.ProviderID != sessionstore.CredentialProvider || account.AccountID != string(user.ID) {
		t.Errorf("%+v, %v", account, err)
	}
}

func TestSessionsMaySurviveAReset(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.Password.RevokeSessionsOnPasswordReset = false })
	user := flow.User("Ada")
	session := flow.Session(user)
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": mailedToken(flow, user)}).Is(200)
	if !flow.Alive(session) {
		t.Error("the session has ended")
	}
}

func TestAResetForSomeoneWhoIsGoneIsAnInvalidToken(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	token := mailedToken(flow, user)
	if err := flow.Store.DeleteUser(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": token}).Fails(400, "INVALID_TOKEN")
}

func TestTheOwnerHearsThatThePasswordHasChanged(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.Notify = true })
	user := flow.User("Ada")
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": mailedToken(flow, user)}).Is(200)
	flow.SignedIn(user).Post("/change-password", authflowtest.Body{"currentPassword": newPassword, "newPassword": authflowtest.Password}).Is(200)
	if got := flow.LettersTo("password-changed", user.Email); got != 2 {
		t.Errorf("%d letters", got)
	}
}
