package social_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/sessionstore"
)

const notLinked = "/oops?from=sign-in&error=account_not_linked"

// as is a person at a provider with the user's address.
func as(user sessionstore.User) person {
	who := ada()
	who.email = user.Email
	return who
}

func TestAnAddressProvedOnBothSidesLinks(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	user := flow.User("Ada")
	browser := flow.Browser()
	who := as(user)
	who.email = strings.ToUpper(user.Email)
	signIn(browser, p, who).RedirectsTo("/app").Sets("-state", "session_token")
	got := userOf(t, flow, browser)
	if got.ID != user.ID || got.Name != "Ada" || got.Image != nil || got.Email != user.Email {
		t.Errorf("%+v", got)
	}
	if accounts := accountsOf(t, flow, user.ID); len(accounts) != 2 {
		t.Errorf("%+v", accounts)
	}
	if e := flow.LastEvent(authflow.EventAccountLinked); e.UserID != user.ID || e.Reason != "github" || e.Outcome != authflow.OutcomeSuccess {
		t.Errorf("%+v", e)
	}
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
}

// D38: whoever registers another's address beforehand, with a password of their own, does not get to share an account with its owner.
func TestD38AnAddressThatWasNotProvedHereDoesNotLink(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	for _, trusted := range [][]string{nil, {"github"}} {
		flow := start(t, []*fake{p}, func(s *authflowtest.Settings) {
			s.Linking.TrustedProviders = trusted
			s.Password.RequireEmailVerification = false
		})
		attacker := flow.Unverified("Mallory")
		browser := flow.Browser()
		signIn(browser, p, as(attacker)).RedirectsTo(notLinked).Sets("-state")
		if accounts := accountsOf(t, flow, attacker.ID); len(accounts) != 1 || browser.Token() != "" {
			t.Errorf("%+v", accounts)
		}
		if user, err := flow.Store.FindUser(t.Context(), attacker.ID); err != nil || user.EmailVerified {
			t.Errorf("%+v, %v", user, err)
		}
		if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != "account_not_linked" {
			t.Errorf("%+v", e)
		}
	}
}

func TestLinkingGoesByTheSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		linking  social.LinkingConfig
		verified bool // says the provider
		links    bool
	}{
		{"both verified", social.LinkingConfig{Enabled: true}, true, true},
		{"provider does not say verified", social.LinkingConfig{Enabled: true}, false, false},
		{"the same, but trusted", social.LinkingConfig{Enabled: true, TrustedProviders: []string{"google"}}, false, true},
		{"another is trusted", social.LinkingConfig{Enabled: true, TrustedProviders: []string{"github"}}, false, false},
		{"off", social.LinkingConfig{TrustedProviders: []string{"google"}}, true, false},
		{"not at sign-in", social.LinkingConfig{Enabled: true, DisableImplicit: true, TrustedProviders: []string{"google"}}, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, "google")
			flow := start(t, []*fake{p}, func(s *authflowtest.Settings) { s.Linking = test.linking })
			user := flow.User("Ada")
			who := as(user)
			who.verified = test.verified
			browser := flow.Browser()
			if answer := signIn(browser, p, who); test.links {
				answer.RedirectsTo("/app")
			} else {
				answer.RedirectsTo(notLinked)
			}
			if n := len(accountsOf(t, flow, user.ID)); (n == 2) != test.links {
				t.Errorf("%d accounts", n)
			}
		})
	}
}

func TestAnAddressThatNobodyProvedGetsALetter(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p})
	who := ada()
	who.verified = false
	browser := flow.Browser()
	signIn(browser, p, who).RedirectsTo("/welcome").Sets("-state", "session_token")
	user := userOf(t, flow, browser)
	if user.EmailVerified {
		t.Error("the address counts as proved")
	}
	if link := flow.Letter("verify-email", who.email).Link(); !strings.HasSuffix(link, "&callbackURL=%2Fapp") {
		t.Errorf("link %q", link)
	}
	who.verified = true // meanwhile the provider has
	signIn(flow.Browser(), p, who).RedirectsTo("/app")
	if got, err := flow.Store.FindUser(t.Context(), user.ID); err != nil || !got.EmailVerified {
		t.Errorf("%+v, %v", got, err)
	}
	if e := flow.LastEvent(authflow.EventEmailVerified); e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
}

func TestNoSessionBeforeTheAddressIsProvedWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p}, adjustProvider("google", func(c *social.ProviderConfig) { c.RequireEmailVerification = true }))
	who := ada()
	who.verified = false
	browser := flow.Browser()
	signIn(browser, p, who).RedirectsTo("/oops?from=sign-in&error=email_not_verified").Sets("-state")
	signIn(browser, p, who).RedirectsTo("/oops?from=sign-in&error=email_not_verified").Sets("-state")
	if n := flow.LettersTo("verify-email", who.email); n != 2 {
		t.Errorf("%d letters", n)
	}
	flow.Browser().Open(flow.Letter("verify-email", who.email).Link()).RedirectsTo("/app")
	signIn(browser, p, who).RedirectsTo("/app").Sets("-state", "session_token")
}

// What a provider has verified proves that address, and no other that the user has here.
func TestTheProvidersWordIsForItsOwnAddressAlone(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p})
	who := ada()
	who.verified = false
	signIn(flow.Browser(), p, who).RedirectsTo("/welcome")
	other := who
	other.email, other.verified = "countess@people.test", true
	browser := flow.Browser()
	signIn(browser, p, other).RedirectsTo("/app")
	if user := userOf(t, flow, browser); user.EmailVerified || user.Email != who.email {
		t.Errorf("%+v", user)
	}
	who.verified = true
	browser = flow.Browser()
	signIn(browser, p, who).RedirectsTo("/app")
	if user := userOf(t, flow, browser); !user.EmailVerified {
		t.Errorf("%+v", user)
	}
}

func TestSignUpCanBeRestricted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*social.ProviderConfig)
		body   authflowtest.Body
		want   string
	}{
		{"off", func(c *social.ProviderConfig) { c.DisableSignUp = true }, authflowtest.Body{"requestSignUp": true}, "/oops?from=sign-in&error=signup_disabled"},
		{"only on request", func(c *social.ProviderConfig) { c.DisableImplicitSignUp = true }, nil, "/oops?from=sign-in&error=signup_disabled"},
		{"only on request, which says no", func(c *social.ProviderConfig) { c.DisableImplicitSignUp = true }, authflowtest.Body{"requestSignUp": false}, "/oops?from=sign-in&error=signup_disabled"},
		{"on request", func(c *social.ProviderConfig) { c.DisableImplicitSignUp = true }, authflowtest.Body{"requestSignUp": true}, "/welcome"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, "github")
			flow := start(t, []*fake{p}, adjustProvider("github", test.change))
			browser := flow.Browser()
			browser.Get(p.consent(begin(browser, "github", test.body), ada())).RedirectsTo(test.want)
			// Who is here already comes in.
			user := flow.User("Grace")
			who := as(user)
			who.subject = "77"
			signIn(flow.Browser(), p, who).RedirectsTo("/app")
		})
	}
}

func TestEverySignInCopiesTheProfileWhereThatIsSet(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p}, adjustProvider("google", func(c *social.ProviderConfig) { c.OverrideUserInfoOnSignIn = true }))
	browser := flow.Browser()
	signIn(browser, p, ada())
	who := ada()
	who.name, who.email, who.image, who.verified = "Countess", "countess@people.test", "https://pictures.test/c.png", false
	signIn(browser, p, who).RedirectsTo("/app")
	got := userOf(t, flow, browser)
	if got.Name != "Countess" || got.Email != "countess@people.test" || got.EmailVerified || *got.Image != "https://pictures.test/c.png" {
		t.Errorf("%+v", got)
	}
	if e := flow.LastEvent(authflow.EventEmailChanged); e.UserID != got.ID {
		t.Errorf("%+v", e)
	}
	who.email = flow.User("Grace").Email // which stays hers
	signIn(browser, p, who).RedirectsTo("/app")
	if got := userOf(t, flow, browser); got.Email != "countess@people.test" {
		t.Errorf("%+v", got)
	}
}

func TestAnAccountWithoutItsUserIsNotFollowed(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	now := flow.Core.Now()
	for _, user := range []sessionstore.User{flow.User("Ada"), flow.User("Grace")} {
		must(t, flow.Store.CreateAccount(t.Context(), sessionstore.Account{
			ID: sessionstore.AccountID(sessionstore.NewID()), UserID: user.ID, ProviderID: "github", AccountID: "1234567890", CreatedAt: now, UpdatedAt: now,
		}))
	}
	browser := flow.Browser()
	signIn(browser, p, ada()).RedirectsTo("/oops?from=sign-in&error=internal_server_error")
	if !strings.Contains(flow.Log(), "several accounts of github have one accountId") || browser.Token() != "" {
		t.Error(flow.Log())
	}
}

func TestTwoProvidersThatMakeOneAddressAtOnceMakeOneUser(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	type begun struct {
		browser  *authflowtest.Browser
		callback string
	}
	var all []begun
	for i := range 8 {
		who := ada()
		who.subject = "99" + string(rune('0'+i))
		browser := flow.Browser()
		all = append(all, begun{browser, p.consent(begin(browser, "github", nil), who)})
	}
	answers := make(chan *authflowtest.Answer)
	for _, b := range all {
		go func() { answers <- b.browser.Get(b.callback) }()
	}
	made := 0
	for range all {
		switch a := <-answers; a.Header.Get("Location") {
		case "/welcome":
			made++
		case "/app", "/oops?from=sign-in&error=unable_to_create_user":
		default:
			t.Errorf("%d leads to %q", a.Status, a.Header.Get("Location"))
		}
	}
	if made != 1 {
		t.Errorf("%d users were made", made)
	}
}

func TestOneIdentityMakesOneAccountHoweverManyComeAtOnce(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	user := flow.User("Ada")
	answers := make(chan *authflowtest.Answer)
	for range 8 {
		browser := flow.Browser()
		callback := p.consent(begin(browser, "github", nil), as(user))
		go func() { answers <- browser.Get(callback) }()
	}
	for range 8 {
		(<-answers).RedirectsTo("/app")
	}
	if accounts := accountsOf(t, flow, user.ID); len(accounts) != 2 {
		t.Errorf("%d accounts", len(accounts))
	}
}

func TestAnAccountIsLinkedFromASession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *fake) {
		flow := start(t, []*fake{p})
		user := flow.User("Ada")
		browser := flow.SignedIn(user)
		token := browser.Token()
		linkTo(browser, p, as(user)).RedirectsTo("/settings").Sets("-state")
		if browser.Token() != token {
			t.Error("the session changed")
		}
		accounts := accountsOf(t, flow, user.ID)
		if len(accounts) != 2 {
			t.Fatalf("%+v", accounts)
		}
		first := accountWith(t, flow, user.ID, p.id)
		if got := userOf(t, flow, browser); got.Name != "Ada" || got.Image != nil {
			t.Errorf("%+v", got)
		}
		if e := flow.LastEvent(authflow.EventAccountLinked); e.UserID != user.ID || e.Reason != p.id {
			t.Errorf("%+v", e)
		}
		// Once more, to grant more.
		address := browser.Post("/link-social", authflowtest.Body{"provider": p.id, "scopes": []string{"calendar"}, "callbackURL": "/settings"}).Is(200).Text("url")
		browser.Get(p.consent(address, as(user))).RedirectsTo("/settings")
		again := accountWith(t, flow, user.ID, p.id)
		if again.ID != first.ID || !strings.HasPrefix(*again.Scope, *first.Scope) || !strings.Contains(*again.Scope, "calendar") || *again.AccessToken == *first.AccessToken {
			t.Errorf("%+v", again)
		}
		signIn(flow.Browser(), p, as(user)).RedirectsTo("/app")
	})
}

func TestLinksThatAreRefused(t *testing.T) {
	t.Parallel()
	const unable, differs, another = "/oops?error=unable_to_link_account", "/oops?error=email_does_not_match", "/oops?error=account_already_linked_to_different_user"
	for _, test := range []struct {
		name    string
		linking social.LinkingConfig
		person  func(*person)
		between func(t *testing.T, flow *authflowtest.Flow, user sessionstore.User, session sessionstore.Session)
		want    string
	}{
		{name: "off", want: unable},
		{name: "not verified, not trusted", linking: social.LinkingConfig{Enabled: true}, person: func(p *person) { p.verified = false }, want: unable},
		{name: "not verified, trusted", linking: social.LinkingConfig{Enabled: true, TrustedProviders: []string{"google"}}, person: func(p *person) { p.verified = false }, want: "/settings"},
		{name: "another address", linking: social.LinkingConfig{Enabled: true}, person: func(p *person) { p.email = "other@people.test" }, want: differs},
		{name: "another address, allowed", linking: social.LinkingConfig{Enabled: true, AllowDifferentEmails: true}, person: func(p *person) { p.email = "other@people.test" }, want: "/settings"},
		{name: "no address", linking: social.LinkingConfig{Enabled: true}, person: func(p *person) { p.email = "" }, want: differs},
		{name: "another user's account", linking: social.LinkingConfig{Enabled: true}, between: func(t *testing.T, flow *authflowtest.Flow, _ sessionstore.User, _ sessionstore.Session) {
			must(t, flow.Store.CreateAccount(t.Context(), sessionstore.Account{ID: "theirs", UserID: flow.User("Grace").ID, ProviderID: "google", AccountID: "1234567890"}))
		}, want: another},
		{name: "the session was ended", linking: social.LinkingConfig{Enabled: true}, between: func(t *testing.T, flow *authflowtest.Flow, _ sessionstore.User, s sessionstore.Session) {
			_, err := flow.Store.DeleteSession(t.Context(), s.Token)
			must(t, err)
		}, want: unable},
		{name: "the session has expired", linking: social.LinkingConfig{Enabled: true}, between: func(_ *testing.T, flow *authflowtest.Flow, _ sessionstore.User, s sessionstore.Session) {
			flow.Clock.Advance(9 * time.Minute)
		}, want: unable},
		{name: "the user was deleted", linking: social.LinkingConfig{Enabled: true}, between: func(t *testing.T, flow *authflowtest.Flow, u sessionstore.User, _ sessionstore.Session) {
			must(t, flow.Store.DeleteUser(t.Context(), u.ID))
		}, want: unable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, "google")
			flow := start(t, []*fake{p}, func(s *authflowtest.Settings) { s.Linking = test.linking })
			user := flow.User("Ada")
			session := flow.Session(user)
			browser := flow.Holding(session)
			if test.name == "the session has expired" {
				flow.Clock.Advance(7*24*time.Hour - 5*time.Minute)
				browser = browser.With("Cookie", "better-auth.dont_remember="+authflow.EscapeComponent(flow.Signed("true"))) // so that it is not renewed
			}
			who := as(user)
			if test.person != nil {
				test.person(&who)
			}
			address := browser.Post("/link-social", authflowtest.Body{"provider": "google", "callbackURL": "/settings", "errorCallbackURL": "/oops"}).Is(200).Text("url")
			callback := p.consent(address, who)
			if test.between != nil {
				test.between(t, flow, user, session)
			}
			browser.Get(callback).RedirectsTo(test.want)
			accounts := accountsOf(t, flow, user.ID)
			if linked := len(accounts) > 1; linked != (test.want == "/settings") {
				t.Errorf("%+v", accounts)
			}
			if e := flow.LastEvent(authflow.EventAccountLinked); (e.Outcome == authflow.OutcomeSuccess) != (test.want == "/settings") || e.UserID != user.ID {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestALinkNeedsASessionAndSaysWhich(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	flow.Browser().Post("/link-social", authflowtest.Body{"provider": "github"}).Fails(401, "UNAUTHORIZED")
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Post("/link-social", authflowtest.Body{"provider": "unheard-of"}).Fails(404, "PROVIDER_NOT_FOUND")
	answer := browser.Post("/link-social", authflowtest.Body{"provider": "github", "disableRedirect": true, "errorCallbackURL": "/oops", "callbackURL": "/settings"}).Is(200).Has("redirect", false)
	callback := p.consent(answer.Text("url"), as(user))
	rewriteState(t, flow, stateOf(t, callback), func(v map[string]any) {
		link := v["link"].(map[string]any)
		if link["userId"] != string(user.ID) || link["email"] != user.Email || len(link["encryptedSessionToken"].(string)) != 2*(24+32+16) {
			t.Errorf("%v", link)
		}
		// Somebody who can write to the table, but does not have the secret.
		victim := flow.User("Grace")
		link["userId"], link["email"] = string(victim.ID), user.Email
	})
	browser.Get(callback).RedirectsTo("/oops?error=unable_to_link_account")

	callback = p.consent(browser.Post("/link-social", authflowtest.Body{"provider": "github", "errorCallbackURL": "/oops"}).Text("url"), as(user))
	rewriteState(t, flow, stateOf(t, callback), func(v map[string]any) { delete(v["link"].(map[string]any), "encryptedSessionToken") })
	browser.Get(callback).RedirectsTo("/oops?error=unable_to_link_account")
}

func TestLinkingCopiesNameAndPictureWhereThatIsSet(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p}, func(s *authflowtest.Settings) { s.Linking.UpdateUserInfo, s.Linking.AllowDifferentEmails = true, true })
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	who := as(user)
	who.name, who.email = "Countess", "countess@people.test"
	linkTo(browser, p, who).RedirectsTo("/settings")
	got, err := flow.Store.FindUser(t.Context(), user.ID)
	must(t, err)
	if got.Name != "Countess" || got.Image == nil || got.Email != user.Email || !got.EmailVerified {
		t.Errorf("%+v", got)
	}
}

func TestAccountsAreUnlinkedButNotTheLast(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	linkTo(browser, p, as(user)).RedirectsTo("/settings")
	credential, linked := accountWith(t, flow, user.ID, "credential"), accountWith(t, flow, user.ID, "github")
	theirs := accountsOf(t, flow, flow.User("Grace").ID)[0]
	unlink := func(id sessionstore.AccountID) *authflowtest.Answer {
		return browser.Post("/unlink-account", authflowtest.Body{"accountId": string(id)})
	}
	unlink(theirs.ID).Says(400, `{"message":"Account not found","code":"ACCOUNT_NOT_FOUND"}`) // D60
	unlink(linked.ID).Says(200, `{"status":true}`)
	unlink(linked.ID).Says(400, `{"message":"You can't unlink your last account","code":"FAILED_TO_UNLINK_LAST_ACCOUNT"}`)
	unlink(credential.ID).Fails(400, "FAILED_TO_UNLINK_LAST_ACCOUNT")
	browser.Post("/unlink-account", authflowtest.Body{}).Invalid("[body.accountId] Invalid input: expected string, received undefined")
	flow.Browser().Post("/unlink-account", authflowtest.Body{"accountId": "x"}).Fails(401, "UNAUTHORIZED")
	if e := flow.LastEvent(authflow.EventAccountUnlinked); e.UserID != user.ID || e.Reason != "github" {
		t.Errorf("%+v", e)
	}
	flow.Clock.Advance(24 * time.Hour)
	unlink(credential.ID).Fails(403, "SESSION_NOT_FRESH")
}

func TestOfUnlinkingsAtOnceOneAccountIsLeft(t *testing.T) {
	t.Parallel()
	flow := start(t, nil)
	user := flow.WithoutPassword("Ada")
	var ids []sessionstore.AccountID
	for _, subject := range []string{"a", "b", "c", "d"} {
		id := sessionstore.AccountID("account-" + subject)
		must(t, flow.Store.CreateAccount(t.Context(), sessionstore.Account{ID: id, UserID: user.ID, ProviderID: "github", AccountID: subject}))
		ids = append(ids, id)
	}
	browser := flow.SignedIn(user)
	done := make(chan *authflowtest.Answer)
	for _, id := range ids {
		go func() { done <- browser.Post("/unlink-account", authflowtest.Body{"accountId": string(id)}) }()
	}
	for range ids {
		<-done
	}
	if left := accountsOf(t, flow, user.ID); len(left) != 1 {
		t.Errorf("%d accounts are left", len(left))
	}
}

func TestTheLastAccountGoesWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	flow := start(t, nil, func(s *authflowtest.Settings) { s.Linking.AllowUnlinkingAll = true })
	user := flow.User("Ada")
	flow.SignedIn(user).Post("/unlink-account", authflowtest.Body{"accountId": string(accountsOf(t, flow, user.ID)[0].ID)}).Says(200, `{"status":true}`)
}

func accountWith(t testing.TB, flow *authflowtest.Flow, user sessionstore.UserID, provider string) sessionstore.Account {
	t.Helper()
	for _, account := range accountsOf(t, flow, user) {
		if account.ProviderID == provider {
			return account
		}
	}
	t.Fatalf("no account with %s", provider)
	return sessionstore.Account{}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
