package social_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/sessionstore"
)

// settled is a flow in which somebody has come by the provider.
func settled(t *testing.T, p *fake, adjust ...func(*authflowtest.Settings)) (*authflowtest.Flow, *authflowtest.Browser, sessionstore.Account) {
	t.Helper()
	flow := start(t, []*fake{p}, adjust...)
	browser := flow.Browser()
	signIn(browser, p, ada()).RedirectsTo("/welcome")
	return flow, browser, accountsOf(t, flow, userOf(t, flow, browser).ID)[0]
}

func accountBody(a sessionstore.Account) authflowtest.Body {
	return authflowtest.Body{"accountId": string(a.ID)}
}

func TestAnAccessTokenIsHandedOutWhileItIsGood(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, browser, account := settled(t, p)
	expires, err := authflow.Time(flow.Core.Now().Add(time.Hour)).MarshalText()
	must(t, err)
	want := fmt.Sprintf(`{"accessToken":%q,"accessTokenExpiresAt":%q,"scopes":["email","profile","openid"],"idToken":%q}`, *account.AccessToken, expires, *account.IDToken)
	browser.Post("/get-access-token", accountBody(account)).Says(200, want)
	flow.Clock.Advance(time.Hour - 5*time.Second)
	browser.Post("/get-access-token", accountBody(account)).Says(200, want)
	flow.Clock.Advance(time.Millisecond)
	renewed := browser.Post("/get-access-token", accountBody(account)).Is(200).Text("accessToken")
	if now := accountsOf(t, flow, account.UserID)[0]; renewed == *account.AccessToken || renewed != *now.AccessToken || *now.RefreshToken != *account.RefreshToken ||
		!now.AccessTokenExpiresAt.Equal(flow.Core.Now().Add(time.Hour)) || *now.Scope != *account.Scope {
		t.Errorf("%+v", now)
	}
	if p.redeemed[*account.RefreshToken] != 1 {
		t.Errorf("%d renewals", p.redeemed[*account.RefreshToken])
	}
}

func TestATokenThatDoesNotExpireIsHandedOut(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	_, browser, account := settled(t, p)
	browser.Post("/get-access-token", accountBody(account)).
		Says(200, fmt.Sprintf(`{"accessToken":%q,"scopes":["read:user","user:email"]}`, *account.AccessToken))
	browser.Post("/refresh-token", accountBody(account)).Says(400, `{"message":"Refresh token not found","code":"REFRESH_TOKEN_NOT_FOUND"}`)
}

func TestARefreshTokenIsRedeemed(t *testing.T) {
	t.Parallel()
	for _, rotates := range []bool{false, true} {
		p := fakeProvider(t, "google")
		p.rotates = rotates
		flow, browser, account := settled(t, p)
		flow.Clock.Advance(time.Minute)
		answer := browser.Post("/refresh-token", accountBody(account)).Is(200).
			Has("refreshTokenExpiresAt", nil).Has("scope", "email,profile,openid").Has("providerId", "google").Has("accountId", string(account.ID)).
			Has("accessTokenExpiresAt", "2026-03-01T13:31:15.123Z")
		now := accountsOf(t, flow, account.UserID)[0]
		if answer.Text("accessToken") != *now.AccessToken || answer.Text("refreshToken") != *now.RefreshToken || answer.Text("idToken") != *now.IDToken ||
			*now.AccessToken == *account.AccessToken || (*now.RefreshToken != *account.RefreshToken) != rotates || *now.IDToken == *account.IDToken {
			t.Errorf("%s\n%+v", answer.Body, now)
		}
	}
}

func TestTokensAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, browser, account := settled(t, p)
	stranger := flow.SignedIn(flow.User("Grace"))
	for path, send := range map[string]func(b *authflowtest.Browser, id string) *authflowtest.Answer{
		"/get-access-token": func(b *authflowtest.Browser, id string) *authflowtest.Answer {
			return b.Post("/get-access-token", authflowtest.Body{"accountId": id, "userId": string(account.UserID)})
		},
		"/refresh-token": func(b *authflowtest.Browser, id string) *authflowtest.Answer {
			return b.Post("/refresh-token", authflowtest.Body{"accountId": id, "userId": string(account.UserID)})
		},
		"/account-info": func(b *authflowtest.Browser, id string) *authflowtest.Answer {
			return b.Get("/account-info?userId=" + string(account.UserID) + "&accountId=" + id)
		},
	} {
		t.Run(path, func(t *testing.T) {
			send(flow.Browser(), string(account.ID)).Says(401, "")
			send(stranger, string(account.ID)).Says(400, `{"message":"Account not found","code":"ACCOUNT_NOT_FOUND"}`) // D60
			send(browser, "").Fails(400, "ACCOUNT_NOT_FOUND")
			send(browser, account.AccountID).Fails(400, "ACCOUNT_NOT_FOUND") // the provider's subject is no id of ours
			send(browser, string(account.ID)).Is(200)
		})
	}
	browser.Post("/get-access-token", authflowtest.Body{"useAccountCookie": true}).Fails(400, "ACCOUNT_NOT_FOUND")
	browser.Post("/get-access-token", authflowtest.Body{}).Invalid("[body] Invalid input")
	browser.Post("/get-access-token", nil).Invalid("[body] Invalid input")
	browser.Post("/refresh-token", authflowtest.Body{"accountId": "x", "providerId": "google"}).Invalid(`[body] Unrecognized key: "providerId"`)
	browser.Get("/account-info").Invalid("[query] Invalid input")
	credential := flow.User("Linus")
	flow.SignedIn(credential).Post("/get-access-token", accountBody(accountsOf(t, flow, credential.ID)[0])).
		Says(400, `{"message":"Provider credential is not supported.","code":"PROVIDER_NOT_SUPPORTED"}`)
	flow.SignedIn(credential).Get("/account-info?accountId="+string(accountsOf(t, flow, credential.ID)[0].ID)).
		Says(400, `{"message":"Account is not associated with a configured social provider.","code":"PROVIDER_NOT_CONFIGURED"}`)
}

func TestTheProvidersRefusalIsTold(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, browser, account := settled(t, p)
	p.instead("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"very secret words"}`)
	})
	browser.Post("/refresh-token", accountBody(account)).Says(400, `{"message":"Failed to refresh access token","code":"FAILED_TO_REFRESH_ACCESS_TOKEN"}`)
	browser.Post("/get-access-token", accountBody(account)).Is(200)
	flow.Clock.Advance(2 * time.Hour)
	browser.Post("/get-access-token", accountBody(account)).Says(400, `{"message":"Failed to get a valid access token","code":"FAILED_TO_GET_ACCESS_TOKEN"}`)
	if now := accountsOf(t, flow, account.UserID)[0]; *now.RefreshToken != *account.RefreshToken || *now.AccessToken != *account.AccessToken {
		t.Errorf("%+v", now)
	}
	if log := flow.Log(); !strings.Contains(log, "invalid_grant") || strings.Contains(log, "secret words") || strings.Contains(log, *account.RefreshToken) {
		t.Error(log)
	}
}

// A refresh token that is replaced when it is used must not be used twice: the provider would take that for theft.
func TestARefreshTokenIsRedeemedOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	p.rotates = true
	flow, browser, account := settled(t, p)
	replica := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Beside, s.BaseURL = flow, flow.BaseURL
		s.Social = social.Config{"google": p.settings()}
	})
	elsewhere := replica.Browser()
	elsewhere.SetCookie("better-auth.session_token", browser.Cookie("better-auth.session_token"))
	flow.Clock.Advance(time.Hour)

	// The provider answers once all have asked.
	const each = 10
	asked := make(chan struct{}, 2*each)
	hold := make(chan struct{})
	p.instead("/token", func(w http.ResponseWriter, r *http.Request) {
		<-hold
		p.token(w, r)
	})
	answers := make(chan *authflowtest.Answer)
	for range each {
		for _, b := range []*authflowtest.Browser{browser, elsewhere} {
			go func() {
				asked <- struct{}{}
				answers <- b.Post("/get-access-token", accountBody(account))
			}()
		}
	}
	for range 2 * each {
		<-asked
	}
	close(hold)
	got := map[string]int{}
	for range 2 * each {
		got[(<-answers).Is(200).Text("accessToken")]++
	}
	now := accountsOf(t, flow, account.UserID)[0]
	if len(got) != 1 || got[*now.AccessToken] != 2*each || p.redeemed[*account.RefreshToken] != 1 {
		t.Errorf("%v, redeemed %d times", got, p.redeemed[*account.RefreshToken])
	}
	if _, err := flow.Store.FindLatestVerification(t.Context(), "postern-token-renewal:"+string(account.ID)); err == nil {
		t.Error("the right to renew was not given back")
	}
}

func TestAReplicaThatDiedDoesNotBlockRenewals(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	flow, browser, account := settled(t, p)
	flow.Clock.Advance(time.Hour)
	must(t, flow.Store.CreateVerification(t.Context(), sessionstore.Verification{
		ID: "left", Identifier: "postern-token-renewal:" + string(account.ID), Value: "renewing", ExpiresAt: flow.Core.Now().Add(30 * time.Second),
	}))
	answered := make(chan *authflowtest.Answer)
	go func() { answered <- browser.Post("/get-access-token", accountBody(account)) }()
	flow.Clock.Advance(30 * time.Second)
	(<-answered).Is(200)
	if p.redeemed[*account.RefreshToken] != 1 {
		t.Errorf("redeemed %d times", p.redeemed[*account.RefreshToken])
	}
}

func TestARenewalDoesNotOverwriteANewerSignIn(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	p.rotates = true
	flow, browser, account := settled(t, p)
	newer := "of a newer sign-in"
	p.instead("/token", func(w http.ResponseWriter, r *http.Request) {
		_, err := flow.Store.UpdateTokens(t.Context(), account.ID, sessionstore.TokenChange{RefreshToken: &newer})
		must(t, err)
		p.token(w, r)
	})
	renewed := browser.Post("/refresh-token", accountBody(account)).Is(200).Text("accessToken")
	if now := accountsOf(t, flow, account.UserID)[0]; *now.RefreshToken != newer || *now.AccessToken == renewed {
		t.Errorf("%+v", now)
	}
}

func TestTokensAreEncryptedWhereThatIsSetAndReadEitherWay(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "google")
	encrypted := func(s *authflowtest.Settings) { s.Account.EncryptOAuthTokens = true }
	flow, browser, account := settled(t, p, encrypted)
	if len(*account.AccessToken) != 2*(24+24+16) || len(*account.RefreshToken) != 2*(24+24+16) || strings.Count(*account.IDToken, ".") != 2 {
		t.Errorf("%+v", account)
	}
	token := browser.Post("/get-access-token", accountBody(account)).Is(200).Text("accessToken")
	if plain, _, ok := flow.Core.Keys.Unseal(*account.AccessToken); !ok || string(plain) != token {
		t.Errorf("handed out %q, stored %q", token, plain)
	}
	flow.Clock.Advance(time.Hour)
	renewed := browser.Post("/get-access-token", accountBody(account)).Is(200).Text("accessToken")
	now := accountsOf(t, flow, account.UserID)[0]
	if plain, _, ok := flow.Core.Keys.Unseal(*now.AccessToken); !ok || string(plain) != renewed || renewed == token || *now.RefreshToken != *account.RefreshToken {
		t.Errorf("handed out %q, stored %+v", renewed, now)
	}

	// The option off again: what is encrypted is read, what is new is not.
	off := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Beside, s.BaseURL = flow, flow.BaseURL
		s.Social = social.Config{"google": p.settings()}
	})
	elsewhere := off.Browser()
	elsewhere.SetCookie("better-auth.session_token", browser.Cookie("better-auth.session_token"))
	elsewhere.Post("/get-access-token", accountBody(account)).Is(200).Has("accessToken", renewed)
	refreshed := elsewhere.Post("/refresh-token", accountBody(account)).Is(200).Text("accessToken")
	if now := accountsOf(t, flow, account.UserID)[0]; *now.AccessToken != refreshed {
		t.Errorf("%+v", now)
	}
	// And on, over what is plain.
	browser.Post("/get-access-token", accountBody(account)).Is(200).Has("accessToken", refreshed)

	lost := strings.Repeat("ab", 100)
	_, err := flow.Store.UpdateTokens(t.Context(), account.ID, sessionstore.TokenChange{AccessToken: &lost})
	must(t, err)
	browser.Post("/get-access-token", accountBody(account)).Fails(400, "FAILED_TO_GET_ACCESS_TOKEN")
	if !strings.Contains(flow.Log(), "auth.previous_secrets") {
		t.Error(flow.Log())
	}
}

func TestTheProviderTellsAboutItsUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *fake) {
		_, browser, account := settled(t, p)
		answer := browser.Get("/account-info?accountId="+string(account.ID)).Is(200).
			Has("user.name", "Ada Lovelace").Has("user.email", "ada@people.test").Has("user.emailVerified", true).Has("user.image", "https://pictures.test/ada.png").
			Has("account.id", string(account.ID)).Has("account.providerId", p.id).Has("account.accountId", "1234567890")
		var body struct{ Data map[string]json.RawMessage }
		answer.Decode(&body)
		want := map[string]string{"sub": `"1234567890"`}
		if p.id == "github" {
			want = map[string]string{"id": "1234567890", "login": `"ada-l"`, "email": `"ada@people.test"`} // a number stays one
		}
		for name, value := range want {
			if string(body.Data[name]) != value {
				t.Errorf("%s is %s in %s", name, body.Data[name], answer.Body)
			}
		}
		if strings.Contains(answer.Body, *account.AccessToken) {
			t.Error("the access token is shown")
		}
	})
}

// The tokens of an account may have come from a client, which may have put another's in.
func TestWhatIsSaidOfSomebodyElseIsNotShown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *fake) {
		flow, browser, account := settled(t, p)
		other := ada()
		other.subject, other.email = "987", "grace@people.test"
		elsewhere := flow.Browser()
		signIn(elsewhere, p, other).RedirectsTo("/welcome")
		theirs := accountsOf(t, flow, userOf(t, flow, elsewhere).ID)[0]
		if _, err := flow.Store.UpdateTokens(t.Context(), account.ID, sessionstore.TokenChange{AccessToken: theirs.AccessToken, IDToken: theirs.IDToken}); err != nil {
			t.Fatal(err)
		}
		browser.Get("/account-info?accountId="+string(account.ID)).Fails(401, "FAILED_TO_GET_USER_INFO")
	})
}

func TestNoTokenIsLogged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *fake) {
		flow, browser, account := settled(t, p)
		browser.Post("/refresh-token", accountBody(account))
		p.instead("/user", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		p.instead("/jwks", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		browser.Get("/account-info?accountId=" + string(account.ID))
		signIn(flow.Browser(), p, ada())
		for _, a := range append(accountsOf(t, flow, account.UserID), account) {
			for _, secret := range []*string{a.AccessToken, a.RefreshToken, a.IDToken, &p.secret} {
				if secret != nil && strings.Contains(flow.Log(), *secret) {
					t.Errorf("%q is in the log", *secret)
				}
			}
		}
		for code := range p.codes {
			if strings.Contains(flow.Log(), code) {
				t.Errorf("a code is in the log")
			}
		}
	})
}
