package authflow_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/authflowtest"
)

func deferring(s *authflowtest.Settings) { s.Auth.Session.DeferRefresh = true }

func TestWhereRenewingIsDeferredOnlyPostingRenews(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, deferring)
	session := flow.Session(flow.User("Ada"))
	ada := flow.Holding(session)
	ada.Get("/get-session").Has("needsRefresh", false).Sets()
	flow.Clock.Advance(25 * time.Hour)
	before := ada.Get("/get-session").Has("needsRefresh", true).Sets().Text("session.expiresAt")
	for _, path := range []string{"/me", "/list-accounts", "/get-session?disableCookieCache=1"} {
		ada.Get(path).Is(200).Sets()
	}
	ada.Post("/update-user", authflowtest.Body{"name": "Countess"}).Is(200)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", tokenCookie+"="+ada.Cookie(tokenCookie))
	w := httptest.NewRecorder()
	if identity, err := flow.Core.Sessions.Resolve(w, r); err != nil || identity == nil || len(w.Header()["Set-Cookie"]) > 0 {
		t.Errorf("a proxied request: %v, %v, sets %q", identity, err, w.Header()["Set-Cookie"])
	}
	ada.Get("/get-session?disableRefresh=1").Lacks("needsRefresh").Has("session.expiresAt", before)
	ada.Post("/get-session?disableRefresh=1", nil).Lacks("needsRefresh").Has("session.expiresAt", before).Sets()

	after := ada.Post("/get-session", nil).Is(200).Lacks("needsRefresh").Sets("session_token").Text("session.expiresAt")
	if after <= before {
		t.Errorf("renewed from %s to %s", before, after)
	}
	ada.Get("/get-session").Has("needsRefresh", false).Has("session.expiresAt", after).Sets()
	ada.Post("/get-session", nil).Is(200).Has("session.expiresAt", after).Sets()
	flow.Browser().Post("/get-session", nil).Says(200, "null").Sets()
}

func TestWhereRenewingIsDeferredReadingDeletesNothing(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, deferring)
	session := flow.Session(flow.User("Ada"))
	flow.Clock.Advance(8 * 24 * time.Hour)
	rows := func() int {
		deleted, err := flow.Store.DeleteSession(t.Context(), session.Token)
		if err != nil {
			t.Fatal(err)
		}
		if !deleted {
			return 0
		}
		if err := flow.Store.CreateSession(t.Context(), &session); err != nil {
			t.Fatal(err)
		}
		return 1
	}
	flow.Holding(session).Get("/get-session").Says(200, "null").TakesSessionAway()
	flow.Holding(session).Post("/update-user", authflowtest.Body{"name": "x"}).Is(401).TakesSessionAway()
	if rows() != 1 {
		t.Error("the row of an expired session was deleted by reading it")
	}
	flow.Holding(session).Post("/get-session", nil).Says(200, "null").TakesSessionAway()
	if rows() != 0 {
		t.Error("the row of an expired session is still there")
	}
}

// What is remembered may be older than a renewal at another replica.
func TestWhereRenewingIsDeferredARenewalElsewhereIsSeen(t *testing.T) {
	t.Parallel()
	here := authflowtest.Start(t, deferring, func(s *authflowtest.Settings) { s.Cache.TTL = 30 * 24 * time.Hour })
	there := authflowtest.Start(t, deferring, func(s *authflowtest.Settings) { s.Beside = here })
	session := here.Session(here.User("Ada"))
	here.Holding(session).Get("/get-session").Is(200)
	here.Clock.Advance(6 * 24 * time.Hour)
	there.Holding(session).Post("/get-session", nil).Is(200).Sets("session_token")
	here.Clock.Advance(2 * 24 * time.Hour)
	here.Holding(session).Get("/get-session").Has("session.id", string(session.ID)).Has("needsRefresh", true)
}

func TestTheCookieCacheAndDeferredRenewing(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy, deferring)
		ada := flow.SignedIn(flow.User("Ada"))
		flow.Clock.Advance(25 * time.Hour)
		ada.Get("/get-session").Has("needsRefresh", true).Sets("session_data")
		// As in better-auth, whose cookie cache answers before anybody asks whether it is time.
		before := ada.Get("/get-session").Lacks("needsRefresh").Sets().Text("session.expiresAt")
		ada.Post("/get-session", nil).Is(200).Has("session.expiresAt", before).Sets()
		ada.Get("/get-session?disableCookieCache=1").Has("needsRefresh", true).Sets("session_data")
		if after := ada.Post("/get-session?disableCookieCache=1", nil).Is(200).Sets("session_token", "session_data").Text("session.expiresAt"); after <= before {
			t.Errorf("renewed from %s to %s", before, after)
		}
	})
}
