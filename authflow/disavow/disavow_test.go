package disavow_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/disavow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/pages"
	"github.com/posternhq/postern/sessionstore"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)

func start(t *testing.T, adjust ...func(*authflowtest.Settings)) *authflowtest.Flow {
	t.Helper()
	return authflowtest.Start(t, append([]func(*authflowtest.Settings){func(s *authflowtest.Settings) {
		s.Notify = true
		s.Places = authflowtest.Places{"203.0.113.9": "Paris, France"}
	}}, adjust...)...)
}

func signIn(b *authflowtest.Browser, user sessionstore.User) *authflowtest.Answer {
	return b.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password})
}

// old is a user whose account is older than a day, who is signed in with Firefox.
func old(flow *authflowtest.Flow) (sessionstore.User, *authflowtest.Browser) {
	user := flow.User("Ada")
	browser := flow.Browser().With("User-Agent", firefox).At("198.51.100.7")
	signIn(browser, user).Is(200)
	flow.Clock.Advance(25 * time.Hour)
	return user, browser
}

func TestANewDeviceIsToldOfByLetter(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, _ := old(flow)
	if n := flow.LettersTo("new-device", user.Email); n != 0 {
		t.Fatalf("%d letters about the first session of a new account", n)
	}
	signIn(flow.Browser().With("User-Agent", safari).At("203.0.113.9").With("Accept-Language", "de"), user).Is(200)
	letter := flow.Letter("new-device", user.Email)
	for _, want := range []string{"Hallo Ada,", "Gerät: Safari auf iPhone", "Ort: Paris, France (203.0.113.9)", "Zeit: 02.03.2026, 13:30 UTC", "Das war ich nicht"} {
		if !strings.Contains(letter.Text, want) {
			t.Errorf("no %q in\n%s", want, letter.Text)
		}
	}
	if e := flow.LastEvent(authflow.EventNewDevice); e.UserID != user.ID || e.SessionID == "" || e.Place != "Paris, France" {
		t.Errorf("event %+v", e)
	}
}

func TestKnownDevicesCauseNoLetter(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) {
		s.RateLimit = authflow.RateLimitConfig{Enabled: true, Window: 10 * time.Second, Max: 100}
	})
	user, browser := old(flow)
	for _, c := range []struct {
		name    string
		browser *authflowtest.Browser
		letters int
	}{
		{"the same browser, elsewhere", browser.At("203.0.113.1"), 0},
		{"no cookies, but the same kind of device in the same network", flow.Browser().With("User-Agent", firefox).At("198.51.100.99"), 0},
		{"the same kind of device in another network", flow.Browser().With("User-Agent", firefox).At("192.0.2.1"), 1},
		{"another kind of device in the same network", flow.Browser().With("User-Agent", safari).At("198.51.100.7"), 1},
	} {
		before := flow.LettersTo("new-device", user.Email)
		signIn(c.browser, user).Is(200)
		if n := flow.LettersTo("new-device", user.Email) - before; n != c.letters {
			t.Errorf("%s: %d letters, want %d", c.name, n, c.letters)
		}
	}
	// A cookie knows the accounts that signed in with it, and no others.
	other := flow.User("Grace")
	flow.Session(other)
	signIn(browser.At("192.0.2.200"), other).Is(200)
	if n := flow.LettersTo("new-device", other.Email); n != 1 {
		t.Errorf("%d letters to somebody whose account is new to this browser", n)
	}
}

func TestALongQuietAccountIsToldOfItsFirstSession(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, _ := old(flow)
	flow.Clock.Advance(30 * 24 * time.Hour) // all sessions have expired
	signIn(flow.Browser().With("User-Agent", firefox).At("198.51.100.7"), user).Is(200)
	if n := flow.LettersTo("new-device", user.Email); n != 1 {
		t.Errorf("%d letters", n)
	}
}

func TestWithoutNotificationsThereAreNoLetters(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.Notify = false })
	user, browser := old(flow)
	signIn(flow.Browser().With("User-Agent", safari), user).Is(200)
	browser.Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "another password"}).Is(200)
	if n := len(flow.Letters()); n != 0 {
		t.Errorf("%d letters", n)
	}
}

// enqueue is an Outbox.
type enqueue func() error

func (e enqueue) Enqueue(context.Context, *sessionstore.Store, mail.Message) error { return e() }

func TestALetterThatCannotBeWrittenKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, _ := old(flow)
	for _, c := range []struct {
		err    error
		status int
	}{
		{fmt.Errorf("recipient: longer than 254 bytes: %w", mail.ErrPermanent), 200},
		{errors.New("the database is full"), 500}, // who signs in and is not told of is worse
	} {
		flow.Core.Sessions.Tell(disavow.New(disavow.Deps{Core: flow.Core, Store: flow.Store, Outbox: enqueue(func() error { return c.err })}))
		signIn(flow.Browser().With("User-Agent", fmt.Sprint("device", c.status)), user).Is(c.status)
	}
	if e := flow.LastEvent(authflow.EventNewDevice); e.UserID != "" {
		t.Errorf("event %+v of a letter that was not written", e)
	}
	if !strings.Contains(flow.Log(), "no letter about a new device") {
		t.Error("the operator is not told")
	}
}

// Ada's password is known to somebody, who signs in. She says that it was not her.
func TestWhatWasNotTheOwnersIsUndoneByALink(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, ada := old(flow)
	thief := flow.Browser().With("User-Agent", safari).At("203.0.113.9")
	signIn(thief, user).Is(200)
	link := flow.Letter("new-device", user.Email).Link()
	if !strings.HasPrefix(link, flow.BaseURL+"/api/auth/disavow/") {
		t.Fatalf("the link is %s", link)
	}

	// A scanner opens it as often as it likes.
	scanner := flow.Browser()
	for range 3 {
		page := scanner.Open(link).Is(200)
		if !strings.Contains(page.Body, `<form method="post"><button>Sign out all devices</button></form>`) || page.Header.Get("Cache-Control") != "no-store" ||
			!strings.HasPrefix(page.Header.Get("Content-Security-Policy"), "default-src 'none'; form-action 'self'") {
			t.Errorf("%v\n%s", page.Header, page.Body)
		}
	}
	ada.Get("/me").Is(200)
	thief.Get("/me").Is(200)

	path := strings.TrimPrefix(link, flow.BaseURL+"/api/auth")
	done := scanner.With("Accept-Language", "de").Send(authflowtest.Request{Method: http.MethodPost, Path: path, ContentType: "application/x-www-form-urlencoded"}).Is(200)
	if !strings.Contains(done.Body, "Alle Geräte sind abgemeldet, und Ihr Passwort gilt nicht mehr") {
		t.Errorf("%s", done.Body)
	}
	ada.Get("/me").Fails(401, "UNAUTHORIZED")
	thief.Get("/me").Fails(401, "UNAUTHORIZED")
	signIn(thief, user).Fails(401, "INVALID_EMAIL_OR_PASSWORD")
	if e := flow.LastEvent(authflow.EventDisavowed); e.UserID != user.ID || e.Outcome != authflow.OutcomeSuccess {
		t.Errorf("event %+v", e)
	}
	if e := flow.LastEvent(authflow.EventSessionsRevoked); e.UserID != user.ID || e.Reason != "disavowed" {
		t.Errorf("event %+v", e)
	}

	// It works once.
	again := scanner.Send(authflowtest.Request{Method: http.MethodPost, Path: path})
	if opened := scanner.Open(link); !strings.Contains(again.Body, "was used already") || !strings.Contains(opened.Body, "was used already") || strings.Contains(opened.Body, "<button>") {
		t.Errorf("%s\n%s", again.Body, opened.Body)
	}

	// The owner sets another password by the letter that came.
	reset := flow.Letter("reset-password", user.Email).Link()
	token := strings.TrimPrefix(strings.SplitN(reset, "?", 2)[0], flow.BaseURL+"/api/auth/reset-password/")
	ada.Post("/reset-password", authflowtest.Body{"token": token, "newPassword": "another password"}).Is(200)
	ada.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": "another password"}).Is(200)
}

func TestAChangedPasswordCanBeDisavowedByPrograms(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, thief := old(flow)
	thief.Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "another password", "revokeOtherSessions": true}).Is(200)
	letter := flow.Letter("password-changed", user.Email)
	if !strings.Contains(letter.Text, "Firefox on Linux, 198.51.100.7") || flow.LettersTo("new-device", user.Email) != 0 {
		t.Errorf("%s", letter.Text)
	}
	token := letter.Link()[strings.LastIndex(letter.Link(), "/")+1:]
	flow.Browser().Post("/disavow", authflowtest.Body{"token": "x" + token}).Fails(400, "INVALID_TOKEN")
	thief.Get("/me").Is(200)
	flow.Browser().Post("/disavow", authflowtest.Body{"token": token}).Says(200, `{"status":true,"passwordReset":true}`)
	thief.Get("/me").Fails(401, "UNAUTHORIZED")
	flow.Browser().Post("/disavow", authflowtest.Body{"token": token}).Fails(400, "INVALID_TOKEN")
	if e := flow.LastEvent(authflow.EventDisavowed); e.Outcome != authflow.OutcomeFailure || e.Reason != "invalid_token" {
		t.Errorf("event %+v", e)
	}
}

func TestALinkExpires(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, _ := old(flow)
	signIn(flow.Browser().With("User-Agent", safari), user).Is(200)
	link := flow.Letter("new-device", user.Email).Link()
	flow.Clock.Advance(7*24*time.Hour + time.Second)
	if page := flow.Browser().Open(link); strings.Contains(page.Body, "<button>") {
		t.Errorf("%s", page.Body)
	}
	flow.Browser().Post("/disavow", authflowtest.Body{"token": link[strings.LastIndex(link, "/")+1:]}).Fails(400, "INVALID_TOKEN")
}

func TestAUserWithoutPasswordIsSignedOutEverywhere(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, ada := old(flow)
	signIn(flow.Browser().With("User-Agent", safari), user).Is(200)
	link := flow.Letter("new-device", user.Email).Link()
	account, err := flow.Store.FindCredential(t.Context(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flow.Store.DeleteAccount(t.Context(), user.ID, account.ID); err != nil {
		t.Fatal(err)
	}
	flow.Browser().Post("/disavow", authflowtest.Body{"token": link[strings.LastIndex(link, "/")+1:]}).Says(200, `{"status":true,"passwordReset":false}`)
	if n := flow.LettersTo("reset-password", user.Email); n != 0 {
		t.Errorf("%d letters to set a password", n)
	}
	ada.Get("/me").Fails(401, "UNAUTHORIZED")
}

func TestOfManyWhoUseALinkAtOnceOneSucceeds(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, _ := old(flow)
	signIn(flow.Browser().With("User-Agent", safari), user).Is(200)
	link := flow.Letter("new-device", user.Email).Link()
	token := link[strings.LastIndex(link, "/")+1:]
	statuses := make(chan int, 8)
	var all sync.WaitGroup
	for range cap(statuses) {
		all.Go(func() { statuses <- flow.Browser().Post("/disavow", authflowtest.Body{"token": token}).Status })
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[200] != 1 || count[400] != 7 {
		t.Errorf("statuses %v", count)
	}
}

func TestPagesAskBeforeTheySignOutEverything(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.Pages = pages.Config{Enabled: true, Name: "Acme"} })
	user, ada := old(flow)
	signIn(flow.Browser().With("User-Agent", safari), user).Is(200)
	path, ours := strings.CutPrefix(flow.Letter("new-device", user.Email).Link(), flow.BaseURL)
	if !ours || !strings.HasPrefix(path, "/auth/not-me?token=") {
		t.Fatalf("the link is %s", path)
	}
	ada.Page(path).Leads("/auth/not-me")
	form := ada.Page("/auth/not-me").Shows(200, "Was this not you?", "Sign out all devices", "It was me")
	if strings.Contains(form.Body, strings.TrimPrefix(path, "/auth/not-me?token=")) {
		t.Error("the token can be read")
	}
	ada.Get("/me").Is(200)
	ada.Submit(form, "/auth/not-me").Leads("/auth/sign-in")
	ada.Page("/auth/sign-in").Shows(200, "your password works no more. We have sent you a letter")
	ada.Get("/me").Fails(401, "UNAUTHORIZED")
	ada.Page("/auth/not-me").Shows(400, "needs the link from the letter")
	ada.Page(path).Leads("/auth/not-me")
	ada.Submit(ada.Page("/auth/not-me"), "/auth/not-me").Shows(400, "used already", "Set a new password")
}
