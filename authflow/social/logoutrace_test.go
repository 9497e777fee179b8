package social_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
)

// meanwhile has something happen once the provider has made the ID token, and before the flow gets it.
func (f *fake) meanwhile(happens func()) {
	f.instead("/token", func(w http.ResponseWriter, r *http.Request) {
		made := httptest.NewRecorder()
		f.token(made, r)
		happens()
		maps.Copy(w.Header(), made.Header())
		w.WriteHeader(made.Code)
		_, _ = w.Write(made.Body.Bytes())
	})
}

func TestASessionThatEndsWhileItIsBegunIsNotBegun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(claims map[string]any)
		kept   bool
	}{
		"by its name":                      {change: func(map[string]any) {}},
		"by its name alone":                {change: func(claims map[string]any) { delete(claims, "sub") }},
		"with all of the user's":           {change: func(claims map[string]any) { delete(claims, "sid") }},
		"another of the user's":            {change: func(claims map[string]any) { claims["sid"] = "sid-2" }, kept: true},
		"somebody else's of the same name": {change: func(claims map[string]any) { claims["sub"] = "77" }, kept: true},
		"all of somebody else's":           {change: func(claims map[string]any) { claims["sub"] = "77"; delete(claims, "sid") }, kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, "acme")
			flow := start(t, []*fake{p})
			claims := p.logoutClaims("sid-1", "jti-1")
			c.change(claims)
			p.meanwhile(func() { p.tells(claims).Is(200) })
			browser := flow.Browser()
			answer := signIn(browser, p, atSession(ada(), "sid-1"))
			if c.kept {
				answer.Is(302)
				if !signedIn(t, browser) {
					t.Error("another's end has ended it")
				}
				return
			}
			answer.RedirectsTo("/oops?from=sign-in&error=provider_session_ended")
			if signedIn(t, browser) {
				t.Error("signed in with a session that the provider has ended")
			}
			if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != "provider_session_ended" {
				t.Errorf("%+v", e)
			}

			// A later one of the user's is another matter, also under the same name.
			p.meanwhile(func() {})
			flow.Clock.Advance(time.Second)
			signIn(browser, p, atSession(ada(), "sid-1")).Is(302)
			if !signedIn(t, browser) {
				t.Error("never again")
			}
		})
	}
}

// What a provider has ended is remembered for a day, and the last word counts.
func TestAnOldLogoutDoesNotHideALaterOne(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t, "acme")
	flow := start(t, []*fake{p})
	early, late := p.logoutClaims("sid-1", "jti-1"), p.logoutClaims("sid-1", "jti-2")
	early["iat"] = p.clock().Add(-time.Minute).Unix()
	p.meanwhile(func() {
		p.tells(late).Is(200)
		p.tells(early).Is(200) // overtaken
	})
	signIn(flow.Browser(), p, atSession(ada(), "sid-1")).RedirectsTo("/oops?from=sign-in&error=provider_session_ended")
}
