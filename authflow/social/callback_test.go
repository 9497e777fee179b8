package social_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/sessionstore"
)

// stateOf is the state in an address.
func stateOf(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

// rewriteState changes what is remembered of a flow.
func rewriteState(t testing.TB, flow *authflowtest.Flow, name string, change func(map[string]any)) {
	t.Helper()
	ctx := t.Context()
	row, err := flow.Store.FindLatestVerification(ctx, "auth-state:"+name)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal([]byte(row.Value), &value); err != nil {
		t.Fatal(err)
	}
	change(value)
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flow.Store.DeleteVerification(ctx, row.ID); err != nil {
		t.Fatal(err)
	}
	row.Value = string(data)
	if err := flow.Store.CreateVerification(ctx, row); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsGoToTheErrorPage(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	p.lenient = true
	flow := start(t, []*fake{p})
	const page, own = "/oops?from=sign-in&error=", "/error?error="
	for _, test := range []struct {
		name  string
		query func(state, good string) string // good is the callback as it should be
		path  string
		want  string
		state bool // whether the state is used up
	}{
		{"the provider refuses", func(s, _ string) string {
			return "error=access_denied&error_description=The+user+said+%3Cno%3E&state=" + s
		}, "", page + "access_denied&error_description=The+user+said+%3Cno%3E", true},
		{"error before code", func(_, good string) string { return good + "&error=server_error" }, "", page + "server_error", true},
		{"no state", func(_, good string) string { return "code=x" }, "", own + "state_not_found", false},
		{"empty state", func(_, good string) string { return "code=x&state=" }, "", own + "state_not_found", false},
		{"nothing", func(_, good string) string { return "" }, "", own + "state_not_found", false},
		{"unknown state", func(_, good string) string { return "code=x&state=unknown" }, "", own + "state_mismatch", false},
		{"endless state", func(_, good string) string { return "code=x&state=" + strings.Repeat("a", 5000) }, "", own + "state_mismatch", false},
		{"no code", func(s, _ string) string { return "state=" + s }, "", page + "no_code", true},
		{"empty code", func(s, _ string) string { return "code=&state=" + s }, "", page + "no_code", true},
		{"wrong code", func(s, _ string) string { return "code=wrong&state=" + s }, "", page + "invalid_code", true},
		{"unknown provider", func(_, good string) string { return good }, "/callback/unheard-of", page + "oauth_provider_not_found", true},
		{"credential is no provider", func(_, good string) string { return good }, "/callback/credential", page + "oauth_provider_not_found", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			browser := flow.For(t).Browser()
			callback := p.consent(begin(browser, "github", nil), ada())
			_, good, _ := strings.Cut(callback, "?")
			path := "/callback/github"
			if test.path != "" {
				path = test.path
			}
			want := test.want
			if strings.HasPrefix(want, own) {
				want = flow.Core.APIURL + want
			}
			answer := browser.Get(path + "?" + test.query(stateOf(t, callback), good)).RedirectsTo(want)
			if used := len(answer.Header["Set-Cookie"]) > 0; used != test.state {
				t.Errorf("sets %q", answer.Header["Set-Cookie"])
			}
			if browser.Token() != "" {
				t.Error("there is a session")
			}
			again := browser.Get(callback)
			if test.state {
				again.RedirectsTo(flow.Core.APIURL + own + "state_mismatch")
			} else {
				again.RedirectsTo("/welcome")
				flow.InTx(func(tx *sessionstore.Store) error { return tx.DeleteUser(t.Context(), userOf(t, flow, browser).ID) })
			}
		})
	}
}

func TestOnlyTheBrowserThatBeganMayFinish(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	flow.Browser().Get(callback).RedirectsTo("/oops?from=sign-in&error=state_mismatch").Sets()

	forged := flow.Browser()
	forged.SetCookie("better-auth.state", authflow.EscapeComponent(stateOf(t, callback)+"."+strings.Repeat("A", 43)+"="))
	forged.Get(callback).RedirectsTo("/oops?from=sign-in&error=state_mismatch").Sets()
	forged.SetCookie("better-auth.state", stateOf(t, callback))
	forged.Get(callback).RedirectsTo("/oops?from=sign-in&error=state_mismatch")

	other := flow.Browser()
	begin(other, "github", nil)
	other.Get(callback).RedirectsTo("/oops?from=sign-in&error=state_mismatch").Sets()

	browser.Get(callback).RedirectsTo("/welcome").Sets("-state", "session_token")
	if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != "state_mismatch" {
		t.Errorf("%+v", e)
	}
	if p.count("/token") != 1 {
		t.Errorf("%d codes were redeemed", p.count("/token"))
	}
}

func TestASecondFlowVoidsTheFirst(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	first := p.consent(begin(browser, "github", nil), ada())
	second := p.consent(begin(browser, "github", nil), ada())
	browser.Get(first).RedirectsTo("/oops?from=sign-in&error=state_mismatch").Sets()
	browser.Get(second).RedirectsTo("/welcome")
}

func TestAStateExpires(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	flow.Clock.Advance(10 * time.Minute)
	browser.Get(callback).RedirectsTo("/welcome") // to the millisecond

	callback = p.consent(begin(browser, "github", nil), ada())
	flow.Clock.Advance(10*time.Minute + time.Millisecond)
	browser.Get(callback).RedirectsTo("/oops?from=sign-in&error=state_mismatch").Sets("-state")
	browser.Get(callback).RedirectsTo(flow.Core.APIURL + "/error?error=state_mismatch")
}

func TestWithoutTargetsTheStartPageIsTheTarget(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	open := func(body authflowtest.Body) string { return browser.Post("/sign-in/social", body).Is(200).Text("url") }
	callback := p.consent(open(authflowtest.Body{"provider": "github"}), ada())
	browser.Get("/callback/github?error=no&state=" + stateOf(t, callback)).RedirectsTo(flow.Core.APIURL + "/error?error=no")
	browser.Get(p.consent(open(authflowtest.Body{"provider": "github"}), ada())).RedirectsTo(flow.BaseURL)
	browser.Get(p.consent(open(authflowtest.Body{"provider": "github", "callbackURL": "", "errorCallbackURL": ""}), ada())).RedirectsTo(flow.BaseURL)
	browser.Post("/sign-in/social", authflowtest.Body{"provider": "github", "callbackURL": "https://evil.test"}).Fails(403, "INVALID_CALLBACK_URL")
	browser.Post("/sign-in/social", authflowtest.Body{"provider": "github", "errorCallbackURL": "//evil.test"}).Fails(403, "INVALID_ERROR_CALLBACK_URL")
	browser.Post("/sign-in/social", authflowtest.Body{"provider": "github", "newUserCallbackURL": `/\evil.test`}).Fails(403, "INVALID_NEW_USER_CALLBACK_URL")
}

func TestAPostedCallbackBecomesANavigation(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	_, form, _ := strings.Cut(callback, "?")
	// The provider's page posts, so the browser sends no cookie of ours.
	posted := flow.Browser().With("Origin", "https://appleid.apple.com").Send(authflowtest.Request{
		Method: http.MethodPost, Path: "/callback/github?iss=https%3A%2F%2Fid.test&code=counts", ContentType: "application/x-www-form-urlencoded",
		Body: form + "&user=%7B%7D&unknown=1",
	})
	posted.RedirectsTo(flow.Core.APIURL + "/callback/github?code=counts&state=" + stateOf(t, callback) + "&user=%7B%7D&iss=https%3A%2F%2Fid.test").Sets()
	browser.With("Origin", "https://appleid.apple.com").Send(authflowtest.Request{
		Method: http.MethodPost, Path: "/callback/github", ContentType: "application/x-www-form-urlencoded", Body: form,
	}).Fails(403, "INVALID_ORIGIN")
	browser.Get(callback).RedirectsTo("/welcome")
	flow.Browser().Post("/callback/github", nil).RedirectsTo(flow.Core.APIURL + "/callback/github?")
	flow.Browser().Get("/callback/github?code=a&code=b").Invalid("[query.code] Invalid input: expected string, received array")
}

// D42: what was begun with one provider does not end with another, though all else is right.
func TestD42StateIsBoundToTheProvider(t *testing.T) {
	t.Parallel()
	github, other := fakeProvider(t, "github"), fakeProvider(t, "github")
	flow := start(t, []*fake{github}, func(s *authflowtest.Settings) {
		cfg := other.settings()
		cfg.Issuer = "https://id.test"
		cfg.JWKSURL = other.server.URL + "/jwks"
		s.Social["other"] = cfg
	})
	browser := flow.Browser()
	callback := github.consent(begin(browser, "github", nil), ada())
	_, query, _ := strings.Cut(callback, "?")
	browser.Get("/callback/other?" + query).RedirectsTo("/oops?from=sign-in&error=state_mismatch").Sets("-state")
	browser.Get(callback).RedirectsTo(flow.Core.APIURL + "/error?error=state_mismatch")
	if other.count("/token") != 0 || github.count("/token") != 0 || browser.Token() != "" {
		t.Error("the code was redeemed")
	}
	if !strings.Contains(flow.Log(), "flow was begun with github and ends with other") {
		t.Error(flow.Log())
	}
}

func TestAFlowBegunAtABetterAuthServerEndsHere(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", authflowtest.Body{"additionalData": map[string]any{"cart": 7, "callbackURL": "https://evil.test", "oauthState": "x", "link": map[string]any{}, "provider": "x"}}), ada())
	rewriteState(t, flow, stateOf(t, callback), func(value map[string]any) {
		if value["cart"] != 7.0 || value["callbackURL"] != "/app" || value["errorURL"] != "/oops?from=sign-in" || value["newUserURL"] != "/welcome" || value["link"] != nil ||
			value["oauthState"] != stateOf(t, callback) || len(value["codeVerifier"].(string)) != 128 || value["expiresAt"].(float64) != float64(flow.Core.Now().Add(10*time.Minute).UnixMilli()) {
			t.Errorf("%v", value)
		}
		delete(value, "provider") // better-auth does not write it
	})
	browser.Get(callback).RedirectsTo("/welcome")
}

func TestAStateThatIsNotOursEndsInAnError(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	for name, change := range map[string]func(map[string]any){
		"another's":       func(v map[string]any) { v["oauthState"] = "another" },
		"without target":  func(v map[string]any) { delete(v, "callbackURL") },
		"without life":    func(v map[string]any) { delete(v, "expiresAt") },
		"of other types":  func(v map[string]any) { v["codeVerifier"] = 1 },
		"D45 no verifier": func(v map[string]any) { delete(v, "codeVerifier") },
		"with odd link":   func(v map[string]any) { v["link"] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			browser := flow.For(t).Browser()
			callback := p.consent(begin(browser, "github", nil), ada())
			rewriteState(t, flow, stateOf(t, callback), change)
			want := flow.Core.APIURL + "/error?error=internal_server_error"
			if name == "another's" {
				want = "/oops?from=sign-in&error=state_mismatch"
			}
			browser.Get(callback).RedirectsTo(want)
			if browser.Token() != "" {
				t.Error("there is a session")
			}
		})
	}
	if p.count("/token") != 0 {
		t.Error("a code was redeemed")
	}
}

// D45: a code that was asked for with another challenge is worth nothing, and the method is always S256 (the provider checks that).
func TestD45TheVerifierMustFitTheChallenge(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	p.lenient = true
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	rewriteState(t, flow, stateOf(t, callback), func(v map[string]any) { v["codeVerifier"] = strings.Repeat("a", 128) })
	browser.Get(callback).RedirectsTo("/oops?from=sign-in&error=invalid_code")
	flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "github", "additionalParams": map[string]string{"code_challenge_method": "plain"}}).
		Invalid("[body.additionalParams] additionalParams cannot include reserved OAuth parameters: state, client_id, redirect_uri, response_type, code_challenge, code_challenge_method, nonce, scope")
}

// D43: of callbacks that come at once with one state, one makes a session.
func TestD43OfParallelCallbacksOneSignsIn(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	cookie := browser.Cookie("better-auth.state")
	answers := make(chan *authflowtest.Answer)
	for range 10 {
		copied := flow.Browser()
		copied.SetCookie("better-auth.state", cookie)
		go func() { answers <- copied.Get(callback) }()
	}
	in := 0
	for range 10 {
		switch a := <-answers; a.Header.Get("Location") {
		case "/welcome":
			in++
		case flow.Core.APIURL + "/error?error=state_mismatch":
		default:
			t.Errorf("%d leads to %q", a.Status, a.Header.Get("Location"))
		}
	}
	if in != 1 || p.count("/token") != 1 {
		t.Errorf("%d signed in, %d codes were redeemed", in, p.count("/token"))
	}
}

// D44: nobody gets another's session, however many come at once.
func TestD44AThousandPeopleAtOnceStayThemselves(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	const people, atOnce = 1000, 25
	turns := make(chan int)
	var working sync.WaitGroup
	for range atOnce {
		working.Go(func() {
			for i := range turns {
				who := person{subject: strconv.Itoa(1_000_000 + i), name: "Person " + strconv.Itoa(i), email: "person" + strconv.Itoa(i) + "@people.test", verified: true}
				browser := flow.Browser()
				if signIn(browser, p, who).RedirectsTo("/welcome"); t.Failed() {
					continue
				}
				identity, err := flow.Store.FindSession(t.Context(), browser.Token())
				if err != nil || identity.User.Email != who.email || identity.User.Name != who.name {
					t.Errorf("%s got the session of %+v, %v", who.email, identity, err)
				}
			}
		})
	}
	for i := range people {
		turns <- i
	}
	close(turns)
	working.Wait()
}

// D48: however somebody signs in, the gates are asked.
func TestD48WhomAGateKeepsOutIsKeptOut(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	banned := map[sessionstore.UserID]bool{}
	flow := start(t, []*fake{p}, func(s *authflowtest.Settings) {
		s.Gates = []authflow.Gate{authflowtest.GateFunc(func(_ *authflow.Call, _ *sessionstore.Store, u sessionstore.User, method string) error {
			if method != "social_github" {
				t.Errorf("method %q", method)
			}
			if banned[u.ID] {
				return &authflow.Error{Status: 403, Code: "BANNED_USER", Message: "You have been banned"}
			}
			return nil
		})}
	})
	browser := flow.Browser()
	signIn(browser, p, ada()).RedirectsTo("/welcome")
	user := userOf(t, flow, browser)
	banned[user.ID] = true
	before := accountsOf(t, flow, user.ID)[0]
	elsewhere := flow.Browser()
	signIn(elsewhere, p, ada()).RedirectsTo("/oops?from=sign-in&error=BANNED_USER&error_description=You+have+been+banned").Sets("-state")
	if elsewhere.Token() != "" || *accountsOf(t, flow, user.ID)[0].AccessToken != *before.AccessToken {
		t.Error("something was written")
	}
	if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != "banned_user" {
		t.Errorf("%+v", e)
	}
}

// D48: a provider that is turned off between request and callback lets nobody in.
func TestD48AProviderThatIsTurnedOffLetsNobodyIn(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	after := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Beside, s.BaseURL = flow, flow.BaseURL
		off := p.settings()
		off.Enabled = false
		s.Social = social.Config{"github": off}
	})
	elsewhere := after.Browser()
	elsewhere.SetCookie("better-auth.state", browser.Cookie("better-auth.state"))
	elsewhere.Get(callback).RedirectsTo("/oops?from=sign-in&error=oauth_provider_not_found")
	elsewhere.Post("/sign-in/social", authflowtest.Body{"provider": "github"}).Says(404, `{"message":"Provider not found","code":"PROVIDER_NOT_FOUND"}`)
	if p.count("/token") != 0 {
		t.Error("the code was redeemed")
	}
}

func TestADatabaseThatIsAwayIsNoReasonForAPass(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	callback := p.consent(begin(browser, "github", nil), ada())
	flow.DatabaseAway(true)
	browser.Get(callback).RedirectsTo(flow.Core.APIURL + "/error?error=internal_server_error").Sets()
	flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "github"}).Fails(503, "SERVICE_UNAVAILABLE")
	flow.DatabaseBack()
	browser.Get(callback).RedirectsTo("/welcome")
}

func TestTheBrowsersChoiceOfBeingRememberedIsKept(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	browser := flow.Browser()
	browser.SetCookie("better-auth.dont_remember", authflow.EscapeComponent(flow.Signed("true")))
	answer := signIn(browser, p, ada()).Sets("-state", "session_token", "dont_remember")
	for _, line := range answer.Header["Set-Cookie"][1:] {
		if strings.Contains(line, "Max-Age") {
			t.Errorf("%s", line)
		}
	}
}
