package social_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// begin asks where to go, and returns the authorization request's address.
func begin(browser *authflowtest.Browser, provider string, more authflowtest.Body) string {
	body := authflowtest.Body{"provider": provider, "callbackURL": "/app", "errorCallbackURL": "/oops?from=sign-in", "newUserCallbackURL": "/welcome"}
	for name, value := range more {
		body[name] = value
	}
	return browser.Post("/sign-in/social", body).Is(200).Text("url")
}

// signIn goes through the whole flow.
func signIn(browser *authflowtest.Browser, p *fake, who person) *authflowtest.Answer {
	return browser.Get(p.consent(begin(browser, p.id, nil), who))
}

// linkTo does so for one more account of who is signed in.
func linkTo(browser *authflowtest.Browser, p *fake, who person) *authflowtest.Answer {
	address := browser.Post("/link-social", authflowtest.Body{"provider": p.id, "callbackURL": "/settings", "errorCallbackURL": "/oops"}).Is(200).Text("url")
	return browser.Get(p.consent(address, who))
}

// userOf is whom the browser's session belongs to.
func userOf(t testing.TB, flow *authflowtest.Flow, browser *authflowtest.Browser) sessionstore.User {
	t.Helper()
	identity, err := flow.Store.FindSession(t.Context(), browser.Token())
	if err != nil {
		t.Fatal(err)
	}
	return identity.User
}

func accountsOf(t testing.TB, flow *authflowtest.Flow, user sessionstore.UserID) []sessionstore.Account {
	t.Helper()
	accounts, err := flow.Store.ListAccounts(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

// each runs a test with every kind of provider.
func each(t *testing.T, test func(t *testing.T, p *fake)) {
	for _, id := range []string{"google", "github", "acme"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			test(t, fakeProvider(t, id))
		})
	}
}

func TestSomebodyNewSignsUpAndComesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *fake) {
		flow := start(t, []*fake{p})
		browser := flow.Browser()
		signIn(browser, p, ada()).RedirectsTo("/welcome").Sets("-state", "session_token")
		user := userOf(t, flow, browser)
		if user.Name != "Ada Lovelace" || user.Email != "ada@people.test" || !user.EmailVerified || *user.Image != "https://pictures.test/ada.png" {
			t.Errorf("%+v", user)
		}
		accounts := accountsOf(t, flow, user.ID)
		if len(accounts) != 1 {
			t.Fatalf("%+v", accounts)
		}
		a := accounts[0]
		if a.ProviderID != p.id || a.AccountID != "1234567890" || a.AccessToken == nil || a.Scope == nil || a.Password != nil ||
			(p.id == "github") != (a.RefreshToken == nil && a.IDToken == nil && a.AccessTokenExpiresAt == nil) {
			t.Errorf("%+v", a)
		}
		if e := flow.LastEvent(authflow.EventSignUp); e.UserID != user.ID || e.Reason != p.id {
			t.Errorf("%+v", e)
		}
		if e := flow.LastEvent(authflow.EventSignIn); e.UserID != user.ID || e.Reason != "social_"+p.id {
			t.Errorf("%+v", e)
		}

		// Elsewhere, under another name and address: it is the account that counts.
		later := ada()
		later.name, later.email = "Countess", "countess@people.test"
		elsewhere := flow.Browser()
		signIn(elsewhere, p, later).RedirectsTo("/app").Sets("-state", "session_token")
		again := userOf(t, flow, elsewhere)
		if again.ID != user.ID || again.Name != user.Name || again.Email != user.Email {
			t.Errorf("%+v", again)
		}
		if now := accountsOf(t, flow, user.ID); len(now) != 1 || *now[0].AccessToken == *a.AccessToken || *now[0].Scope != *a.Scope {
			t.Errorf("%+v", now)
		}
		if len(flow.Letters()) != 0 {
			t.Errorf("%+v", flow.Letters())
		}
	})
}

func TestTheAnswerLeadsToTheProvider(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	answer := flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "github", "scopes": []string{"repo"}, "loginHint": "ada", "additionalParams": map[string]string{"allow_signup": "false"}}).
		Is(200).Has("redirect", true).Sets("state")
	address := answer.Text("url")
	if answer.Header.Get("Location") != address || !strings.HasPrefix(address, p.server.URL+"/authorize?response_type=code&client_id=github-client&state=") {
		t.Errorf("leads to %q, %q", answer.Header.Get("Location"), address)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); q.Get("scope") != "read:user user:email repo" || q.Get("login_hint") != "ada" || q.Get("allow_signup") != "false" || q.Has("nonce") {
		t.Errorf("%v", q)
	}
	answer = flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "github", "disableRedirect": true}).Is(200).Has("redirect", false)
	if answer.Header.Get("Location") != "" {
		t.Error("it redirects all the same")
	}
	if cookie := answer.Header.Get("Set-Cookie"); !strings.HasSuffix(cookie, "; Max-Age=300; Path=/; HttpOnly; SameSite=Lax") {
		t.Errorf("cookie %q", cookie)
	}
}
