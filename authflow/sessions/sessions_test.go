package sessions_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

func TestTheSessionIsShownToTheLetter(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	answer := flow.Holding(session).Get("/get-session").Says(200,
		`{"session":{"expiresAt":"2026-03-08T12:30:15.123Z","token":"`+string(session.Token)+`","createdAt":"2026-03-01T12:30:15.123Z",`+
			`"updatedAt":"2026-03-01T12:30:15.123Z","ipAddress":"192.0.2.1","userAgent":"test","userId":"`+string(user.ID)+`","id":"`+string(session.ID)+`"},`+
			`"user":{"name":"Ada","email":"`+user.Email+`","emailVerified":true,"image":null,`+
			`"createdAt":"2026-03-01T12:30:15.123Z","updatedAt":"2026-03-01T12:30:15.123Z","id":"`+string(user.ID)+`"}}`).Sets()
	for _, a := range []*authflowtest.Answer{answer, flow.Browser().Get("/get-session").Says(200, "null").Sets()} {
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache" || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", a.Header)
		}
	}
	flow.Holding(session).Post("/get-session", authflowtest.Body{}).Fails(405, "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED")
	flow.Holding(session).Post("/update-session", authflowtest.Body{"theme": "dark"}).Says(400, `{"message":"No fields to update"}`)
	flow.Browser().Post("/update-session", authflowtest.Body{"theme": "dark"}).Fails(401, "UNAUTHORIZED")
	flow.Browser().PostRaw("/update-session", "[]").Invalid("[body] Invalid input: expected record, received array")
}

func TestASessionLivesSevenDaysFromItsLastUse(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	session := flow.Session(flow.User("Ada"))
	browser := flow.Holding(session)
	flow.Clock.Advance(24*time.Hour - time.Millisecond)
	browser.Get("/get-session").Has("session.expiresAt", "2026-03-08T12:30:15.123Z").Sets()
	flow.Clock.Advance(time.Millisecond)
	browser.Get("/get-session?disableRefresh=false").Has("session.expiresAt", "2026-03-08T12:30:15.123Z").Sets()
	browser.Get("/get-session").Has("session.expiresAt", "2026-03-09T12:30:15.123Z").Has("session.updatedAt", "2026-03-02T12:30:15.123Z").
		Has("session.createdAt", "2026-03-01T12:30:15.123Z").Sets("session_token")
	browser.Get("/get-session").Has("session.expiresAt", "2026-03-09T12:30:15.123Z").Sets()
	browser.Get("/me").Is(200).Sets()

	flow.Clock.Advance(7*24*time.Hour - time.Millisecond)
	alive := flow.Holding(session)
	alive.Get("/get-session?disableRefresh=1").Is(200).Has("session.id", string(session.ID))
	flow.Clock.Advance(time.Millisecond)
	browser.Get("/get-session").Says(200, "null").TakesSessionAway()
	if deleted, err := flow.Store.DeleteSession(t.Context(), session.Token); deleted || err != nil {
		t.Errorf("the expired row was still there: %v", err)
	}
	alive.Get("/me").Fails(401, "UNAUTHORIZED").TakesSessionAway()
}

func TestD98SigningOut(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	session := flow.Session(flow.User("Ada"))
	browser, copied := flow.Holding(session), flow.Holding(session)
	browser.Post("/sign-out", nil).Says(200, `{"success":true}`).TakesSessionAway()
	copied.Get("/get-session").Says(200, "null").TakesSessionAway() // D98: the cookie is dead at once,
	flow.Browser().With("Authorization", "Bearer "+string(session.Token)).Get("/me").Fails(401, "UNAUTHORIZED")
	if e := flow.LastEvent(authflow.EventSignOut); e.SessionID != session.ID {
		t.Errorf("%+v", e)
	}
	for _, body := range []string{"{}", `{"callbackURL":"/x","disableRedirect":true,"state":"s"}`, ""} {
		browser.Send(authflowtest.Request{Method: "POST", Path: "/signout", ContentType: "application/json", Body: body}).Says(200, `{"success":true}`).TakesSessionAway()
	}
	browser.PostRaw("/sign-out", "null").Invalid("[body] Invalid input: expected object, received null")
	browser.PostRaw("/sign-out", "[]").Invalid("[body] Invalid input: expected object, received array")
}

func TestSigningOutOfASessionThatIsDueForRenewalSetsNoCookie(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	browser := flow.SignedIn(flow.User("Ada"))
	flow.Clock.Advance(48 * time.Hour)
	answer := browser.Post("/sign-out", nil).Is(200).TakesSessionAway()
	for _, name := range []string{"Set-Auth-Token", "Access-Control-Expose-Headers"} {
		if got := answer.Header.Get(name); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestSessionsAreListedToAFreshSession(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	mine, other := flow.Session(user), flow.Session(user)
	flow.Session(flow.User("Grace"))
	var list []map[string]any
	flow.Holding(mine).Get("/list-sessions").Is(200).Decode(&list)
	var tokens []string
	for _, s := range list {
		tokens = append(tokens, s["token"].(string))
		if got := slices.Sorted(maps.Keys(s)); !slices.Equal(got, []string{"createdAt", "expiresAt", "id", "ipAddress", "token", "updatedAt", "userAgent", "userId"}) {
			t.Errorf("members %v", got)
		}
	}
	slices.Sort(tokens)
	want := []string{string(mine.Token), string(other.Token)}
	slices.Sort(want)
	if !slices.Equal(tokens, want) {
		t.Errorf("sessions %v, want %v", tokens, want)
	}
	flow.Clock.Advance(24 * time.Hour)
	flow.Holding(mine).Get("/list-sessions").Says(403, `{"message":"Session is not fresh","code":"SESSION_NOT_FRESH"}`).Sets("session_token")
	flow.Browser().Get("/list-sessions").Says(401, `{"message":"Unauthorized","code":"UNAUTHORIZED"}`)
}

func TestOneSessionIsRevokedByItsToken(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	mine, other, foreign := flow.Session(user), flow.Session(user), flow.Session(flow.User("Grace"))
	browser := flow.Holding(mine)
	revoke := func(token string) *authflowtest.Answer {
		return browser.Post("/revoke-session", authflowtest.Body{"token": token}).Says(200, `{"status":true}`)
	}
	revoke("").Sets()
	revoke("unknown").Sets()
	revoke(string(foreign.Token)).Sets()
	revoke(flow.Signed(string(other.Token))).Sets()
	if !flow.Alive(foreign) || !flow.Alive(other) {
		t.Error("a session ended that was not named, or is not the caller's")
	}
	revoke(string(other.Token)).Sets()
	flow.Holding(other).Get("/me").Is(401)
	if e := flow.LastEvent(authflow.EventSessionRevoked); e.SessionID != other.ID || e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
	revoke(string(mine.Token)).TakesSessionAway()
	browser.Post("/revoke-session", authflowtest.Body{"token": "x"}).Fails(401, "UNAUTHORIZED")
}

func TestAllOrAllOtherSessionsAreRevoked(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	mine, other, foreign := flow.Session(user), flow.Session(user), flow.Session(flow.User("Grace"))
	flow.Holding(other).Get("/me").Is(200) // remembered from now on
	flow.Holding(mine).Post("/revoke-other-sessions", nil).Says(200, `{"status":true}`).Sets()
	flow.Holding(other).Get("/me").Is(401)
	if e := flow.LastEvent(authflow.EventSessionsRevoked); e.Reason != "others" {
		t.Errorf("%+v", e)
	}
	again := flow.Session(user)
	flow.Holding(mine).PostRaw("/revoke-sessions", `"anything"`).Says(200, `{"status":true}`).TakesSessionAway()
	for _, s := range []sessionstore.Session{mine, again} {
		flow.Holding(s).Get("/me").Is(401)
	}
	if !flow.Alive(foreign) {
		t.Error("another user's session ended")
	}
	for _, path := range []string{"/revoke-sessions", "/revoke-other-sessions"} {
		flow.Browser().Post(path, nil).Fails(401, "UNAUTHORIZED")
	}
}

// noTokens fails when an answer for plain HTTP clients holds what opens a session.
func noTokens(t *testing.T, a *authflowtest.Answer, sessions ...sessionstore.Session) {
	t.Helper()
	for _, s := range sessions {
		if strings.Contains(a.Body, string(s.Token)) {
			t.Errorf("the answer holds a token: %s", a.Body)
		}
	}
	if regexp.MustCompile(`(?i)"token"`).MatchString(a.Body) {
		t.Errorf("the answer has a member for tokens: %s", a.Body)
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	bearer := flow.Browser().With("Authorization", "Bearer "+string(session.Token))
	for _, browser := range []*authflowtest.Browser{flow.Holding(session), bearer} {
		for _, path := range []string{"/me", "/verify-token"} {
			answer := browser.Get(path).Is(200).Has("user.id", string(user.ID)).Has("session.id", string(session.ID)).
				Has("session.isCurrent", true).Has("session.ipAddress", "192.0.2.1").Has("session.lastUsedAt", "2026-03-01T12:30:15.123Z")
			noTokens(t, answer, session)
		}
	}
	flow.Browser().Get("/me").Fails(401, "UNAUTHORIZED")
	flow.Browser().Get("/verify-token").Fails(401, "UNAUTHORIZED")
}

func TestATokenIsVerifiedWhereverItStands(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	plain := string(session.Token)
	signed := flow.Signed(plain)
	for _, token := range []string{plain, signed, authflow.EscapeComponent(signed)} {
		noTokens(t, flow.Browser().Post("/verify-token", authflowtest.Body{"token": token}).Is(200).Has("user.id", string(user.ID)).Sets(), session)
		noTokens(t, flow.Browser().With("Authorization", "Bearer "+token).Post("/verify-token", nil).Is(200), session)
	}
	flow.Holding(session).Post("/verify-token", nil).Is(200)
	flow.Browser().Post("/verify-token", nil).Fails(401, "UNAUTHORIZED")
	for _, token := range []string{"", "unknown", signed + "x", "a b", strings.ToLower(plain), plain + "."} {
		flow.Holding(session).Post("/verify-token", authflowtest.Body{"token": token}).Fails(401, "UNAUTHORIZED")
	}
	flow.Browser().Post("/verify-token", authflowtest.Body{"token": nil}).Invalid("[body.token] Invalid input: expected string, received null")

	flow.Clock.Advance(48 * time.Hour)
	flow.Browser().Post("/verify-token", authflowtest.Body{"token": plain}).Has("session.expiresAt", "2026-03-08T12:30:15.123Z") // who asks is not the user
	flow.Clock.Advance(5 * 24 * time.Hour)
	flow.Browser().Post("/verify-token", authflowtest.Body{"token": plain}).Fails(401, "UNAUTHORIZED")
}

func TestDevicesAreShownWithoutTokens(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Places = authflowtest.Places{"198.51.100.7": "Munich, Germany"} })
	user := flow.User("Ada")
	browser := flow.Browser().With("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0").At("198.51.100.7")
	browser.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
	other, foreign := flow.Session(user), flow.Session(flow.User("Grace"))
	answer := browser.Get("/sessions").Is(200)
	noTokens(t, answer, other, foreign, sessionstore.Session{Token: browser.Token()})
	var list struct{ Sessions []map[string]any }
	answer.Decode(&list)
	if len(list.Sessions) != 2 {
		t.Fatalf("%s", answer.Body)
	}
	for _, s := range list.Sessions {
		if current := s["id"] != string(other.ID); s["isCurrent"] != current {
			t.Errorf("%v", s)
		} else if current && (s["device"] != "Firefox on Linux" || s["ipAddress"] != "198.51.100.7" || s["location"] != "Munich, Germany") {
			t.Errorf("%v", s)
		} else if !current && s["location"] != "" {
			t.Errorf("a place for an address without one: %v", s)
		}
	}
	if got := flow.LastEvent(authflow.EventSignIn).Place; got != "Munich, Germany" {
		t.Errorf("the event happened in %q", got)
	}
	flow.Browser().Get("/sessions").Fails(401, "UNAUTHORIZED")
}

func TestD60ADeviceIsSignedOutByItsID(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	mine, other, foreign := flow.Session(user), flow.Session(user), flow.Session(flow.User("Grace"))
	browser := flow.Holding(mine)
	browser.Delete("/sessions/"+string(mine.ID)).Fails(400, "CANNOT_REVOKE_CURRENT_SESSION")
	for _, id := range []string{"unknown", string(foreign.ID), string(other.Token), "%00", "%ff", "a%2fb", strings.ToLower(string(other.ID))} { // D60
		browser.Delete("/sessions/"+id).Fails(404, "SESSION_NOT_FOUND")
	}
	if !flow.Alive(mine) || !flow.Alive(other) || !flow.Alive(foreign) {
		t.Error("a session ended")
	}
	browser.Delete("/sessions/"+string(other.ID)).Says(200, `{"status":true}`)
	flow.Holding(other).Get("/me").Is(401)
	browser.Delete("/sessions/"+string(other.ID)).Fails(404, "SESSION_NOT_FOUND")
	if e := flow.LastEvent(authflow.EventSessionRevoked); e.SessionID != other.ID {
		t.Errorf("%+v", e)
	}
	browser.With("Origin", "https://evil.test").Delete("/sessions/"+string(foreign.ID)).Fails(403, "INVALID_ORIGIN")
	flow.Browser().Delete("/sessions/"+string(mine.ID)).Fails(401, "UNAUTHORIZED")
}
