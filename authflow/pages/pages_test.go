package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/pages"
	"github.com/posternhq/postern/authflow/social"
)

const password = authflowtest.Password

func start(t *testing.T, adjust ...func(*authflowtest.Settings)) *authflowtest.Flow {
	t.Helper()
	return authflowtest.Start(t, append([]func(*authflowtest.Settings){enable}, adjust...)...)
}

func enable(s *authflowtest.Settings) {
	s.Pages = pages.Config{Enabled: true, Name: "Acme"}
	s.Auth.TrustedOrigins = []string{"https://app.example.com", "myapp://"}
	s.Social = social.Config{"github": {Enabled: true, ClientID: "id", ClientSecret: "secret"}}
}

func TestSomebodySignsUpByFormsAlone(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.Browser()
	form := ada.Page("/auth/sign-up?return_to=/tasks?a=b%26c").Shows(200, "Create an account", `minlength="8"`, "At least 8 characters", "Continue with GitHub")
	ada.Submit(form, "/auth/sign-up", "name", "Ada", "email", "Ada@People.test", "password", password).
		Leads("/auth/check-mail?return_to=%2Ftasks%3Fa%3Db%26c")
	sent := ada.Page("/auth/check-mail?return_to=/tasks?a=b%26c").Shows(200, "Check your mail", "<bdi><strong>Ada@People.test</strong></bdi>")
	ada.Submit(sent, "/auth/check-mail", "email", "ada@people.test").Leads("/auth/check-mail?return_to=%2Ftasks%3Fa%3Db%26c")
	ada.Page("/auth/check-mail").Shows(200, "Another letter is on its way.")
	if again := ada.Page("/auth/check-mail"); strings.Contains(again.Body, "Another letter") {
		t.Error("a notice is shown twice")
	}

	signIn := ada.Page("/auth/sign-in")
	ada.Submit(signIn, "/auth/sign-in", "email", "ada@people.test", "password", password).Leads("/auth/check-mail")

	link := flow.Letter("verify-email", "ada@people.test").Link()
	ada.Open(link).RedirectsTo("/auth/verify").Sets("session_token")
	ada.Page("/auth/verify").Shows(200, "Address confirmed", "ada@people.test", `href="/auth/account"`)
	ada.Page("/auth/account").Shows(200, "Your account", "<bdi><strong>Ada</strong></bdi>", "this device", "Address confirmed", "Signed in")
}

func TestALinkLeadsToThePageAlsoWhenAnAPIClientAskedForIt(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.Browser()
	ada.Post("/sign-up/email", authflowtest.Body{"name": "Ada", "email": "ada@people.test", "password": password}).Is(200)
	ada.Open(flow.Letter("verify-email", "ada@people.test").Link()).RedirectsTo("/auth/verify")
	ada.Post("/request-password-reset", authflowtest.Body{"email": "ada@people.test"}).Is(200)
	reset := ada.Open(flow.Letter("reset-password", "ada@people.test").Link()).Is(302).Header.Get("Location")
	if !strings.HasPrefix(reset, flow.BaseURL+"/auth/reset?token=") {
		t.Errorf("the reset link leads to %s", reset)
	}
	ada.Get("/error?error=state_mismatch").RedirectsTo("/auth/error?error=state_mismatch")
	ada.Page("/auth/error?error=state_mismatch").Shows(400, "That took too long")
}

func TestSigningInReturnsToWhereTheBrowserWasGoing(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	for target, want := range map[string]string{
		"":                            "/auth/account",
		"/tasks?a=b&c=d#top":          "/tasks?a=b&c=d#top",
		"/auth/account":               "/auth/account",
		"https://app.example.com/x?y": "https://app.example.com/x?y",
		// Nobody was going to these, D33 D34 D36.
		"https://evil.example":                          "/auth/account",
		"//evil.example":                                "/auth/account",
		`/\evil.example`:                                "/auth/account",
		"/\t/evil.example":                              "/auth/account",
		"https://app.example.com@evil.example":          "/auth/account",
		"https://app.example.com.evil.example":          "/auth/account",
		"javascript:alert(1)":                           "/auth/account",
		"myapp://callback":                              "/auth/account",
		"/auth/sign-in":                                 "/auth/account",
		"/auth/sign-in?return_to=/auth/sign-in":         "/auth/account",
		"/auth/sign-out":                                "/auth/account",
		"/api/auth/sign-out":                            "/auth/account",
		flow.BaseURL + "/auth/sign-in":                  "/auth/account",
		"/" + strings.Repeat("x", authflow.MaxReturnTo): "/auth/account",
	} {
		browser := flow.Browser()
		form := browser.Page("/auth/sign-in?" + url.Values{"return_to": {target}}.Encode()).Is(200)
		browser.Submit(form, "/auth/sign-in", "email", user.Email, "password", password, "remember", "yes").Leads(want)
		form = browser.Page("/auth/sign-in")
		browser.Submit(form, "/auth/provider", "provider", "github", "return_to", target).Is(200)
	}
}

// Users-ask 9 and 10: a signed-in browser that is sent to sign in is not sent back, whatever sent it.
func TestD51TheSignInPageTellsWhoIsStillSignedIn(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	ada := flow.Holding(session)
	page := ada.Page("/auth/sign-in?return_to=/tasks").Shows(200, "You are signed in as", user.Email, `href="/tasks"`)
	if location := page.Header.Get("Location"); location != "" {
		t.Errorf("leads to %s by itself", location)
	}
	account := ada.Page("/auth/account").Shows(200, user.Email)
	for _, page := range []*authflowtest.Answer{page, account} {
		if got := page.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("the back button shows it again: Cache-Control %q", got)
		}
	}
	ada.Submit(account, "/auth/sign-out").Leads("/auth/signed-out")
	ada.Page("/auth/signed-out").Shows(200, "Signed out")
	if flow.Alive(session) {
		t.Error("the session lives on")
	}
	ada.Page("/auth/account").Leads("/auth/sign-in?return_to=%2Fauth%2Faccount") // what back and reload ask for
	ada.Get("/me").Is(401)
	flow.SignedIn(user).Page("/auth/signed-out").Shows(200, "You are still signed in")
}

func TestFormsThatDoNotCount(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	fields := []string{"email", user.Email, "password", password}

	without := flow.Browser()
	without.Submit(flow.Browser().Page("/auth/sign-in"), "/auth/sign-in", fields...).Shows(400, "did not send back our cookie", "Allow cookies for")

	of := func(change func(ada *authflowtest.Browser, form *authflowtest.Answer)) *authflowtest.Answer {
		ada := flow.Browser()
		form := ada.Page("/auth/sign-in")
		change(ada, form)
		return ada.Submit(form, "/auth/sign-in", fields...)
	}
	other := flow.Browser().Page("/auth/sign-in")
	for name, answer := range map[string]*authflowtest.Answer{
		"of another browser": of(func(_ *authflowtest.Browser, form *authflowtest.Answer) { form.Body = other.Body }),
		"without its token":  of(func(_ *authflowtest.Browser, form *authflowtest.Answer) { form.Body = "" }),
		"with another token": of(func(_ *authflowtest.Browser, form *authflowtest.Answer) {
			form.Body = strings.Replace(form.Body, `name="form" value="`, `name="form" value="1`, 1)
		}),
	} {
		t.Run(name, func(*testing.T) {
			answer.Shows(400, "This form was open for too long", `value="`+user.Email+`"`).Sets()
		})
	}

	ada := flow.Browser()
	form := ada.Page("/auth/sign-in")
	for _, origin := range []string{"https://evil.example", "null"} {
		ada.With("Origin", origin).Submit(form, "/auth/sign-in", fields...).Is(403).Sets()
	}
	ada.With("Origin", "https://evil.example").Submit(form, "/auth/sign-in", fields...).Shows(403, "at another address", "request-")
	flow.Clock.Advance(13 * time.Hour)
	again := ada.Submit(form, "/auth/sign-in", fields...).Shows(400, "This form was open for too long")
	ada.Submit(again, "/auth/sign-in", fields...).Leads("/auth/account")
	if n := len(flow.Events()); n != 1 {
		t.Errorf("%d events, want the one sign-in", n)
	}
	ada.Send(authflowtest.Request{Method: "POST", Path: "/auth/sign-in", Page: true, ContentType: "application/json", Body: "{}"}).Shows(415, "That did not work")
	ada.Send(authflowtest.Request{Method: "PUT", Path: "/auth/sign-in", Page: true}).Shows(405, "cannot be used that way")
	ada.Page("/auth/nothing").Shows(404, "There is no such page")
	ada.Page("/auth/%73ign-in").Shows(404, "There is no such page")
}

func TestEveryRefusalIsToldWhereItBelongs(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	long := strings.Repeat("a", 310) + "@people.test"
	for _, c := range []struct {
		name, page string
		fields     []string
		status     int
		says       []string
	}{
		{"wrong password", "/auth/sign-in", []string{"email", user.Email, "password", "not the password"}, 401,
			[]string{"The address or the password is wrong", `<title>Problem: Sign in`, `value="` + user.Email + `"`}},
		{"unknown address", "/auth/sign-in", []string{"email", "nobody@people.test", "password", password}, 401, []string{"The address or the password is wrong"}},
		{"no address", "/auth/sign-in", []string{"email", "ada", "password", password}, 400, []string{"Please enter an address like", `aria-invalid="true" aria-describedby="email-wrong"`, `id="email-wrong"`}},
		{"a long address", "/auth/sign-up", []string{"name", "Ada", "email", long, "password", password}, 400, []string{"Please enter an address like", long}},
		{"a long address to sign in", "/auth/sign-in", []string{"email", long, "password", password}, 400, []string{"Please enter an address like"}},
		{"a short password", "/auth/sign-up", []string{"name", "Ada", "email", "a@people.test", "password", "short"}, 400, []string{"use at least 8 characters", "Too short"}},
		{"a long password", "/auth/sign-up", []string{"name", "Ada", "email", "a@people.test", "password", strings.Repeat("x", 129)}, 400, []string{"use at most 128 characters"}},
		{"a long name", "/auth/sign-up", []string{"name", strings.Repeat("x", 2000), "email", "a@people.test", "password", password}, 400, []string{"Please enter a name that is not too long"}},
		{"no address to write to", "/auth/forgot", []string{"email", "ada"}, 400, []string{"Please enter an address like"}},
		{"no address to send to again", "/auth/check-mail", []string{"email", "ada"}, 400, []string{"Please look at the marked fields"}},
		{"unknown provider", "/auth/provider", []string{"provider", "nobody"}, 404, []string{"One cannot sign in with this provider"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			browser := flow.For(t).Browser()
			answer := browser.Submit(browser.Page(c.page), c.page, c.fields...).Shows(c.status, c.says...)
			if strings.Contains(answer.Body, password) || strings.Contains(answer.Body, "not the password") {
				t.Error("the page repeats the password")
			}
		})
	}
}

func TestATakenAddressLooksLikeANewOne(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	for _, email := range []string{user.Email, "new@people.test"} {
		browser := flow.Browser()
		browser.Submit(browser.Page("/auth/sign-up"), "/auth/sign-up", "name", "Eve", "email", email, "password", password).Leads("/auth/check-mail")
		browser.Submit(browser.Page("/auth/forgot"), "/auth/forgot", "email", email).Leads("/auth/check-mail?for=reset")
		browser.Page("/auth/check-mail?for=reset").Shows(200, "If there is an account for", email)
	}
}

func TestAPasswordIsResetByLinkOnce(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	ada := flow.Browser()
	ada.Submit(ada.Page("/auth/forgot?return_to=/tasks"), "/auth/forgot", "email", user.Email).Is(303)
	link := ada.Open(flow.Letter("reset-password", user.Email).Link()).Is(302).Header.Get("Location")
	path := strings.TrimPrefix(link, flow.BaseURL)

	opened := ada.Page(path).Leads("/auth/reset?return_to=%2Ftasks") // the token is out of the address before anything is shown
	if got := opened.Header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy %q", got)
	}
	token := regexp.MustCompile(`token=([^&]+)`).FindStringSubmatch(path)[1]
	form := ada.Page("/auth/reset?return_to=/tasks").Shows(200, "Set a new password")
	if strings.Contains(form.Body+strings.Join(form.Header["Set-Cookie"], ""), token) || strings.Contains(ada.Cookie("postern.pages"), token) {
		t.Error("the token can be read")
	}
	form = ada.Submit(form, "/auth/reset", "newPassword", "short").Shows(400, "use at least 8 characters")
	ada.Submit(form, "/auth/reset", "newPassword", "another password").Leads("/auth/sign-in?return_to=%2Ftasks")
	if flow.Alive(session) {
		t.Error("an old session lives on")
	}
	ada.Submit(form, "/auth/reset", "newPassword", "a third password").Shows(400, "already", "Send a new link")
	signIn := ada.Page("/auth/sign-in?return_to=/tasks").Shows(200, "Your new password is set")
	ada.Submit(signIn, "/auth/sign-in", "email", user.Email, "password", "another password").Leads("/tasks")
	ada.Page("/auth/reset").Shows(400, "This page needs the link from the letter")
	ada.Page("/auth/reset?error=INVALID_TOKEN").Shows(400, "used already")
	ada.Page("/auth/reset?token=" + strings.Repeat("x", 9000)).Is(400)
}

func TestTheAccountPageDoesWhatItOffers(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	here, there := flow.Session(user), flow.Session(user)
	ada, elsewhere := flow.Holding(here), flow.Holding(there)
	do := func(notice string, fields ...string) {
		t.Helper()
		ada.Submit(ada.Page("/auth/account"), "/auth/account", fields...).Leads("/auth/account")
		ada.Page("/auth/account").Shows(200, notice)
	}
	do("Saved.", "action", "profile", "name", "Ada L.")
	ada.Page("/auth/account").Shows(200, `value="Ada L."`)

	elsewhere.Get("/me").Is(200)
	do("The device is signed out", "action", "revoke", "id", string(there.ID))
	elsewhere.Get("/me").Is(401)
	do("The device is signed out", "action", "revoke", "id", string(there.ID)) // the second of two clicks
	third := flow.Session(user)
	do("All other devices are signed out", "action", "revoke-others")
	if flow.Alive(third) || !flow.Alive(here) {
		t.Error("the wrong sessions ended")
	}

	ada.Submit(ada.Page("/auth/account"), "/auth/account", "action", "password", "currentPassword", "wrong password", "newPassword", "another password").
		Shows(400, "The password is wrong", `id="currentPassword-wrong"`)
	do("Your password is changed", "action", "password", "currentPassword", password, "newPassword", "another password", "others", "yes")
	if flow.Alive(here) {
		t.Error("the session that changed the password was not replaced")
	}

	do("We have sent a letter", "action", "email", "newEmail", "new@people.test")
	ada.Open(flow.Letter("change-email", "new@people.test").Link()).RedirectsTo("/auth/verify?of=email")
	ada.Page("/auth/verify?of=email").Shows(200, "Thank you", "new@people.test")
	ada.Submit(ada.Page("/auth/account"), "/auth/account", "action", "email", "newEmail", "new@people.test").Shows(400, "has already")
	ada.Submit(ada.Page("/auth/account"), "/auth/account", "action", "whatever").Is(400)

	ada.Submit(ada.Page("/auth/account"), "/auth/account", "action", "revoke", "id", "../sign-out").Leads("/auth/account")
	ada.Get("/me").Is(200)
	flow.Browser().Page("/auth/account").Leads("/auth/sign-in?return_to=%2Fauth%2Faccount")
}

func TestTheAccountPageTellsWhere(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.Places = authflowtest.Places{"198.51.100.7": "<Munich>, Germany"} })
	user := flow.User("Ada")
	ada := flow.Browser().At("198.51.100.7").With("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	ada.Submit(ada.Page("/auth/sign-in"), "/auth/sign-in", "email", user.Email, "password", password).Leads("/auth/account")
	ada.Page("/auth/account").Shows(200, "&lt;Munich&gt;, Germany · 198.51.100.7 · last used", "Firefox on Linux · &lt;Munich&gt;, Germany · 198.51.100.7")
}

func TestLettersSpeakTheBrowsersLanguage(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	for lang, subject := range map[string]string{"de-AT": "Neues Passwort", "ja": "Reset your password"} {
		ada := flow.Browser().With("Accept-Language", lang)
		ada.Submit(ada.Page("/auth/forgot"), "/auth/forgot", "email", user.Email).Is(303)
		if letter := flow.Letter("reset-password", user.Email); letter.Subject != subject {
			t.Errorf("%s: %q, want %q", lang, letter.Subject, subject)
		}
	}
}

func TestASessionThatHasEndedMeanwhile(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	ada := flow.SignedIn(user)
	form := ada.Page("/auth/account").Is(200)
	ada.Post("/revoke-sessions", nil).Is(200)
	ada.Submit(form, "/auth/account", "action", "profile", "name", "Eve").Leads("/auth/sign-in?return_to=%2Fauth%2Faccount")

	flow.SetHash(user, "") // nothing but a provider's account may be unlinked by who has not signed in lately
	old := flow.SignedIn(user)
	flow.Clock.Advance(25 * time.Hour)
	old.Submit(old.Page("/auth/account"), "/auth/account", "action", "unlink", "id", "x").Leads("/auth/sign-in?return_to=%2Fauth%2Faccount")
	old.Page("/auth/sign-in?return_to=/auth/account").Shows(200, "Please sign in again", "You are signed in as")
}

func TestAnAccountIsDeletedByTheMailedLinkAlone(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	ada := flow.Holding(session)
	ada.Submit(ada.Page("/auth/delete").Shows(200, "Send the letter"), "/auth/delete").Leads("/auth/account")
	link := flow.Letter("delete-user", user.Email).Link()
	path, ours := strings.CutPrefix(link, flow.BaseURL)
	if !ours || !strings.HasPrefix(path, "/auth/delete?token=") {
		t.Fatalf("the link is %s", link)
	}
	flow.Browser().Page(path).Leads("/auth/delete")
	ada.Page(path).Leads("/auth/delete")
	form := ada.Page("/auth/delete").Shows(200, "Delete my account", user.Email)
	if !flow.Alive(session) {
		t.Error("opening the link has deleted the account")
	}
	ada.Submit(form, "/auth/delete").Leads("/auth/signed-out")
	ada.Page("/auth/signed-out").Shows(200, "Your account is deleted")
	ada.Get("/get-session").Says(200, "null")
	flow.LastEvent(authflow.EventUserDeleted)
}

func TestAnAccountIsDeletedByPassword(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.DeleteUser.Verification = false })
	ada := flow.SignedIn(flow.User("Ada"))
	form := ada.Page("/auth/delete").Shows(200, "Password")
	ada.Submit(form, "/auth/delete", "password", "wrong password").Shows(400, "The password is wrong")
	ada.Submit(form, "/auth/delete", "password", password).Leads("/auth/signed-out")
}

func TestProvidersAreAButtonAway(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.Browser()
	leaving := ada.Submit(ada.Page("/auth/sign-in?return_to=/tasks"), "/auth/provider", "provider", "github").Shows(200, "One moment").Sets("state")
	if to := leaving.Header.Get("Refresh"); !strings.HasPrefix(to, "0; url=https://github.com/login/oauth/authorize?") {
		t.Errorf("leads to %q", to)
	}
	ada.Page("/auth/sign-in?error=access_denied&error_description=%3Cscript%3E").Shows(400, "You have not let the provider tell us")

	bob := flow.SignedIn(flow.User("Bob"))
	linking := bob.Submit(bob.Page("/auth/account").Shows(200, "Link GitHub"), "/auth/account", "action", "link", "provider", "github").Is(200)
	if to := linking.Header.Get("Refresh"); !strings.HasPrefix(to, "0; url=https://github.com/") {
		t.Errorf("leads to %q", to)
	}
	bob.Page("/auth/account?error=email_does_not_match").Shows(400, "another e-mail address than yours")
}

func TestPagesSayWhatIsTheMatterWithTheServer(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) {
		s.RateLimit = authflow.RateLimitConfig{Enabled: true, Window: 10 * time.Second, Max: 100}
	})
	user := flow.User("Ada")
	ada := flow.Browser().At("192.0.2.7")
	form := ada.Page("/auth/sign-in")
	for range 3 {
		ada.Submit(form, "/auth/sign-in", "email", user.Email, "password", "wrong password").Is(401)
	}
	limited := ada.Submit(form, "/auth/sign-in", "email", user.Email, "password", password).Shows(429, "Too many attempts. Please wait")
	if limited.Header.Get("Retry-After") == "" {
		t.Error("without Retry-After")
	}
	bob := flow.SignedIn(flow.User("Bob"))
	form = bob.Page("/auth/account").Is(200)
	flow.DatabaseAway(true)
	defer flow.DatabaseBack()
	flow.Browser().Page("/auth/sign-in").Shows(200, "Sign in")
	bob.Submit(form, "/auth/account", "action", "profile", "name", "x").Shows(503, "We cannot look up accounts", "request-")
}

func TestABrowserThatDoesNotKeepTheSessionIsTold(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	ada := flow.Browser()
	ada.Submit(ada.Page("/auth/sign-in"), "/auth/sign-in", "email", user.Email, "password", password).Is(200)
	loses := flow.Browser()
	loses.SetCookie("postern.pages", ada.Cookie("postern.pages"))
	loses.Page("/auth/sign-in").Shows(200, "came back without the session", "Allow cookies for")
	if again := loses.Page("/auth/sign-in"); strings.Contains(again.Body, "came back without") {
		t.Error("it is told twice")
	}
}

func TestD87WhatPeopleWriteIsText(t *testing.T) {
	t.Parallel()
	flow := start(t)
	const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
	for _, name := range []string{hostile, "\u202eadA\u2066", "𝔄𝔡𝔞 👩‍💻", "{{.}}", "{email}"} {
		ada := flow.SignedIn(flow.User(name))
		for _, path := range []string{"/auth/account", "/auth/delete", "/auth/sign-in", "/auth/sign-out", "/auth/signed-out"} {
			page := ada.Page(path).Is(200)
			checkMarkup(t, path, page)
		}
		page := ada.Page("/auth/account")
		if !strings.Contains(page.Body, "<bdi><strong>") || name[0] != '<' && name != "{email}" && !strings.Contains(page.Body, "<bdi><strong>"+name+"</strong></bdi>") {
			t.Errorf("%q is not shown as it is", name)
		}
		page = ada.Submit(page, "/auth/account", "action", "profile", "name", name+strings.Repeat(name, 1100/len(name)+1)).Is(400)
		checkMarkup(t, name, page)
	}
	q := url.QueryEscape(hostile)
	for _, path := range []string{
		"/auth/sign-in?return_to=" + q + "&error=" + q + "&error_description=" + q, "/auth/sign-up?return_to=/" + q, "/auth/error?error=" + q,
		"/auth/verify?error=" + q + "&of=" + q, "/auth/reset?error=" + q + "&token=" + q, "/auth/check-mail?for=" + q, "/auth/" + q,
	} {
		page := flow.Browser().Page(path)
		if checkMarkup(t, path, page); strings.Contains(page.Body, "alert(1)") && !strings.Contains(path, "return_to=/") {
			t.Errorf("%s is repeated", path)
		}
	}
	browser := flow.Browser()
	for _, path := range []string{"/auth/sign-in", "/auth/sign-up", "/auth/forgot", "/auth/check-mail"} {
		checkMarkup(t, path, browser.Submit(browser.Page(path), path, "name", hostile, "email", hostile, "password", hostile, "return_to", "/"+hostile))
	}
}

// checkMarkup wants no script but ours, nothing inline, and a policy that would stop what this overlooks.
func checkMarkup(t *testing.T, what string, page *authflowtest.Answer) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(page.Body))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		tag := tokens.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		if tag.Data == "style" || tag.Data == "script" && !strings.HasPrefix(valueOf(tag, "src"), "/auth/pages.js?v=") || tag.Data == "img" && valueOf(tag, "alt") != "" {
			t.Errorf("%s: %s in the page", what, tag)
		}
		for _, a := range tag.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s: %s in the page", what, tag)
			}
		}
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s: policy %q", what, policy)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %s %q", what, name, got)
		}
	}
}

func valueOf(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestTheCookieOfThePagesIsTheirsAlone(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.BaseURL = "https://auth.example.com" })
	answer := flow.Browser().Page("/auth/sign-in").Is(200)
	lines := answer.Header["Set-Cookie"]
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "__Secure-postern.pages=") {
		t.Fatalf("cookies %q", lines)
	}
	for _, attribute := range []string{"; Path=/auth", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
		if !strings.Contains(lines[0], attribute) {
			t.Errorf("without %s: %s", attribute, lines[0])
		}
	}
	if again := flow.Browser().Page("/auth/nothing"); again.Status != http.StatusNotFound {
		t.Error(again.Status)
	}
}
