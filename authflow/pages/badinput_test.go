package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
)

// hard are names that have broken pages and letters.
var hard = map[string]string{
	"markup":                `<b>Ada</b> <script>alert(1)</script> "&amp;'`,
	"right to left":         "\u202eecila\u202c \u05d0\u05d3\u05d4 \u200f",
	"four bytes":            "𝔄𝔡𝔞 👩🏽‍💻 \U00020bb7野家",
	"combining":             "A" + strings.Repeat("\u0301", 50),
	"template":              "{{.}} {name} %s $1",
	"line and tab and null": "Ada\r\nBcc: eve@evil.example\t\x00x",
}

func TestNamesWithMarkupDirectionMarksAndFourByteCharactersAreText(t *testing.T) {
	t.Parallel()
	flow := start(t)
	for what, name := range hard {
		email := strings.ReplaceAll(what, " ", "-") + "@people.test"
		ada := flow.Browser()
		made := ada.Submit(ada.Page("/auth/sign-up"), "/auth/sign-up", "name", name, "email", email, "password", password)
		if strings.ContainsRune(name, 0) {
			if made.Status != http.StatusBadRequest { // no database of ours could keep it
				t.Errorf("%s: %d", what, made.Status)
			}
			continue
		}
		made.Leads("/auth/check-mail")
		letter := flow.Letter("verify-email", email)
		if strings.ContainsAny(letter.Subject+letter.Text, "<>\u202e\u202c\u200f\r") {
			t.Errorf("%s: in the letter\n%s", what, letter.Text)
		}
		ada.Open(letter.Link()).Is(302)
		account := ada.Page("/auth/account").Is(200)
		checkMarkup(t, what, account)
		ada.Get("/get-session").Has("user.name", name)
		checkMarkup(t, what, ada.Page("/auth/delete").Is(200))
	}
}

func TestAnAddressOf320CharactersIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	flow := start(t)
	long := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 250) + ".test"
	if len(long) != 320 {
		t.Fatal(len(long))
	}
	ada := flow.SignedIn(flow.User("Ada"))
	stranger := flow.Browser()
	for _, c := range []struct {
		page    string
		browser *authflowtest.Browser
		fields  []string
	}{
		{"/auth/sign-up", stranger, []string{"name", "Ada", "email", long, "password", password}},
		{"/auth/sign-in", stranger, []string{"email", long, "password", password}},
		{"/auth/forgot", stranger, []string{"email", long}},
		{"/auth/check-mail", stranger, []string{"email", long}},
		{"/auth/account", ada, []string{"action", "email", "newEmail", long}},
	} {
		answer := c.browser.Submit(c.browser.Page(c.page), c.page, c.fields...)
		if answer.Status != http.StatusBadRequest || !strings.Contains(answer.Body, `role="alert"`) || strings.Contains(answer.Body, password) {
			t.Errorf("%s: %d\n%s", c.page, answer.Status, answer.Body)
		}
		if c.page != "/auth/check-mail" && !strings.Contains(answer.Body, `value="`+long+`"`) {
			t.Errorf("%s: what was typed is lost", c.page)
		}
	}
	if n := len(flow.Letters()); n != 0 {
		t.Errorf("%d letters", n)
	}
}

func TestNoPageIsThereForTheBackButton(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.SignedIn(flow.User("Ada"))
	var pages []*authflowtest.Answer
	for _, path := range []string{
		"/auth/sign-in", "/auth/sign-up", "/auth/forgot", "/auth/check-mail", "/auth/verify", "/auth/reset", "/auth/account", "/auth/delete", "/auth/not-me", "/auth/sign-out", "/auth/error",
	} {
		pages = append(pages, ada.Page(path))
	}
	pages = append(pages, ada.Submit(pages[0], "/auth/sign-out").Leads("/auth/signed-out"), ada.Page("/auth/signed-out"))
	for _, page := range pages {
		if got := page.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q of\n%.300s", got, page.Body)
		}
	}
	ada.Page("/auth/account").Leads("/auth/sign-in?return_to=%2Fauth%2Faccount")
}

func TestADoubleSubmitDoesNothingTwice(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.Browser()
	form := ada.Page("/auth/sign-up")
	for range 2 {
		ada.Submit(form, "/auth/sign-up", "name", "Ada", "email", "ada@people.test", "password", password).Leads("/auth/check-mail")
	}
	if n := flow.LettersTo("verify-email", "ada@people.test"); n != 1 {
		t.Errorf("%d letters for one account", n)
	}
	ada.Open(flow.Letter("verify-email", "ada@people.test").Link()).Is(302)

	form = ada.Page("/auth/account").Is(200)
	ada.Submit(form, "/auth/account", "action", "password", "currentPassword", password, "newPassword", "another password").Is(303)
	ada.Submit(form, "/auth/account", "action", "password", "currentPassword", password, "newPassword", "another password").Shows(400, "The password is wrong")

	form = ada.Page("/auth/delete").Is(200)
	for range 2 {
		ada.Submit(form, "/auth/delete").Leads("/auth/account")
	}
	path := strings.TrimPrefix(flow.Letter("delete-user", "ada@people.test").Link(), flow.BaseURL)
	ada.Page(path).Leads("/auth/delete")
	form = ada.Page("/auth/delete").Shows(200, "Delete my account")
	ada.Submit(form, "/auth/delete").Leads("/auth/signed-out")
	if again := ada.Submit(form, "/auth/delete"); again.Status >= 500 || strings.Contains(again.Body, "ada@people.test") {
		t.Errorf("%d\n%s", again.Status, again.Body)
	}
	out := ada.Page("/auth/sign-out").Is(200)
	for range 2 {
		ada.Submit(out, "/auth/sign-out").Leads("/auth/signed-out")
	}
	deleted := 0
	for _, e := range flow.Events() {
		if e.Name == authflow.EventUserDeleted {
			deleted++
		}
	}
	if deleted != 1 {
		t.Errorf("deleted %d times", deleted)
	}
}

func TestAnExpiredFormDoesNothingAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.Browser()
	form := ada.Page("/auth/sign-up?return_to=/tasks")
	flow.Clock.Advance(12*time.Hour + time.Second)
	fields := []string{"name", "Ada", "email", "ada@people.test", "password", password}
	again := ada.Submit(form, "/auth/sign-up", fields...).Shows(400, "This form was open for too long", `value="Ada"`, `value="ada@people.test"`, `name="return_to" value="/tasks"`)
	if strings.Contains(again.Body, password) || len(flow.Events()) != 0 {
		t.Errorf("the password is repeated, or something was done: %v", flow.Events())
	}
	ada.Submit(again, "/auth/sign-up", fields...).Leads("/auth/check-mail?return_to=%2Ftasks")
}

func TestABrowserThatRefusesCookiesIsTold(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	for page, fields := range map[string][]string{
		"/auth/sign-in": {"email", user.Email, "password", password},
		"/auth/sign-up": {"name", "Ada", "email", "new@people.test", "password", password},
		"/auth/forgot":  {"email", user.Email},
	} {
		form := flow.Browser().Page(page)
		refused := flow.Browser().Submit(form, page, fields...).Shows(400, "did not send back our cookie", "Allow cookies for")
		if strings.Contains(refused.Body, password) {
			t.Errorf("%s repeats the password", page)
		}
		flow.Browser().With("Accept-Language", "de").Submit(form, page, fields...).Shows(400, "Erlauben Sie Cookies für")
	}
	if n := len(flow.Letters()) + len(flow.Events()); n != 0 {
		t.Errorf("%d letters and events", n)
	}
}
