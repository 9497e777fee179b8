package social_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
)

// atSession is somebody whose ID token names the provider's session.
func atSession(who person, sid string) person {
	who.claims = map[string]any{"sid": sid}
	return who
}

// logoutClaims are those of a good logout token about ada's session.
func (f *fake) logoutClaims(sid, jti string) map[string]any {
	now := f.clock().Unix()
	return map[string]any{
		"iss": f.issuer(), "aud": f.clientID, "iat": now, "exp": now + 120, "jti": jti, "sub": ada().subject, "sid": sid,
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
}

// tells is what a provider's server sends, as a form and without cookies.
func (f *fake) tells(claims map[string]any) *authflowtest.Answer {
	return f.posts("/backchannel-logout/"+f.id, url.Values{"logout_token": {f.sign(claims)}})
}

func (f *fake) posts(path string, form url.Values) *authflowtest.Answer {
	return f.flow.Browser().Send(authflowtest.Request{
		Method: http.MethodPost, Path: path, Body: form.Encode(), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	})
}

func signedIn(t *testing.T, browser *authflowtest.Browser) bool {
	t.Helper()
	return browser.Get("/get-session").Is(200).Body != "null"
}

func TestASessionDiesWhenTheProviderSaysSo(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	flow := start(t, []*fake{p})
	one, two, three, grace := flow.Browser(), flow.Browser(), flow.Browser(), flow.Browser()
	signIn(one, p, atSession(ada(), "sid-1")).Is(302)
	signIn(two, p, atSession(ada(), "sid-2")).Is(302)
	signIn(three, p, ada()).Is(302) // names no session
	signIn(grace, p, atSession(person{subject: "77", name: "Grace", email: "grace@people.test", verified: true}, "sid-3")).Is(302)
	for _, b := range []*authflowtest.Browser{one, two, three, grace} {
		if !signedIn(t, b) {
			t.Fatal("not signed in to begin with")
		}
	}
	adasID := userOf(t, flow, one).ID

	p.tells(p.logoutClaims("sid-1", "jti-1")).Is(200)
	if signedIn(t, one) || !signedIn(t, two) || !signedIn(t, three) || !signedIn(t, grace) {
		t.Error("not the one session, and it alone")
	}
	if e := flow.LastEvent(authflow.EventSessionRevoked); e.Reason != "provider_acme" || e.UserID != adasID || e.SessionID == "" {
		t.Errorf("%+v", e)
	}
	one.Get("/list-sessions").Is(401)

	// Somebody else's session, by a token that names both.
	mixed := p.logoutClaims("sid-3", "jti-2")
	p.tells(mixed).Is(200)
	if !signedIn(t, grace) {
		t.Error("a token about Ada has ended Grace's session")
	}

	// Without a session it is all of the user's.
	all := p.logoutClaims("", "jti-3")
	delete(all, "sid")
	p.tells(all).Is(200)
	if signedIn(t, two) || signedIn(t, three) || !signedIn(t, grace) {
		t.Error("not all of Ada's sessions, and hers alone")
	}
}

func TestSessionsOfOtherWaysDoNotDieWithAProviders(t *testing.T) {
	t.Parallel()
	p, other := fakeProvider(t, "acme"), fakeProvider(t, "other")
	flow := start(t, []*fake{p, other})
	user := flow.User("Ada")
	byPassword, byOther := flow.Browser(), flow.Browser()
	byPassword.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
	signIn(byOther, other, atSession(ada(), "sid-1")).Is(302)
	all := p.logoutClaims("", "jti-1")
	delete(all, "sid")
	p.tells(all).Is(200)
	p.tells(p.logoutClaims("sid-1", "jti-2")).Is(200)
	if !signedIn(t, byPassword) || !signedIn(t, byOther) {
		t.Error("a provider ended sessions that it did not begin")
	}
}

func TestALogoutTokenWorksOnceAndIsJudged(t *testing.T) {
	t.Parallel()
	p, other := fakeProvider(t, "acme"), fakeProvider(t, "other")
	flow := start(t, []*fake{p, other, fakeProvider(t, "github"), fakeProvider(t, "google")})
	browser := flow.Browser()
	signIn(browser, p, atSession(ada(), "sid-1")).Is(302)
	refused := func(name string, answer *authflowtest.Answer) {
		t.Helper()
		answer.Fails(400, "INVALID_LOGOUT_TOKEN")
		if !signedIn(t, browser) {
			t.Fatalf("%s ended the session", name)
		}
	}
	change := func(name string, value any) map[string]any {
		claims := p.logoutClaims("sid-1", "jti-of-"+name)
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
		return claims
	}
	for name, claims := range map[string]map[string]any{
		"no event": change("events", nil), "an ID token": change("nonce", "x"), "another audience": change("aud", "somebody"), "another issuer": change("iss", "https://evil.example"),
		"expired": change("exp", p.clock().Add(-time.Minute).Unix()), "old": change("iat", p.clock().Add(-time.Hour).Unix()), "no id": change("jti", nil),
	} {
		refused(name, p.tells(claims))
	}
	p.posts("/backchannel-logout/acme", url.Values{}).Fails(400, "VALIDATION_ERROR")
	p.posts("/backchannel-logout/acme", url.Values{"logout_token": {""}}).Fails(400, "INVALID_LOGOUT_TOKEN")
	refused("garbage", p.posts("/backchannel-logout/acme", url.Values{"logout_token": {"x.y.z"}}))
	refused("a token of the other provider at this one", p.posts("/backchannel-logout/acme", url.Values{"logout_token": {other.sign(other.logoutClaims("sid-1", "jti"))}}))
	refused("this one's at the other", p.posts("/backchannel-logout/other", url.Values{"logout_token": {p.sign(p.logoutClaims("sid-1", "jti"))}}))
	for _, id := range []string{"nobody", "github", "google"} {
		refused(id, p.posts("/backchannel-logout/"+id, url.Values{"logout_token": {p.sign(p.logoutClaims("sid-1", "jti"))}}))
	}

	token := url.Values{"logout_token": {p.sign(p.logoutClaims("sid-1", "the-jti"))}}
	var good atomic.Int64
	var at sync.WaitGroup
	for range 8 {
		at.Go(func() {
			if p.posts("/backchannel-logout/acme", token).Status == 200 {
				good.Add(1)
			}
		})
	}
	at.Wait()
	if good.Load() != 1 || signedIn(t, browser) {
		t.Errorf("%d of eight were the first", good.Load())
	}
	flow.Clock.Advance(time.Second) // the provider's session of that name is one that it began after that
	signIn(browser, p, atSession(ada(), "sid-1")).Is(302)
	refused("the same token later", p.posts("/backchannel-logout/acme", token))
	if log := flow.Log(); !strings.Contains(log, "logout token refused: events") || !strings.Contains(log, "OpenID Connect Back-Channel Logout 1.0 §2.6") {
		t.Error("the log does not say which check failed")
	}
}

func TestALogoutThatCannotBeJudgedOrKeptIsNoSuccess(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	signIn(browser, p, atSession(ada(), "sid-1")).Is(302)
	flow.Clock.Advance(25 * time.Hour) // what is known of the keys is too old by now
	p.instead("/jwks", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	p.tells(p.logoutClaims("sid-1", "jti-1")).Is(503)
}

func TestSigningOutLeadsToTheProvider(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	p.metadata = map[string]any{"end_session_endpoint": p.server.URL + "/logout?tenant=a"}
	flow := start(t, []*fake{p})
	out := func(body authflowtest.Body) (*authflowtest.Answer, url.Values) {
		t.Helper()
		browser := flow.Browser()
		signIn(browser, p, ada()).Is(302)
		idToken := *accountsOf(t, flow, userOf(t, flow, browser).ID)[0].IDToken
		answer := browser.Post("/sign-out", body).Is(200).Has("success", true).TakesSessionAway()
		target, err := url.Parse(answer.Text("url"))
		if err != nil || !strings.HasPrefix(target.String(), p.server.URL+"/logout?tenant=a&") {
			t.Errorf("leads to %s, %v", target, err)
		}
		if target.Query().Get("id_token_hint") != idToken {
			t.Errorf("id_token_hint %q", target.Query().Get("id_token_hint"))
		}
		return answer, target.Query()
	}
	answer, q := out(authflowtest.Body{"callbackURL": "/bye?a=b", "state": "the-state"})
	answer.Has("redirect", true)
	if q.Get("post_logout_redirect_uri") != flow.Core.BaseURL+"/bye?a=b" || q.Get("client_id") != p.clientID || q.Get("state") != "the-state" || answer.Header.Get("Location") != answer.Text("url") {
		t.Errorf("%v, Location %q", q, answer.Header.Get("Location"))
	}
	answer, q = out(authflowtest.Body{"disableRedirect": true})
	answer.Has("redirect", false)
	if q.Has("post_logout_redirect_uri") || q.Has("client_id") || q.Has("state") || answer.Header.Get("Location") != "" {
		t.Errorf("%v, Location %q", q, answer.Header.Get("Location"))
	}
	browser := flow.Browser()
	signIn(browser, p, ada()).Is(302)
	browser.Post("/sign-out", authflowtest.Body{"callbackURL": "https://evil.example/"}).Is(403)
	if !signedIn(t, browser) {
		t.Error("a refused request signs out")
	}
}

func TestSigningOutStaysHereWhereThereIsNothingElse(t *testing.T) {
	t.Parallel()
	plain, off, own := fakeProvider(t, "plain"), fakeProvider(t, "off"), fakeProvider(t, "own")
	off.metadata = map[string]any{"end_session_endpoint": off.server.URL + "/logout"}
	flow := start(t, []*fake{plain, off, own, fakeProvider(t, "github")},
		adjustProvider("off", func(c *social.ProviderConfig) { c.DisableProviderLogout = true }),
		adjustProvider("own", func(c *social.ProviderConfig) {
			c.EndSessionURL, c.PostLogoutRedirectURI = own.server.URL+"/elsewhere", "/goodbye"
		}))
	for _, p := range []*fake{plain, off} {
		browser := flow.Browser()
		signIn(browser, p, person{subject: p.id, name: p.id, email: p.id + "@people.test", verified: true}).Is(302)
		browser.Post("/sign-out", nil).Says(200, `{"success":true}`)
	}
	browser := flow.Browser()
	signIn(browser, own, person{subject: "own", name: "own", email: "own@people.test", verified: true}).Is(302)
	target := browser.Post("/sign-out", nil).Is(200).Text("url")
	if !strings.HasPrefix(target, own.server.URL+"/elsewhere?id_token_hint=") || !strings.Contains(target, "post_logout_redirect_uri="+url.QueryEscape(flow.Core.BaseURL+"/goodbye")+"&client_id="+own.clientID) {
		t.Errorf("leads to %s", target)
	}
	flow.Browser().Post("/sign-out", nil).Says(200, `{"success":true}`)
}

// Of several providers it is the one the session was begun with.
func TestSigningOutGoesWhereTheSessionCameFrom(t *testing.T) {
	t.Parallel()
	first, second := fakeProvider(t, "first"), fakeProvider(t, "second")
	for _, p := range []*fake{first, second} {
		p.metadata = map[string]any{"end_session_endpoint": p.server.URL + "/logout"}
	}
	flow := start(t, []*fake{first, second})
	browser := flow.Browser()
	signIn(browser, first, ada()).Is(302)
	linkTo(browser, second, ada()).RedirectsTo("/settings")
	other := flow.Browser()
	signIn(other, second, ada()).Is(302)
	for b, p := range map[*authflowtest.Browser]*fake{browser: first, other: second} {
		if target := b.Post("/sign-out", nil).Is(200).Text("url"); !strings.HasPrefix(target, p.server.URL+"/logout?") {
			t.Errorf("the session of %s ends at %s", p.id, target)
		}
	}
}
