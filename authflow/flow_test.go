package authflow_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

func routes(flow *authflowtest.Flow) []authflow.Route {
	return flow.API.AllRoutes()
}

// pathOf is a route's path with something in place of its parameters.
func pathOf(route authflow.Route) string {
	path, _, isParam := strings.Cut(route.Path, "/:")
	if isParam {
		path += "/x"
	}
	return "/api/auth" + path
}

// goodBody is one that gets a request past the checks of the host.
func goodBody(route authflow.Route) map[string]any {
	body := map[string]any{}
	for _, f := range route.Body {
		switch {
		case f.Optional:
		case f.Kind == authflow.KindEmail, f.Name == "email":
			body[f.Name] = "nobody@people.test"
		case f.Kind == authflow.KindSecret:
			body[f.Name] = authflowtest.Password
		case f.Kind == authflow.KindString, f.Kind == authflow.KindChoice:
			body[f.Name] = "x"
		}
	}
	return body
}

func goodQuery(route authflow.Route) string {
	var query []string
	for _, f := range route.Query {
		if !f.Optional && f.Kind != authflow.KindTrue {
			query = append(query, f.Name+"=x")
		}
	}
	return strings.Join(query, "&")
}

// 50 requests meet at the moment when the session is to be renewed, three days running, and none of them is taken for a stranger.
func TestRequestsThatRenewAtOnceAllStaySignedIn(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	session := flow.Session(flow.User("Ada"))
	for range 3 {
		flow.Clock.Advance(24 * time.Hour)
		var all sync.WaitGroup
		for range 50 {
			browser := flow.Holding(session)
			all.Go(func() {
				answer := browser.Get("/get-session").Is(200).Has("session.id", string(session.ID))
				for _, line := range answer.Header["Set-Cookie"] {
					if strings.Contains(line, "Max-Age=0") {
						t.Errorf("signed out: %s", line)
					}
				}
			})
		}
		all.Wait()
	}
	flow.Holding(session).Get("/get-session").Has("session.expiresAt", "2026-03-11T12:30:15.123Z").Sets()
}

func TestWrongBodiesAreToldApart(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	const expectedObject, expectedRecord = "[body] Invalid input: expected object, received ", "[body] Invalid input: expected record, received "
	received := map[string]string{"": "undefined", "null": "null", "[]": "array", `"x"`: "string", "1": "number", "true": "boolean"}
	for _, path := range []string{
		"/sign-in/email", "/revoke-session", "/change-password", "/verify-password", "/change-email", "/delete-user",
		"/send-verification-email", "/request-password-reset", "/reset-password",
	} {
		for body, kind := range received {
			flow.Browser().PostRaw(path, body).Invalid(expectedObject + kind)
		}
	}
	for body, kind := range received {
		flow.Browser().PostRaw("/sign-up/email", body).Invalid(expectedObject + kind + "; " + expectedRecord + kind)
		flow.Browser().PostRaw("/update-user", body).Invalid(expectedRecord + kind)
		if body != "" {
			flow.Browser().PostRaw("/sign-out", body).Invalid(expectedObject + kind)
		}
		flow.Browser().PostRaw("/revoke-sessions", body).Fails(401, "UNAUTHORIZED")
		flow.Browser().PostRaw("/get-session", body).Fails(405, "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED")
	}
	missing := func(fields ...string) string {
		var parts []string
		for _, f := range fields {
			parts = append(parts, "[body."+f+"] Invalid input: expected string, received undefined")
		}
		return strings.Join(parts, "; ")
	}
	for path, fields := range map[string][]string{
		"/sign-up/email": {"name", "email", "password"}, "/sign-in/email": {"email", "password"}, "/revoke-session": {"token"},
		"/change-password": {"newPassword", "currentPassword"}, "/verify-password": {"password"}, "/change-email": {"newEmail"},
		"/send-verification-email": {"email"}, "/request-password-reset": {"email"}, "/reset-password": {"newPassword"},
	} {
		flow.Browser().PostRaw(path, "{}").Invalid(missing(fields...))
	}
	flow.Browser().PostRaw("/sign-in/email", `{"email":{}}`).
		Invalid("[body.email] Invalid input: expected string, received object; [body.password] Invalid input: expected string, received undefined")
}

func TestChecksComeInBetterAuthsOrder(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	send := func(contentType, body string, header http.Header) *authflowtest.Answer {
		return flow.Browser().Send(authflowtest.Request{Method: "POST", Path: "/change-password", ContentType: contentType, Body: body, Header: header})
	}
	foreign := http.Header{"Origin": {"https://evil.test"}, "Cookie": {"a=b"}}
	flow.Browser().Send(authflowtest.Request{Method: "PUT", Path: "/change-password", ContentType: "text/plain", Body: "{", Header: foreign}).Says(404, "")
	send("text/plain", "{", foreign).Fails(415, "UNSUPPORTED_MEDIA_TYPE")
	send("application/json", "{", foreign).Fails(400, "BAD_REQUEST")
	send("application/json", "[]", foreign).Fails(403, "INVALID_ORIGIN")
	send("application/json", `{"callbackURL":"//evil.test"}`, nil).Fails(403, "INVALID_CALLBACK_URL")
	send("application/json", `{"callbackURL":[]}`, nil).Says(400, `{"message":"Invalid callbackURL: expected a string"}`)
	send("application/json", `{}`, nil).Fails(400, "VALIDATION_ERROR")
	send("application/json", `{"currentPassword":"x","newPassword":"x"}`, nil).Fails(401, "UNAUTHORIZED")
	// The two routes that begin a session by e-mail ask for the origin once more, after the fields.
	navigation := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}}
	login := func(body string) *authflowtest.Answer {
		return flow.Browser().Send(authflowtest.Request{Method: "POST", Path: "/sign-in/email", ContentType: "application/json", Body: body, Header: navigation})
	}
	login(`{}`).Fails(400, "VALIDATION_ERROR")
	login(`{"email":"x","password":"x"}`).Fails(403, "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED")
}

// Whatever changes something and is sent with cookies comes from a trusted page.
func TestNoRouteIsOpenToForeignPages(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	session := flow.Session(flow.User("Ada"))
	for _, route := range routes(flow) {
		if route.Method == http.MethodGet {
			continue
		}
		data, err := json.Marshal(goodBody(route))
		if err != nil {
			t.Fatal(err)
		}
		for origin, code := range map[string]string{"https://evil.test": "INVALID_ORIGIN", "": "MISSING_OR_NULL_ORIGIN", "null": "MISSING_OR_NULL_ORIGIN"} {
			flow.Holding(session).With("Origin", origin).Send(authflowtest.Request{
				Method: route.Method, Path: strings.TrimPrefix(pathOf(route), "/api/auth"), ContentType: "application/json", Body: string(data),
			}).Fails(403, code).Sets()
		}
	}
	if !flow.Alive(session) {
		t.Error("a foreign page ended the session")
	}
}

// The database is away: nothing passes for an answer, and nobody is signed out by it (D74).
func TestWithoutTheDatabaseTheAnswerIsToComeBack(t *testing.T) {
	t.Parallel()
	for name, sessionsToo := range map[string]bool{"nothing is known": true, "sessions are remembered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := authflowtest.Start(t)
			session := flow.Session(flow.User("Ada"))
			flow.Clock.Advance(time.Hour)
			flow.DatabaseAway(sessionsToo)
			for _, route := range routes(flow) {
				r := request(t, route, goodBody(route), goodQuery(route))
				r.Header.Set("Origin", flow.BaseURL)
				r.Header.Set("Cookie", "better-auth.session_token="+flow.Signed(string(session.Token)))
				w := serve(flow, r)
				refused := w.Code >= 400 && (strings.Contains(w.Body.String(), "UNAUTHORIZED") || strings.Contains(w.Body.String(), "INVALID_EMAIL_OR_PASSWORD"))
				needsDatabase := sessionsToo && route.Session != authflow.SessionIgnored
				switch {
				case w.Code == 503:
					if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "10.0.0.5") {
						t.Errorf("%s %s: %v %s", route.Method, route.Path, w.Header(), w.Body)
					}
				case refused, w.Code >= 500, needsDatabase:
					t.Errorf("%s %s: %d %s", route.Method, route.Path, w.Code, w.Body)
				}
				if cookies := w.Header()["Set-Cookie"]; len(cookies) > 0 {
					t.Errorf("%s %s: cookies %q", route.Method, route.Path, cookies)
				}
			}
		})
	}
}

// D66: no line of the log holds what opens anything.
func TestD66D67TheLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	browser := flow.Browser()
	const email, password = "ada@people.test", "canary-password-1"
	browser.Post("/sign-up/email", authflowtest.Body{"name": "Ada", "email": email, "password": password}).Is(200)
	link := flow.Letter("verify-email", email).Link()
	browser.Open(link).Is(302)
	first := string(browser.Token())
	browser.Post("/change-password", authflowtest.Body{"currentPassword": password, "newPassword": "canary-password-2", "revokeOtherSessions": true}).Is(200)
	browser.Post("/request-password-reset", authflowtest.Body{"email": email, "redirectTo": "/reset"}).Is(200)
	reset := flow.Letter("reset-password", email).Link()
	browser.Open(reset).Is(302)
	browser.Post("/reset-password", authflowtest.Body{"newPassword": "canary-password-3", "token": "wrong"}).Is(400)
	browser.Post("/sign-in/email", authflowtest.Body{"email": email, "password": "canary-password-4"}).Is(401)
	browser.Post("/verify-token", authflowtest.Body{"token": first}).Is(401)
	browser.Post("/delete-user", authflowtest.Body{}).Is(200)
	deletion := flow.Letter("delete-user", email).Link()
	second := string(browser.Token())
	for _, secret := range []string{"canary-password", first, second, authflowtest.Secret, link[len(link)-60:], tail(reset), tail(deletion), "argon2id"} {
		if secret == "" || strings.Contains(flow.Log(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// tail is the token of a link.
func tail(link string) string {
	link, _, _ = strings.Cut(strings.Replace(link, "callback?token=", "", 1), "?")
	link, _, _ = strings.Cut(link, "&")
	return link[strings.LastIndexByte(link, '/')+1:]
}

func TestOnHTTPSTheCookiesAreSecure(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.BaseURL = "https://app.example.test" })
	user := flow.User("Ada")
	browser := flow.Browser()
	answer := browser.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password, "rememberMe": false}).Is(200)
	for _, line := range answer.Header["Set-Cookie"] {
		if !strings.HasPrefix(line, "__Secure-better-auth.") || !strings.Contains(line, "; Secure; ") {
			t.Errorf("cookie %q", line)
		}
	}
	browser.Get("/get-session").Has("user.id", string(user.ID))
	plain := flow.Browser()
	plain.SetCookie("better-auth.session_token", browser.Cookie("__Secure-better-auth.session_token"))
	plain.Get("/get-session").Says(200, "null").Sets()
}

func TestABearerTokenNeedsNoOriginAndMayNeedASignature(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Auth.Bearer.RequireSignature = strict })
		user := flow.User("Ada")
		session := flow.Session(user)
		plain, signed := string(session.Token), flow.Signed(string(session.Token))
		with := func(value string) *authflowtest.Browser {
			return flow.Browser().With("Authorization", value).With("Origin", "")
		}
		for _, value := range []string{"Bearer " + signed, "bearer " + authflow.EscapeComponent(signed)} {
			with(value).Post("/update-user", authflowtest.Body{"name": "x"}).Is(200)
		}
		if strict {
			with("Bearer "+plain).Get("/get-session").Says(200, "null").Sets()
		} else {
			with("Bearer "+plain).Get("/get-session").Has("user.id", string(user.ID))
		}
		other := flow.SignedIn(flow.User("Grace"))
		other.With("Authorization", "Bearer "+signed).Get("/get-session").Has("user.id", string(user.ID))
		other.With("Authorization", "Bearer "+signed[:len(signed)-1]).Get("/get-session").Has("user.name", "Grace")
		if !strict { // an unknown token is nobody's, even beside a good cookie
			other.With("Authorization", "Bearer unknown").Get("/get-session").Says(200, "null").TakesSessionAway()
		}
	}
}

// Nobody signs in past a gate, whichever the way (D53). Rooms test that nothing of the attempt stays.
func TestD53EveryWayToASessionPassesTheGates(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]bool{}
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Gates = append(s.Gates, authflowtest.GateFunc(func(_ *authflow.Call, _ *sessionstore.Store, _ sessionstore.User, method string) error {
			mu.Lock()
			defer mu.Unlock()
			asked[method] = true
			return nil
		}), authflowtest.GateFunc(func(*authflow.Call, *sessionstore.Store, sessionstore.User, string) error {
			return &authflow.Error{Status: 403, Code: "BANNED_USER", Message: "You have been banned"}
		}))
	})
	user, unproved := flow.User("Ada"), flow.Unverified("Grace")
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Fails(403, "BANNED_USER").Sets()
	flow.SignedIn(unproved).Post("/send-verification-email", authflowtest.Body{"email": unproved.Email}).Is(200)
	flow.Browser().Open(flow.Letter("verify-email", unproved.Email).Link()).Fails(403, "BANNED_USER").Sets()
	flow.SignedIn(user).Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "a new password", "revokeOtherSessions": true}).
		Fails(403, "BANNED_USER").Sets()
	if fmt.Sprint(asked) != "map[change-password:true password:true verification:true]" {
		t.Errorf("asked about %v", asked)
	}
}

// request is one for the handler itself, without a connection.
func request(t *testing.T, route authflow.Route, body map[string]any, query string) *http.Request {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return rawRequest(route, string(data), query)
}

func rawRequest(route authflow.Route, body, query string) *http.Request {
	r := httptest.NewRequest(route.Method, pathOf(route), strings.NewReader(body))
	r.URL.RawQuery = query
	if route.Method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func serve(flow *authflowtest.Flow, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	flow.Handler.ServeHTTP(w, r)
	return w
}
