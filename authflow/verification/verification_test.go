package verification_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// sent asks for a link and returns it.
func sent(flow *authflowtest.Flow, user sessionstore.User, callbackURL string) string {
	body := authflowtest.Body{"email": user.Email}
	if callbackURL != "" {
		body["callbackURL"] = callbackURL
	}
	flow.SignedIn(user).Post("/send-verification-email", body).Says(200, `{"status":true}`)
	return flow.Letter("verify-email", user.Email).Link()
}

// without is a link without its callbackURL.
func without(link string) string {
	link, _, _ = strings.Cut(link, "&callbackURL=")
	return link
}

func TestALinkProvesTheAddressAndSignsIn(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.Unverified("Ada")
	link := sent(flow, user, "")
	if !strings.HasPrefix(link, flow.Core.APIURL+"/verify-email?token=eyJhbGciOiJIUzI1NiJ9.") || !strings.HasSuffix(link, "&callbackURL=%2F") {
		t.Errorf("link %q", link)
	}
	browser := flow.Browser()
	browser.Open(link).RedirectsTo("/").Sets("session_token")
	browser.Get("/get-session").Is(200).Has("user.id", string(user.ID)).Has("user.emailVerified", true).Has("session.expiresAt", "2026-03-08T12:30:15.123Z")
	browser.Open(link).RedirectsTo("/").Sets() // it does nothing twice
	flow.Browser().Open(link).RedirectsTo("/").Sets()
	if e := flow.LastEvent(authflow.EventEmailVerified); e.UserID != user.ID || e.Outcome != authflow.OutcomeSuccess {
		t.Errorf("%+v", e)
	}
	if e := flow.LastEvent(authflow.EventSignIn); e.Reason != "verification" {
		t.Errorf("%+v", e)
	}
}

func TestALinkWithoutCallbackAnswersInJSON(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	link := without(sent(flow, flow.Unverified("Ada"), ""))
	flow.Browser().Open(link).Says(200, `{"status":true,"user":null}`).Sets("session_token")
	flow.Browser().Open(link+"&callbackURL=").Says(200, `{"status":true,"user":null}`).Sets()
}

func TestWhoHasASessionOfTheAddressKeepsIt(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.Unverified("Ada")
	link := sent(flow, user, "/in")
	browser := flow.SignedIn(user)
	token := browser.Token()
	browser.Open(link).RedirectsTo("/in").Sets("session_token")
	if browser.Token() != token {
		t.Error("the session was replaced")
	}
	stranger := flow.SignedIn(flow.User("Grace"))
	other := flow.Unverified("Linus")
	stranger.Open(sent(flow, other, "/in")).RedirectsTo("/in").Sets("session_token")
	stranger.Get("/get-session").Has("user.id", string(other.ID))
}

func TestProvingMaySignNobodyIn(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Verification.AutoSignInAfterVerification = false })
	user := flow.Unverified("Ada")
	link := sent(flow, user, "")
	flow.Browser().Open(link).RedirectsTo("/").Sets()
	flow.SignedIn(user).Get("/get-session").Has("user.emailVerified", true)
}

func TestAGateStopsVerificationFromSigningIn(t *testing.T) {
	t.Parallel()
	refusing := false
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Gates = append(s.Gates, authflowtest.GateFunc(func(_ *authflow.Call, _ *sessionstore.Store, _ sessionstore.User, method string) error {
			if refusing && method == "verification" {
				return &authflow.Error{Status: 403, Code: "BANNED_USER", Message: "You have been banned"}
			}
			return nil
		}))
	})
	link := sent(flow, flow.Unverified("Ada"), "")
	refusing = true
	flow.Browser().Open(link).Fails(403, "BANNED_USER").Sets()
	refusing = false
	flow.Browser().Open(link).RedirectsTo("/").Sets("session_token") // nothing had happened before
}

func TestD33D89LinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.Unverified("Ada")
	link := sent(flow, user, "")
	token := strings.TrimPrefix(without(link), flow.Core.APIURL+"/verify-email?token=")
	verify := func(query string) *authflowtest.Answer { return flow.Browser().Get("/verify-email?" + query) }
	for _, bad := range []string{"x", "a.b.c", "", ".", token[1:], token[:len(token)-1], token + "%0A", "%00", "%ef%bb%bf" + token} {
		verify("token="+bad).Says(401, `{"message":"Invalid token","code":"INVALID_TOKEN"}`).Sets()
		verify("token=" + bad + "&callbackURL=%2Fdone%3Fa%3Db%23c").RedirectsTo("/done?a=b&error=INVALID_TOKEN#c").Sets()
		if t.Failed() {
			t.Fatalf("token %q", bad)
		}
	}
	verify("").Invalid("[query.token] Invalid input: expected string, received undefined")
	verify("token=a&token=b").Invalid("[query.token] Invalid input: expected string, received array")
	verify("token=a&callbackURL=/a&callbackURL=/b").Invalid("[query.callbackURL] Invalid input: expected string, received array")
	for _, evil := range []string{"//evil.test", "https://evil.test", `/\evil.test`, "javascript:alert(1)", "/\t/evil.test"} {
		verify("token="+token+"&callbackURL="+url.QueryEscape(evil)).Fails(403, "INVALID_CALLBACK_URL").Sets()
	}
	// D33: what is left of a path without its dots must not be an address.
	for _, tricky := range []string{"/.//evil.test", "/a/..//evil.test", "/%2e//evil.test"} {
		verify("token=x&callbackURL=" + url.QueryEscape(tricky)).RedirectsTo("/.//evil.test?error=INVALID_TOKEN")
	}

	flow.Clock.Advance(15*time.Minute - time.Second)
	verify("token=" + token).Is(200)
	late := flow.Unverified("Grace")
	link = sent(flow, late, "/in")
	flow.Clock.Advance(15 * time.Minute)
	flow.Browser().Open(link).RedirectsTo("/in?error=TOKEN_EXPIRED").Sets()
	flow.Browser().Open(without(link)).Says(401, `{"message":"Token expired","code":"TOKEN_EXPIRED"}`)
	if e := flow.LastEvent(authflow.EventEmailVerified); e.Outcome != authflow.OutcomeFailure || e.Reason != "expired_token" {
		t.Errorf("%+v", e)
	}
}

func TestALinkIsOfOneUser(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.Unverified("Ada")
	link := without(sent(flow, user, ""))
	if err := flow.Store.DeleteUser(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	flow.Browser().Open(link).Says(401, `{"message":"User not found","code":"USER_NOT_FOUND"}`)
	another := user
	another.ID = sessionstore.UserID(sessionstore.NewID())
	if err := flow.Store.CreateUser(t.Context(), &another); err != nil {
		t.Fatal(err)
	}
	flow.Browser().Open(link).Fails(401, "INVALID_TOKEN").Sets() // the address is somebody else's by now
}

// Neither status, headers nor body tell whether an address has an account, or a proved one (D71).
func TestD71AskingForALinkDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	unproved := flow.Unverified("Ada")
	for _, email := range []string{"nobody@people.test", flow.User("Grace").Email, strings.ToUpper(unproved.Email)} {
		answer := flow.Browser().Post("/send-verification-email", authflowtest.Body{"email": email}).Says(200, `{"status":true}`).Sets()
		answer.Header.Del("Date")
		if len(answer.Header) != 3 {
			t.Errorf("%s: headers %v", email, answer.Header)
		}
	}
	if letters := flow.Letters(); len(letters) != 1 || letters[0].To != unproved.Email {
		t.Errorf("letters %v", letters)
	}
}

func TestWhoIsSignedInAsksForThemselves(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	flow.SignedIn(flow.User("Ada")).Post("/send-verification-email", authflowtest.Body{"email": flow.Unverified("Grace").Email}).Fails(400, "EMAIL_MISMATCH")
	proved := flow.User("Linus")
	flow.SignedIn(proved).Post("/send-verification-email", authflowtest.Body{"email": proved.Email}).Fails(400, "EMAIL_ALREADY_VERIFIED")
	if len(flow.Letters()) != 0 {
		t.Error("a letter was written")
	}
	flow.Browser().Post("/send-verification-email", authflowtest.Body{"email": "ada"}).Invalid("[body.email] Invalid email address")
}
