package authflow_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

const (
	dataCookie  = "better-auth.session_data"
	tokenCookie = "better-auth.session_token"
)

var strategies = []string{"compact", "jwt", "jwe"}

// withCookieCache starts a flow, and lets a moment go by: a cookie from before the process began says nothing while the database is away.
func withCookieCache(t *testing.T, strategy string, adjust ...func(*authflowtest.Settings)) *authflowtest.Flow {
	t.Helper()
	flow := authflowtest.Start(t, append([]func(*authflowtest.Settings){func(s *authflowtest.Settings) {
		s.Auth.Session.CookieCache = authflow.CookieCacheConfig{Enabled: true, Strategy: strategy}
	}}, adjust...)...)
	flow.Clock.Advance(time.Second)
	return flow
}

// lineOf is the last Set-Cookie line of a name.
func lineOf(a *authflowtest.Answer, name string) string {
	last := ""
	for _, line := range a.Header["Set-Cookie"] {
		if strings.HasPrefix(line, name+"=") {
			last = line
		}
	}
	return last
}

func attributesOf(line string) string {
	_, attributes, _ := strings.Cut(line, "; ")
	return attributes
}

// eachStrategy runs a test three times.
func eachStrategy(t *testing.T, test func(t *testing.T, strategy string)) {
	t.Parallel()
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			test(t, strategy)
		})
	}
}

func TestTheCookieCacheComesWithTheSessionAndIsLeftAlone(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy)
		user := flow.User("Ada")
		ada := flow.Browser()
		signIn := authflowtest.Body{"email": user.Email, "password": authflowtest.Password}
		answer := ada.Post("/sign-in/email", signIn).Sets("session_token", "session_data")
		if got := attributesOf(lineOf(answer, dataCookie)); got != "Max-Age=300; Path=/; HttpOnly; SameSite=Lax" {
			t.Errorf("attributes %q", got)
		}
		ada.Get("/get-session").Has("user.id", string(user.ID)).Sets()
		ada.Get("/list-accounts").Is(200).Sets()
		ada.Get("/get-session?disableCookieCache=true").Has("user.id", string(user.ID)).Sets("session_data")
		ada.Post("/verify-password", authflowtest.Body{"password": authflowtest.Password}).Is(200).Sets("session_data")
		ada.Post("/update-user", authflowtest.Body{"name": "Countess"}).Is(200).Sets("session_token", "session_data")
		ada.Get("/get-session").Has("user.name", "Countess").Sets()

		flow.Clock.Advance(5*time.Minute - time.Second) // a JWT's end has whole seconds
		ada.Get("/get-session").Sets()
		flow.Clock.Advance(2 * time.Second)
		ada.Get("/get-session?disableRefresh=true").Has("user.id", string(user.ID)).Sets("-session_data")
		ada.Get("/get-session").Sets("session_data")
		ada.Post("/sign-out", nil).TakesSessionAway()

		kiosk := flow.Browser()
		signIn["rememberMe"] = false
		answer = kiosk.Post("/sign-in/email", signIn).Sets("session_token", "dont_remember", "session_data")
		if got := attributesOf(lineOf(answer, dataCookie)); got != "Path=/; HttpOnly; SameSite=Lax" {
			t.Errorf("attributes of a cookie that ends with the browser: %q", got)
		}
		kiosk.Get("/get-session").Has("user.id", string(user.ID)).Sets()
		flow.Clock.Advance(5*time.Minute + time.Second)
		kiosk.Get("/get-session").Has("user.id", string(user.ID)).Sets("-session_data")
		kiosk.Get("/get-session").Has("user.id", string(user.ID)).Sets()
	})
}

func TestAGoodCookieCachePostponesTheRenewal(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy)
		ada := flow.SignedIn(flow.User("Ada"))
		flow.Clock.Advance(24*time.Hour - time.Minute)
		ada.Get("/get-session").Sets("session_data")
		flow.Clock.Advance(2 * time.Minute)
		before := ada.Get("/get-session").Sets().Text("session.expiresAt")
		if after := ada.Get("/get-session?disableCookieCache=1").Sets("session_token", "session_data").Text("session.expiresAt"); after <= before {
			t.Errorf("renewed from %s to %s", before, after)
		}
		ada.Get("/get-session").Sets()
	})
}

// What the cookie says is never the last word.
func TestTheDatabaseBeatsTheCookieCache(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy)
		user := flow.User("Ada")
		ada, phone := flow.SignedIn(user), flow.SignedIn(user)
		ada.Get("/get-session").Sets("session_data")
		flow.Clock.Advance(time.Second)
		phone.Post("/update-user", authflowtest.Body{"name": "Countess"}).Is(200)
		ada.Get("/get-session").Has("user.name", "Countess").Sets("session_data")
		ada.Get("/get-session").Has("user.name", "Countess").Sets()
		phone.Post("/revoke-other-sessions", nil).Is(200)
		ada.Get("/get-session").Says(200, "null").TakesSessionAway()
	})
}

func TestACookieCacheThatIsNothingIsTakenAway(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy)
		user, bob := flow.User("Ada"), flow.SignedIn(flow.User("Bob"))
		bob.Get("/get-session").Sets("session_data")
		for name, value := range map[string]string{
			"somebody else's": bob.Cookie(dataCookie), "nothing": "x", "half": bob.Cookie(dataCookie)[:40],
		} {
			ada := flow.SignedIn(user)
			ada.SetCookie(dataCookie, value)
			answer := ada.Get("/get-session?disableRefresh=1").Has("user.name", "Ada").Sets("-session_data")
			ada.SetCookie(dataCookie, value)
			if ada.Get("/get-session").Has("user.name", "Ada").Sets("session_data"); ada.Cookie(dataCookie) == value {
				t.Errorf("%s stays", name)
			}
			if got := attributesOf(lineOf(answer, dataCookie)); got != "Max-Age=0; Path=/; HttpOnly; SameSite=Lax" {
				t.Errorf("%s: attributes %q", name, got)
			}
		}
		nobody := flow.Browser()
		nobody.SetCookie(dataCookie, bob.Cookie(dataCookie))
		nobody.Get("/get-session").Says(200, "null").Sets()

		newer := withCookieCache(t, strategy, func(s *authflowtest.Settings) { s.Beside, s.Auth.Session.CookieCache.Version = flow, "2" })
		moved := newer.Browser()
		moved.SetCookie(tokenCookie, bob.Cookie(tokenCookie))
		moved.SetCookie(dataCookie, bob.Cookie(dataCookie))
		moved.Get("/get-session?disableRefresh=1").Has("user.name", "Bob").Sets("-session_data")
	})
}

func TestACookieCacheThatNobodyKeepsIsTakenAway(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := flow.SignedIn(flow.User("Ada"))
	ada.SetCookie(dataCookie, "x")
	ada.SetCookie(dataCookie+".0", "x")
	ada.SetCookie(dataCookie+".12", "x")
	ada.Get("/get-session").Has("user.name", "Ada").Sets("-session_data", "-0", "-12")
	nobody := flow.Browser()
	nobody.SetCookie(dataCookie+".1", "x")
	nobody.Get("/get-session").Says(200, "null").Sets("-1")
}

func TestALargeSessionIsSplitAndItsPartsGoAway(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy)
		ada := flow.SignedIn(flow.User("Ada"))
		picture := func(bytes int) authflowtest.Body {
			return authflowtest.Body{"image": "data:image/png;base64," + strings.Repeat("A", bytes)}
		}
		ada.Post("/update-user", picture(7000)).Is(200).Sets("session_token", "0", "1", "2")
		ada.Get("/get-session").Is(200).Sets()
		ada.Post("/update-user", picture(4000)).Is(200).Sets("session_token", "-2", "0", "1")
		ada.Get("/get-session").Is(200).Sets()
		ada.Post("/update-user", authflowtest.Body{"image": nil}).Is(200).Sets("session_token", "-0", "-1", "session_data")
		ada.Get("/get-session").Is(200).Sets()
		ada.Post("/update-user", picture(7000)).Is(200).Sets("session_token", "-session_data", "0", "1", "2")
		ada.Post("/revoke-other-sessions", nil).Is(200).Sets("0", "1", "2")
		ada.SetCookie(dataCookie+".1", "x")
		ada.Get("/get-session").Is(200).Sets("-session_data", "0", "1", "2")
		ada.Post("/sign-out", nil).Sets("-session_token", "-session_data", "-0", "-1", "-2", "-dont_remember")
	})
}

func TestASessionTooLargeForCookiesGoesWithout(t *testing.T) {
	t.Parallel()
	flow := withCookieCache(t, "compact")
	user := flow.User("Ada")
	ada := flow.SignedIn(user)
	ada.Get("/get-session").Sets("session_data")
	picture := strings.Repeat("A", 400_000)
	image := &picture
	if _, err := flow.Store.UpdateUser(t.Context(), user.ID, sessionstore.UserChange{Image: &image}); err != nil {
		t.Fatal(err)
	}
	ada.Get("/get-session?disableCookieCache=1").Has("user.image", picture).Sets("-session_data")
	if log := flow.Log(); !strings.Contains(log, "session is not sent along as a cookie") || strings.Contains(log, "AAAA") || strings.Contains(log, string(ada.Token())) {
		t.Errorf("log %.2000s", log)
	}
}

func TestWithoutTheDatabaseGetSessionAnswersFromItsCookie(t *testing.T) {
	eachStrategy(t, func(t *testing.T, strategy string) {
		flow := withCookieCache(t, strategy)
		user := flow.User("Ada")
		ada, bob := flow.SignedIn(user), flow.SignedIn(flow.User("Bob"))
		want := ada.Get("/get-session").Is(200)
		bob.Get("/get-session").Is(200)
		if want.Header.Get("Set-Auth-Jwt") == "" {
			t.Fatal("no token for services: that there is none later would prove nothing")
		}
		flow.Clock.Advance(time.Minute)
		flow.DatabaseAway(true)
		answer := ada.Get("/get-session").Says(200, want.Body).Sets()
		if answer.Header.Get("Set-Auth-Jwt") != "" {
			t.Error("a token for services is made on the cookie's word")
		}
		if outcomes := flow.Outcomes(); outcomes[len(outcomes)-1].UserID != string(user.ID) {
			t.Errorf("observed as %+v", outcomes[len(outcomes)-1])
		}
		if log := flow.Log(); !strings.Contains(log, "session is shown as its cookie has it") || strings.Contains(log, string(ada.Token())) {
			t.Errorf("log %s", log)
		}

		unavailable := func(what string, b *authflowtest.Browser, paths ...string) {
			t.Helper()
			for _, path := range paths {
				if answer := b.Get(path).Sets(); answer.Status != http.StatusServiceUnavailable {
					t.Errorf("%s: GET %s answers %d %s", what, path, answer.Status, answer.Body)
				}
			}
		}
		unavailable("what needs the database", ada, "/get-session?disableCookieCache=1", "/me", "/verify-token", "/list-accounts", "/list-sessions", "/token", "/sessions")
		for name, value := range map[string]string{
			"tampered": ada.Cookie(dataCookie)[:len(ada.Cookie(dataCookie))-1] + "*", "somebody else's": bob.Cookie(dataCookie), "none": "",
		} {
			other := flow.Browser()
			other.SetCookie(tokenCookie, ada.Cookie(tokenCookie))
			other.SetCookie(dataCookie, value)
			unavailable(name, other, "/get-session")
		}
		alone := flow.Browser()
		alone.SetCookie(dataCookie, ada.Cookie(dataCookie))
		alone.Get("/get-session").Says(200, "null").Sets()

		// The proxy has nothing to do with it.
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", tokenCookie+"="+ada.Cookie(tokenCookie)+"; "+dataCookie+"="+ada.Cookie(dataCookie))
		if identity, err := flow.Core.Sessions.Resolve(httptest.NewRecorder(), r); identity != nil || err == nil {
			t.Errorf("a proxied request is let through: %v, %v", identity, err)
		}

		flow.Clock.Advance(4*time.Minute - time.Second)
		ada.Get("/get-session").Says(200, want.Body).Sets()
		flow.Clock.Advance(2 * time.Second)
		unavailable("after max_age", ada, "/get-session")
	})
}

// Of whom it is known that they were signed out, the cookie says nothing any more.
func TestWithoutTheDatabaseRevocationBeatsTheCookie(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(flow *authflowtest.Flow, phone *authflowtest.Browser, session sessionstore.Session){
		"by signing out": func(flow *authflowtest.Flow, _ *authflowtest.Browser, session sessionstore.Session) {
			flow.Holding(session).Post("/sign-out", nil).Is(200)
		},
		"by its token": func(_ *authflowtest.Flow, phone *authflowtest.Browser, session sessionstore.Session) {
			phone.Post("/revoke-session", authflowtest.Body{"token": string(session.Token)}).Is(200)
		},
		"by its id": func(_ *authflowtest.Flow, phone *authflowtest.Browser, session sessionstore.Session) {
			phone.Delete("/sessions/" + string(session.ID)).Is(200)
		},
		"with all others": func(_ *authflowtest.Flow, phone *authflowtest.Browser, _ sessionstore.Session) {
			phone.Post("/revoke-other-sessions", nil).Is(200)
		},
		"by a new password": func(_ *authflowtest.Flow, phone *authflowtest.Browser, _ sessionstore.Session) {
			phone.Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "another password", "revokeOtherSessions": true}).Is(200)
		},
		"with its user": func(flow *authflowtest.Flow, _ *authflowtest.Browser, session sessionstore.Session) {
			if err := flow.Store.DeleteUser(t.Context(), session.UserID); err != nil {
				t.Error(err)
			}
		},
		"by another replica that says so": func(flow *authflowtest.Flow, _ *authflowtest.Browser, session sessionstore.Session) {
			flow.Store.Forget(session.Token.Key())
		},
		"in an attempt that failed": func(flow *authflowtest.Flow, _ *authflowtest.Browser, session sessionstore.Session) {
			flow.Store.Close()
			if _, err := flow.Store.DeleteSession(t.Context(), session.Token); err == nil {
				t.Error("deleted although the database is closed")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := withCookieCache(t, "compact")
			user := flow.User("Ada")
			session := flow.Session(user)
			ada, phone := flow.Holding(session), flow.SignedIn(user)
			ada.Get("/get-session").Sets("session_data")
			flow.Clock.Advance(time.Second)
			end(flow, phone, session)
			flow.DatabaseAway(true)
			ada.Get("/get-session").Fails(503, "SERVICE_UNAVAILABLE").Sets()
		})
	}
}

func TestWithoutTheDatabaseACookieFromBeforeTheStartSaysNothing(t *testing.T) {
	t.Parallel()
	flow := withCookieCache(t, "compact")
	ada := flow.SignedIn(flow.User("Ada"))
	ada.Get("/get-session").Sets("session_data")
	flow.Clock.Advance(time.Second)
	restarted := withCookieCache(t, "compact", func(s *authflowtest.Settings) { s.Beside = flow })
	later := restarted.Browser()
	for _, name := range []string{tokenCookie, dataCookie} {
		later.SetCookie(name, ada.Cookie(name))
	}
	later.Get("/get-session").Has("user.name", "Ada").Sets()
	restarted.DatabaseAway(true)
	later.Get("/get-session").Fails(503, "SERVICE_UNAVAILABLE").Sets()
}

// Nothing of this database knows of the session: what is answered can only have been read from the cookie that Node has written.
func TestWithoutTheDatabaseACookieOfBetterAuthIsShown(t *testing.T) {
	t.Parallel()
	var golden struct {
		BaseURL, Secret string
		Cases           map[string]struct {
			Strategy, Version string
			At                int64
			Cookies           []string
			Answer            json.RawMessage
		}
	}
	text, err := os.ReadFile("testdata/cookiecache.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for name, c := range golden.Cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := withCookieCache(t, c.Strategy, func(s *authflowtest.Settings) {
				s.BaseURL, s.Auth.Secret, s.Auth.Session.CookieCache.Version = golden.BaseURL, golden.Secret, c.Version
			})
			flow.Clock.Advance(time.UnixMilli(c.At).Sub(flow.Clock.Now()))
			flow.DatabaseAway(true)
			ada := flow.Browser()
			for _, line := range c.Cookies {
				pair, _, _ := strings.Cut(line, ";")
				cookieName, value, _ := strings.Cut(pair, "=")
				ada.SetCookie(cookieName, value)
			}
			ada.Get("/me").Fails(503, "SERVICE_UNAVAILABLE")
			answer := ada.Get("/get-session").Is(200).Sets()
			var got, want any
			if json.Unmarshal([]byte(answer.Body), &got) != nil || json.Unmarshal(c.Answer, &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got  %s\nwant %s", answer.Body, c.Answer)
			}
			// Whatever its writer allows, here it counts for max_age.
			flow.Clock.Advance(5*time.Minute + time.Second)
			ada.Get("/get-session").Fails(503, "SERVICE_UNAVAILABLE")
		})
	}
}

func TestWithoutTheDatabaseABannedUsersCookieSaysNothing(t *testing.T) {
	t.Parallel()
	flow := withCookieCache(t, "jwt")
	user := flow.User("Ada")
	session := flow.Session(user)
	now := flow.Clock.Now()
	cookie := func(banned string) string {
		claims := fmt.Sprintf(`{"session":{"id":"%s","userId":"%s","token":"%s","expiresAt":"%s"},"user":{"id":"%s","email":"%s","name":"Ada"%s},"updatedAt":%d,"iat":%d,"exp":%d}`,
			session.ID, user.ID, session.Token, session.ExpiresAt.Format("2006-01-02T15:04:05.000Z"), user.ID, user.Email, banned, now.UnixMilli(), now.Unix(), now.Unix()+300)
		return signedJWT(flow, claims)
	}
	flow.DatabaseAway(true)
	for banned, status := range map[string]int{
		"":                                 200,
		`,"banned":false`:                  200,
		`,"banned":null`:                   200,
		`,"banned":true`:                   503,
		`,"banned":true,"banExpires":null`: 503,
		`,"banned":true,"banExpires":"2099-01-01T00:00:00.000Z"`: 503,
		`,"banned":true,"banExpires":"2020-01-01T00:00:00.000Z"`: 200,
		`,"banned":"yes"`: 503,
	} {
		ada := flow.Holding(session)
		ada.SetCookie(dataCookie, cookie(banned))
		if got := ada.Get("/get-session").Status; got != status {
			t.Errorf("%s: %d, want %d", banned, got, status)
		}
	}
}

// What better-auth's own schema refuses is refused, and what its reader takes is taken, although one of our keys has signed it.
func TestASignedCookieMustMakeSense(t *testing.T) {
	t.Parallel()
	flow := withCookieCache(t, "jwt")
	user := flow.User("Ada")
	session := flow.Session(user)
	good := `{"session":{"id":"S","userId":"U","token":"T","expiresAt":"2026-03-08T12:30:15.123Z","createdAt":"2026-03-01T12:30:15.123Z","ipAddress":null},` +
		`"user":{"id":"U","email":"ada@people.test","name":"Ada","emailVerified":true,"image":null,"more":{"x":[1]}},"updatedAt":NOW,"version":"1","exp":END}`
	now := flow.Clock.Now()
	fill := func(claims string) string {
		return strings.NewReplacer(`"S"`, `"`+string(session.ID)+`"`, `"U"`, `"`+string(user.ID)+`"`, `"T"`, `"`+string(session.Token)+`"`,
			"NOW", fmt.Sprint(now.UnixMilli()), "END", fmt.Sprint(now.Unix()+300), "SOON", fmt.Sprint(now.Add(20*time.Second).UnixMilli()), "SKEWED", fmt.Sprint(now.Add(10*time.Second).UnixMilli()),
			"LATE", fmt.Sprint(now.Add(-301*time.Second).UnixMilli()), "OVER", fmt.Sprint(now.Unix()-1)).Replace(claims)
	}
	flow.DatabaseAway(true)
	for _, c := range []struct {
		old, new string
		status   int
	}{
		{"", "", 200},
		{`,"version":"1"`, ``, 200},
		{`,"version":"1"`, `,"version":""`, 200},
		{`"version":"1"`, `"version":"2"`, 503},
		{`"version":"1"`, `"version":1`, 503},
		{`"T"`, `"other"`, 503},
		{`"token":"T",`, ``, 503},
		{`"token":"T"`, `"token":["T"]`, 503},
		{`"userId":"U"`, `"userId":"other"`, 503},
		{`"id":"S",`, ``, 503},
		{`2026-03-08T12:30:15.123Z`, `2026-03-01T12:30:15.123Z`, 503},
		{`2026-03-08T12:30:15.123Z`, `2026-03-08T12:30:15Z`, 200},
		{`2026-03-08T12:30:15.123Z`, `2026-03-08T12:30:15.123+00:00`, 503},
		{`2026-03-08T12:30:15.123Z`, `tomorrow`, 503},
		{`"2026-03-08T12:30:15.123Z"`, `null`, 503},
		{`"2026-03-08T12:30:15.123Z"`, `1772973015123`, 503},
		{`"createdAt":"2026-03-01T12:30:15.123Z"`, `"createdAt":"yesterday"`, 503},
		{`"email":"ada@people.test",`, ``, 503},
		{`"name":"Ada"`, `"name":null`, 503},
		{`"emailVerified":true`, `"emailVerified":"true"`, 503},
		{`"updatedAt":NOW,`, ``, 503},
		{`NOW`, `"NOW"`, 503},
		{`NOW`, `SKEWED`, 200},
		{`NOW`, `SOON`, 503},
		{`NOW`, `LATE`, 503},
		{`END`, `OVER`, 503},
		{`"exp":END`, `"exp":"END"`, 503},
		{`"exp":END`, `"exp":1e400`, 503},
		{`,"exp":END`, ``, 503},
	} {
		ada := flow.Holding(session)
		ada.SetCookie(dataCookie, signedJWT(flow, fill(strings.Replace(good, c.old, c.new, 1))))
		if got := ada.Get("/get-session").Status; got != c.status {
			t.Errorf("%s instead of %s: %d, want %d", c.new, c.old, got, c.status)
		}
	}
}

// One secret signs cookies and mailed tokens: none may pass for the other.
func TestACookieCacheIsNoMailedToken(t *testing.T) {
	t.Parallel()
	flow := withCookieCache(t, "jwt")
	user := flow.Unverified("Ada")
	ada := flow.SignedIn(user)
	ada.Get("/get-session").Sets("session_data")
	flow.Browser().Get("/verify-email?token="+ada.Cookie(dataCookie)).Fails(401, "INVALID_TOKEN")
	ada.Post("/send-verification-email", authflowtest.Body{"email": user.Email}).Is(200)
	_, token, _ := strings.Cut(flow.Letter("verify-email", user.Email).Link(), "token=")
	token, _, _ = strings.Cut(token, "&")
	ada.SetCookie(dataCookie, token)
	ada.Get("/get-session?disableRefresh=1").Has("user.emailVerified", false).Sets("-session_data")
}

func signedJWT(flow *authflowtest.Flow, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(claims))
	return text + "." + strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(flow.Core.Keys.Sign(text))
}
