package social_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

func TestTheApplicationGetsTheUsersToken(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, _, account := settled(t, p, func(s *authflowtest.Settings) { s.Account.EncryptOAuthTokens = true })
	token := func(user sessionstore.UserID, provider string) string {
		t.Helper()
		got, err := flow.Social.AccessToken(t.Context(), user, provider)
		must(t, err)
		return got
	}
	first := token(account.UserID, "google")
	if p.access[first] == nil || first == *account.AccessToken {
		t.Fatalf("%q is none of the provider's", first)
	}
	for _, none := range []struct {
		user     sessionstore.UserID
		provider string
	}{{account.UserID, "github"}, {account.UserID, ""}, {flow.User("Grace").ID, "google"}, {flow.User("Alan").ID, "credential"}, {"nobody", "google"}} {
		if got := token(none.user, none.provider); got != "" {
			t.Errorf("%+v: %q", none, got)
		}
	}
	flow.Clock.Advance(time.Hour)
	var all sync.WaitGroup
	renewed := make([]string, 10)
	for i := range renewed {
		all.Go(func() { renewed[i] = token(account.UserID, "google") })
	}
	all.Wait()
	for _, got := range renewed {
		if got == first || got != renewed[0] || p.access[got] == nil {
			t.Errorf("renewed to %q", renewed)
		}
	}
	if n := p.count("/token"); n != 2 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
}

func TestATokenThatIsOverIsNotSent(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, _, account := settled(t, p)
	p.instead("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
	})
	flow.Clock.Advance(2 * time.Hour)
	got, err := flow.Social.AccessToken(t.Context(), account.UserID, "google")
	if got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if log := flow.Log(); !strings.Contains(log, "no access token for the application") || !strings.Contains(log, "invalid_grant") || strings.Contains(log, *account.AccessToken) {
		t.Error(log)
	}
	flow.DatabaseAway(true)
	if got, err := flow.Social.AccessToken(t.Context(), account.UserID, "google"); got != "" || err == nil {
		t.Errorf("without the database: %q, %v", got, err)
	}
}

func TestOfSeveralAccountsTheOneUsedLastIsTaken(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, browser, account := settled(t, p, func(s *authflowtest.Settings) { s.Linking.AllowDifferentEmails = true })
	other := ada()
	other.subject, other.email = "987", "countess@people.test"
	flow.Clock.Advance(time.Minute)
	linkTo(browser, p, other)
	accounts := accountsOf(t, flow, account.UserID)
	if len(accounts) != 2 {
		t.Fatalf("%d accounts", len(accounts))
	}
	for _, last := range []int{1, 0} {
		if got, err := flow.Social.AccessToken(t.Context(), account.UserID, "google"); got != *accounts[last].AccessToken || err != nil {
			t.Errorf("%q of another account, %v", got, err)
		}
		flow.Clock.Advance(time.Minute)
		browser.Post("/refresh-token", accountBody(accounts[0])).Is(200)
		accounts = accountsOf(t, flow, account.UserID)
	}
}
