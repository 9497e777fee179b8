package social_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
)

func TestAnIDTokenSignsIn(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	token := p.idToken(&grant{person: ada(), nonce: "n"})
	answer := browser.Post("/sign-in/social", authflowtest.Body{"provider": "google", "idToken": authflowtest.Body{"token": token, "nonce": "n", "accessToken": "at", "refreshToken": "rt"}}).
		Is(200).Has("redirect", false).Has("user.email", "ada@people.test").Lacks("url").Sets("session_token")
	if answer.Text("token") != string(browser.Token()) {
		t.Error("the token is another session's")
	}
	a := accountsOf(t, flow, userOf(t, flow, browser).ID)[0]
	if *a.AccessToken != "at" || *a.IDToken != token || a.RefreshToken != nil || a.Scope != nil {
		t.Errorf("%+v", a)
	}
	if p.count("/token") != 0 {
		t.Error("the token endpoint was asked")
	}
}

// D39, D47: a token of somebody else, or one that lacks something.
func TestD39D47WrongIDTokensAreRefused(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p})
	now := flow.Clock.Now().Unix()
	for name, claims := range map[string]map[string]any{
		"issuer": {"iss": "https://evil.test"}, "no issuer": {"iss": nil}, "audience": {"aud": "another"}, "no audience": {"aud": nil}, "audiences": {"aud": []string{}},
		"expired": {"exp": now - 60}, "no end": {"exp": nil}, "end as text": {"exp": "tomorrow"}, "no start": {"iat": nil}, "too old": {"iat": now - 3700},
		"of the future": {"iat": now + 3600}, "no subject": {"sub": nil}, "empty subject": {"sub": ""}, "list as subject": {"sub": []string{"x"}}, "nonce": {"nonce": "another"}, "no nonce": {"nonce": nil},
	} {
		t.Run(name, func(t *testing.T) {
			who := ada()
			who.claims = claims
			browser := flow.For(t).Browser()
			browser.Post("/sign-in/social", authflowtest.Body{"provider": "google", "idToken": authflowtest.Body{"token": p.idToken(&grant{person: who, nonce: "n"}), "nonce": "n"}}).
				Says(401, `{"message":"Invalid token","code":"INVALID_TOKEN"}`).Sets()
		})
	}
	good := p.idToken(&grant{person: ada()})
	for _, token := range []string{"", "x", good + "x", good[:len(good)-4], "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + "."} {
		flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "google", "idToken": authflowtest.Body{"token": token}}).Fails(401, "INVALID_TOKEN")
	}
	if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != "invalid_token" || !strings.Contains(flow.Log(), "§3.1.3.7") {
		t.Errorf("%+v", e)
	}
}

func TestIDTokensThatDoNotSuffice(t *testing.T) {
	t.Parallel()
	google, github := fakeProvider(t, "google"), fakeProvider(t, "github")
	flow := start(t, []*fake{google, github}, adjustProvider("google", func(c *social.ProviderConfig) { c.DisableImplicitSignUp = true }))
	send := func(provider string, who person, more authflowtest.Body) *authflowtest.Answer {
		body := authflowtest.Body{"provider": provider, "idToken": authflowtest.Body{"token": google.idToken(&grant{person: who})}}
		for name, value := range more {
			body[name] = value
		}
		return flow.Browser().Post("/sign-in/social", body)
	}
	send("unheard-of", ada(), nil).Fails(404, "PROVIDER_NOT_FOUND")
	send("github", ada(), nil).Fails(404, "ID_TOKEN_NOT_SUPPORTED")
	nobody := ada()
	nobody.claims = map[string]any{"email": nil}
	send("google", nobody, nil).Fails(401, "USER_EMAIL_NOT_FOUND")
	odd := ada()
	odd.email = "ada@people.test@evil.test"
	send("google", odd, nil).Fails(401, "FAILED_TO_GET_USER_INFO")
	send("google", ada(), nil).Says(401, `{"message":"signup disabled","code":"OAUTH_LINK_ERROR"}`)
	send("google", ada(), authflowtest.Body{"requestSignUp": true}).Is(200)
	unverified := as(flow.Unverified("Grace"))
	unverified.subject = "77"
	send("google", unverified, nil).Says(401, `{"message":"account not linked","code":"OAUTH_LINK_ERROR"}`)
}

func TestAnIDTokenLinks(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p})
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	send := func(b *authflowtest.Browser, who person) *authflowtest.Answer {
		return b.Post("/link-social", authflowtest.Body{"provider": "google", "idToken": authflowtest.Body{"token": p.idToken(&grant{person: who}), "refreshToken": "rt"}})
	}
	other := as(user)
	other.email = "other@people.test"
	send(browser, other).Fails(401, "LINKING_DIFFERENT_EMAILS_NOT_ALLOWED")
	unverified := as(user)
	unverified.verified = false
	send(browser, unverified).Fails(401, "LINKING_NOT_ALLOWED")
	for range 2 {
		send(browser, as(user)).Says(200, `{"url":"","status":true,"redirect":false}`).Sets()
	}
	if a := accountWith(t, flow, user.ID, "google"); *a.RefreshToken != "rt" || len(accountsOf(t, flow, user.ID)) != 2 {
		t.Errorf("%+v", a)
	}
	stranger := flow.User("Grace")
	send(flow.SignedIn(stranger), as(stranger)).Fails(409, "SOCIAL_ACCOUNT_ALREADY_LINKED")
	if e := flow.LastEvent(authflow.EventAccountLinked); e.Outcome != authflow.OutcomeFailure || e.UserID != stranger.ID || e.Reason != "social_account_already_linked" {
		t.Errorf("%+v", e)
	}
}

func TestATokenOfTheTokenEndpointIsVerifiedToo(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"google", "acme"} {
		p := fakeProvider(t, id)
		flow := start(t, []*fake{p})
		for name, claims := range map[string]map[string]any{"aud": {"aud": "another"}, "iss": {"iss": "https://evil.test"}, "exp": {"exp": 1}, "sub": {"sub": nil}, "at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}} {
			who := ada()
			who.claims = claims
			signIn(flow.Browser(), p, who).RedirectsTo(oops + "unable_to_get_user_info")
			if !strings.Contains(flow.Log(), name) {
				t.Errorf("%s: %s is not named in the log", id, name)
			}
		}
	}
}

func TestADiscoveredProviderBindsTheTokenToTheRequest(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	p.metadata = map[string]any{"authorization_response_iss_parameter_supported": true, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"}}
	p.basic = true
	flow := start(t, []*fake{p})
	signIn(flow.Browser(), p, ada()).RedirectsTo("/welcome")

	nonce := ada()
	nonce.claims = map[string]any{"nonce": "another"}
	signIn(flow.Browser(), p, nonce).RedirectsTo(oops + "unable_to_get_user_info")

	for from, want := range map[string]string{"&iss=x&": "issuer_mismatch", "&": "issuer_missing"} { // RFC 9207 §2.4
		browser := flow.Browser()
		callback := p.consent(begin(browser, "acme", nil), ada())
		path, query, _ := strings.Cut(callback, "?")
		var kept []string
		for pair := range strings.SplitSeq(query, "&") {
			if !strings.HasPrefix(pair, "iss=") {
				kept = append(kept, pair)
			}
		}
		browser.Get(path + "?" + strings.Join(kept, "&") + strings.TrimSuffix(from, "&")).RedirectsTo(oops + want)
	}
	browser := flow.Browser()
	callback := p.consent(begin(browser, "acme", nil), ada())
	rewriteState(t, flow, stateOf(t, callback), func(v map[string]any) { delete(v, "idTokenNonce") })
	browser.Get(callback).RedirectsTo(oops + "nonce_binding_missing")
}

// Userinfo that speaks of somebody else than the ID token makes no third person of the two (OIDC Core §5.3.2).
func TestUserinfoMustAgreeWithTheIDToken(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	flow := start(t, []*fake{p})
	who := ada()
	who.claims = map[string]any{"email": nil} // so that userinfo is asked
	signIn(flow.Browser(), p, who).RedirectsTo("/welcome")
	p.instead("/user", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"sub": "somebody else", "email": "victim@people.test", "email_verified": true})
	})
	signIn(flow.Browser(), p, who).RedirectsTo(oops + "unable_to_get_user_info")
	if _, err := flow.Store.FindUserByEmail(t.Context(), "victim@people.test"); err == nil || !strings.Contains(flow.Log(), "§5.3.2") {
		t.Error(flow.Log())
	}
}

func TestAProviderThatCannotBeDiscoveredIsUnavailable(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	p.instead("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) })
	flow := start(t, []*fake{p})
	flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "acme"}).Fails(503, "PROVIDER_UNAVAILABLE")
}

func TestGoogleCanBeRestrictedToADomain(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p}, adjustProvider("google", func(c *social.ProviderConfig) { c.HostedDomain = "people.test" }))
	for hd, want := range map[any]string{nil: oops + "unable_to_get_user_info", "evil.test": oops + "unable_to_get_user_info", "people.test": "/welcome"} {
		who := ada()
		who.claims = map[string]any{"hd": hd}
		signIn(flow.Browser(), p, who).RedirectsTo(want)
	}
}

func TestTheAccountTravelsInACookieWhereThatIsSet(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow := start(t, []*fake{p}, func(s *authflowtest.Settings) { s.Account.StoreCookie = true })
	browser := flow.Browser()
	signIn(browser, p, ada()).RedirectsTo("/welcome").Sets("-state", "session_token", "account_data")
	account := accountsOf(t, flow, userOf(t, flow, browser).ID)[0]
	byCookie := authflowtest.Body{"useAccountCookie": true}
	browser.Post("/get-access-token", byCookie).Is(200).Has("accessToken", *account.AccessToken)
	renewed := browser.Post("/refresh-token", byCookie).Is(200).Sets("account_data").Text("accessToken")
	browser.Post("/get-access-token", byCookie).Is(200).Has("accessToken", renewed)

	stranger := flow.SignedIn(flow.User("Grace"))
	stranger.SetCookie("better-auth.account_data", browser.Cookie("better-auth.account_data"))
	stranger.Post("/get-access-token", byCookie).Fails(400, "ACCOUNT_NOT_FOUND")
	kept := browser.Cookie("better-auth.account_data")
	for _, value := range []string{"", "x", kept[1:], kept + "x", "a.b.c.d.e"} {
		browser.SetCookie("better-auth.account_data", value)
		browser.Post("/get-access-token", byCookie).Fails(400, "ACCOUNT_NOT_FOUND")
	}
	browser.SetCookie("better-auth.account_data", kept)
	flow.Clock.Advance(5 * time.Minute)
	browser.Post("/get-access-token", byCookie).Fails(400, "ACCOUNT_NOT_FOUND")
	browser.Post("/sign-out", nil).Sets("-session_token", "-session_data", "-account_data", "-dont_remember")
}
