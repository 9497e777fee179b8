package social_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social/egress"
)

// oops is where a flow that fails ends.
const oops = "/oops?from=sign-in&error="

func TestOddAnswersLetNobodyIn(t *testing.T) {
	t.Parallel()
	says := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	const page = "<!doctype html><title>Sorry</title>"
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.test/token", http.StatusTemporaryRedirect)
	}
	for _, test := range []struct {
		name, path string
		answer     http.HandlerFunc
		want       string
	}{
		{"a page for tokens", "/token", says(200, "text/html", page), "invalid_code"},
		{"a page for an error", "/token", says(502, "text/html", page), "invalid_code"},
		{"nothing", "/token", says(200, "application/json", ""), "invalid_code"},
		{"null", "/token", says(200, "application/json", "null"), "invalid_code"},
		{"a list", "/token", says(200, "application/json", "[]"), "invalid_code"},
		{"no access token", "/token", says(200, "application/json", `{"token_type":"bearer"}`), "invalid_code"},
		{"a number for an access token", "/token", says(200, "application/json", `{"access_token":1}`), "invalid_code"},
		{"an error with status 200", "/token", says(200, "application/json", `{"error":"bad_verification_code"}`), "invalid_code"},
		{"a redirect for tokens", "/token", elsewhere, "invalid_code"},
		{"a page for a profile", "/user", says(200, "text/html", page), "unable_to_get_user_info"},
		{"null for a profile", "/user", says(200, "application/json", "null"), "unable_to_get_user_info"},
		{"a list for a profile", "/user", says(200, "application/json", `[{"id":1}]`), "unable_to_get_user_info"},
		{"no id", "/user", says(200, "application/json", `{"login":"ada"}`), "unable_to_get_user_info"},
		{"null id", "/user", says(200, "application/json", `{"id":null}`), "unable_to_get_user_info"},
		{"empty id", "/user", says(200, "application/json", `{"id":" "}`), "unable_to_get_user_info"},
		{"a list for an id", "/user", says(200, "application/json", `{"id":[1]}`), "unable_to_get_user_info"},
		{"an id that no database keeps", "/user", says(200, "application/json", `{"id":"a\u0000b"}`), "unable_to_get_user_info"},
		{"a redirect for a profile", "/user", elsewhere, "unable_to_get_user_info"},
		{"refused", "/user", says(403, "application/json", `{"message":"no"}`), "unable_to_get_user_info"},
		{"a page for addresses", "/emails", says(200, "text/html", page), "unable_to_get_user_info"},
		{"an object for addresses", "/emails", says(200, "application/json", `{"email":"ada@people.test"}`), "unable_to_get_user_info"},
		{"no addresses", "/emails", says(200, "application/json", `[]`), "email_not_found"},
		{"null for addresses", "/emails", says(200, "application/json", `null`), "email_not_found"},
		{"none is primary", "/emails", says(200, "application/json", `[{"email":"ada@people.test","primary":false,"verified":true}]`), "email_not_found"},
		{"the primary one is not verified", "/emails", says(200, "application/json", `[{"email":"ada@people.test","primary":true,"verified":false},{"email":"a@people.test","verified":true}]`), "email_not_found"},
		{"verified is no boolean", "/emails", says(200, "application/json", `[{"email":"ada@people.test","primary":true,"verified":"true"}]`), "unable_to_get_user_info"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, "github")
			flow := start(t, []*fake{p})
			p.instead(test.path, test.answer)
			browser := flow.Browser()
			signIn(browser, p, ada()).RedirectsTo(oops + test.want).Sets("-state")
			if browser.Token() != "" {
				t.Error("there is a session")
			}
			if _, err := flow.Store.FindUserByEmail(t.Context(), "ada@people.test"); err == nil {
				t.Error("a user was made")
			}
			if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != test.want || e.Outcome != authflow.OutcomeFailure {
				t.Errorf("%+v", e)
			}
			if log := flow.Log(); !strings.Contains(log, "social sign-in refused") || !strings.Contains(log, "provider=github code="+test.want) || strings.Contains(log, "doctype") {
				t.Error(log)
			}
		})
	}
}

// D76: an answer without end costs a MiB.
func TestD76AnEndlessAnswerIsCut(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/token": "invalid_code", "/user": "unable_to_get_user_info", "/emails": "unable_to_get_user_info"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, "github")
			flow := start(t, []*fake{p})
			var sent atomic.Int64
			p.instead(path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				chunk := []byte(strings.Repeat(" ", 64<<10))
				for sent.Load() < 1<<30 {
					n, err := w.Write(chunk)
					sent.Add(int64(n))
					if err != nil {
						return
					}
				}
			})
			signIn(flow.Browser(), p, ada()).RedirectsTo(oops + want)
			p.server.CloseClientConnections()
			if sent.Load() > 64<<20 {
				t.Errorf("%d bytes were taken", sent.Load())
			}
		})
	}
}

func TestAProviderThatDoesNotAnswerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p}, func(s *authflowtest.Settings) {
		s.Egress = egress.New(egress.Config{AllowPrivateAddresses: true, Timeout: time.Second})
	})
	p.instead("/token", func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // net/http notices that the client is gone once the body is read
		<-r.Context().Done()
	})
	signIn(flow.Browser(), p, ada()).RedirectsTo(oops + "invalid_code")
}

// D46: settings that lead into the own network do not, unless the operator says so.
func TestD46APrivateAddressIsNotAsked(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p}, func(s *authflowtest.Settings) { s.Egress = egress.New(egress.Config{}) })
	signIn(flow.Browser(), p, ada()).RedirectsTo(oops + "invalid_code")
	if p.count("/token") != 0 {
		t.Error("it was asked")
	}
}

// D40, D41: the form of an address is looked at before anything is decided on it.
func TestD40D41AddressesOfOtherFormsLetNobodyIn(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	user := flow.User("Ada")
	local, domain, _ := strings.Cut(user.Email, "@")
	for _, email := range []string{
		local + "＠" + domain, user.Email + "@evil.test", "evil@evil.test@" + domain, user.Email + ".", " " + user.Email, user.Email + "\n", `"` + local + `"@` + domain,
		local + "\u0301@" + domain, strings.Replace(user.Email, "e", "ｅ", 1), user.Email + "\x00", "x\r\nBcc: " + user.Email,
	} {
		who := ada()
		who.email = email
		browser := flow.Browser()
		signIn(browser, p, who).RedirectsTo(oops + "unable_to_get_user_info")
		if browser.Token() != "" {
			t.Errorf("%q signs in", email)
		}
	}
	if n := len(accountsOf(t, flow, user.ID)); n != 1 {
		t.Errorf("%d accounts", n)
	}
	who := ada()
	who.email = strings.ToUpper(user.Email) // is the same, and is kept in lower case
	browser := flow.Browser()
	signIn(browser, p, who).RedirectsTo("/app")
	if got := userOf(t, flow, browser); got.ID != user.ID || got.Email != user.Email {
		t.Errorf("%+v", got)
	}
}

func TestWhatAProviderSaysIsMadeToFit(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "github")
	flow := start(t, []*fake{p})
	who := ada()
	who.name, who.image = "Ada\x00\r\n<b>"+strings.Repeat("ä", 1000), strings.Repeat("x", 70<<10)
	browser := flow.Browser()
	signIn(browser, p, who).RedirectsTo("/welcome")
	user := userOf(t, flow, browser)
	if !strings.HasPrefix(user.Name, "Ada<b>ä") || len(user.Name) > 1024 || user.Image != nil {
		t.Errorf("%d bytes: %.40q, %v", len(user.Name), user.Name, user.Image)
	}
}

func TestADeadProviderIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	dead := fakeProvider(t, "github")
	flow := start(t, []*fake{dead})
	dead.instead("/token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	for range 8 {
		signIn(flow.Browser(), dead, ada()).RedirectsTo(oops + "invalid_code")
	}
	if n := dead.count("/token"); n != 5 {
		t.Errorf("asked %d times", n)
	}
}
