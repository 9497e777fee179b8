package authflow_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// Attacks on every route there is, whichever room it is of: a room that is written later is attacked as well. docs/security-tests.md
// says what each id stands for.

// Past the gates there is no way to a session (D53), since one place alone makes any: every other test shows that it asks them (package
// authflowtest), and this one that it is the only place.
func TestD53SessionsAreMadeInOnePlace(t *testing.T) {
	t.Parallel()
	var places []string
	err := filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "sessionstore" || entry.Name() == "authflowtest" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), ".CreateSession(") {
			places = append(places, path)
		}
		return err
	})
	if err != nil || fmt.Sprint(places) != "["+filepath.Join("..", "authflow", "session.go")+"]" {
		t.Errorf("sessions are made in %v, %v", places, err)
	}
}

// A second factor will be a gate. What it refuses must leave neither row nor cookie nor anything remembered (D52).
func TestD52ARefusedSignInLeavesNoSession(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Gates = append(s.Gates, authflowtest.GateFunc(func(*authflow.Call, *sessionstore.Store, sessionstore.User, string) error {
			return &authflow.Error{Status: http.StatusForbidden, Code: "SECOND_FACTOR", Message: "A second factor is due"}
		}))
	})
	user := flow.User("Ada")
	browser := flow.Browser()
	answer := browser.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Fails(403, "SECOND_FACTOR").Sets()
	if answer.Header.Get("Set-Auth-Token") != "" {
		t.Error("a token is handed out")
	}
	browser.Get("/get-session").Says(200, "null")
	if sessions, err := flow.Store.ListSessions(t.Context(), user.ID); err != nil || len(sessions) != 0 {
		t.Errorf("%v, %v", sessions, err)
	}
}

func TestD56ADeletedUsersSessionsEndOnEveryReplica(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	replica := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Beside = flow })
	user := flow.User("Ada")
	session := flow.Session(user)
	replica.Holding(session).Get("/get-session").Has("user.id", string(user.ID)) // it is remembered there now
	browser := flow.Holding(session)
	browser.Post("/delete-user", authflowtest.Body{}).Is(200)
	browser.Open(flow.Letter("delete-user", user.Email).Link()).TakesSessionAway()
	flow.Clock.Advance(31 * time.Second) // the stated bound
	replica.Holding(session).Get("/get-session").Says(200, "null").TakesSessionAway()
	replica.Browser().With("Authorization", "Bearer "+string(session.Token)).Get("/me").Fails(401, "UNAUTHORIZED")
}

// victim is a user with everything that an id may name.
type victim struct {
	user     sessionstore.User
	session  sessionstore.Session
	accounts []sessionstore.Account
}

func newVictim(t *testing.T, flow *authflowtest.Flow) victim {
	t.Helper()
	v := victim{user: flow.User("Ada")}
	v.session = flow.Session(v.user)
	var err error
	if v.accounts, err = flow.Store.ListAccounts(t.Context(), v.user.ID); err != nil {
		t.Fatal(err)
	}
	return v
}

// isWell fails the test when anything of the victim has changed.
func (v victim) isWell(t *testing.T, flow *authflowtest.Flow, after string) {
	t.Helper()
	user, err := flow.Store.FindUser(t.Context(), v.user.ID)
	if err != nil || user.Email != v.user.Email || user.Name != v.user.Name || user.EmailVerified != v.user.EmailVerified {
		t.Errorf("after %s the user is %+v, %v", after, user, err)
	}
	sessions, err := flow.Store.ListSessions(t.Context(), v.user.ID)
	if err != nil || len(sessions) != 1 || sessions[0].ID != v.session.ID {
		t.Errorf("after %s the sessions are %v, %v", after, sessions, err)
	}
	accounts, err := flow.Store.ListAccounts(t.Context(), v.user.ID)
	if err != nil || len(accounts) != len(v.accounts) || *accounts[0].Password != *v.accounts[0].Password {
		t.Errorf("after %s the accounts are %v, %v", after, accounts, err)
	}
}

// Every field, parameter and part of a path names something of another user (D60): nothing of it is changed or shown.
func TestD60NobodyElsesThingsAreReached(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := newVictim(t, flow)
	ids := []string{string(ada.user.ID), string(ada.session.ID), string(ada.session.Token), string(ada.accounts[0].ID), ada.accounts[0].AccountID}
	for _, route := range routes(flow) {
		for _, id := range ids {
			grace := flow.SignedIn(flow.User("Grace"))
			body := costlessBody(route)
			for _, field := range route.Body {
				if field.Kind == authflow.KindString && !strings.HasSuffix(field.Name, "URL") && field.Name != "redirectTo" {
					body[field.Name] = id
				}
			}
			query := url.Values{}
			for _, field := range route.Query {
				if !strings.HasSuffix(field.Name, "URL") {
					query.Set(field.Name, id)
				}
			}
			path := strings.TrimPrefix(pathOf(route), "/api/auth")
			if strings.Contains(route.Path, "/:") {
				path = strings.TrimSuffix(path, "x") + id
			}
			answer := send(t, grace, route, path+"?"+query.Encode(), body)
			what := route.Method + " " + route.Path + " with " + id
			ada.isWell(t, flow, what)
			if token := string(ada.session.Token); strings.Contains(answer.Body, ada.user.Email) || id != token && strings.Contains(answer.Body, token) {
				if route.Path != "/verify-token" || id != token { // who holds a token may ask whose it is
					t.Errorf("%s shows %s", what, answer.Body)
				}
			}
		}
	}
}

// What only the server may say is sent to every route (D58): ids, privileges, times, owners.
func TestD58NobodyBecomesMoreByAskingForIt(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.AdminColumns = true })
	ada := newVictim(t, flow)
	for _, route := range routes(flow) {
		if route.Method == http.MethodGet {
			continue
		}
		grace := flow.Unverified("Grace")
		body := goodBody(route)
		for name, value := range map[string]any{
			"id": ada.user.ID, "userId": ada.user.ID, "emailVerified": true, "role": "admin", "banned": false, "createdAt": "2000-01-01T00:00:00.000Z", "expiresAt": "2100-01-01T00:00:00.000Z",
			"impersonatedBy": ada.user.ID, "session": map[string]any{"userId": ada.user.ID}, "user": map[string]any{"id": ada.user.ID, "role": "admin"}, "hash": "x", "updatedAt": "2100-01-01T00:00:00.000Z",
		} {
			if _, taken := body[name]; !taken {
				body[name] = value
			}
		}
		answer := send(t, flow.SignedIn(grace), route, strings.TrimPrefix(pathOf(route), "/api/auth")+"?"+goodQuery(route), body)
		what := route.Method + " " + route.Path
		ada.isWell(t, flow, what)
		after, err := flow.Store.FindUser(t.Context(), grace.ID)
		if err == nil && (after.EmailVerified || after.ID != grace.ID || !after.CreatedAt.Equal(grace.CreatedAt) || after.UpdatedAt.Year() > 2099) {
			t.Errorf("after %s the user is %+v", what, after)
		}
		if strings.Contains(answer.Body, string(ada.user.ID)) || strings.Contains(answer.Body, "2100") {
			t.Errorf("%s answers %s", what, answer.Body)
		}
	}
}

// No link leads where its maker did not want it to (D89): a target in a query that nobody has signed is a path, or of a trusted
// origin, or refused; and no token goes elsewhere with it.
func TestD89NoLinkLeadsElsewhere(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	tried, slots := 0, make(chan struct{}, 50) // some routes wait before they answer
	var all sync.WaitGroup
	for _, route := range routes(flow) {
		for _, name := range []string{"callbackURL", "redirectTo", "redirect_uri", "errorCallbackURL", "newUserCallbackURL", "returnTo", "next", "state"} {
			for _, evil := range []string{
				"https://evil.test", "//evil.test", `/\evil.test`, "\t//evil.test", "https:evil.test", "javascript:alert(1)", "https://evil.test/" + flow.BaseURL, flow.BaseURL + "@evil.test", flow.BaseURL + ".evil.test", "data:text/html,x",
			} {
				query := url.Values{name: {evil}}
				for _, good := range route.Query {
					if !good.Optional && good.Name != name {
						query.Set(good.Name, "/x")
					}
				}
				tried++
				slots <- struct{}{}
				all.Go(func() {
					defer func() { <-slots }()
					leadsNowhereElse(t, flow, route, query)
				})
			}
		}
	}
	all.Wait()
	if tried < 1000 {
		t.Errorf("only %d links", tried)
	}
}

func leadsNowhereElse(t *testing.T, flow *authflowtest.Flow, route authflow.Route, query url.Values) {
	answer := send(t, flow.Browser(), route, strings.TrimPrefix(pathOf(route), "/api/auth")+"?"+query.Encode(), costlessBody(route))
	target, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || target.Host != "" && flow.BaseURL != target.Scheme+"://"+target.Host || strings.HasPrefix(target.Path, "//") || target.Opaque != "" {
		t.Errorf("%s %s with %v leads to %q", route.Method, route.Path, query, answer.Header.Get("Location"))
	}
}

// costlessBody is a good one, but for passwords that are refused before they are hashed, which is dear.
func costlessBody(route authflow.Route) map[string]any {
	body := goodBody(route)
	for _, field := range route.Body {
		if field.Kind == authflow.KindSecret {
			body[field.Name] = strings.Repeat("x", 200)
		}
	}
	return body
}

func send(t *testing.T, b *authflowtest.Browser, route authflow.Route, target string, body map[string]any) *authflowtest.Answer {
	t.Helper()
	if route.Method == http.MethodPost {
		return b.Post(target, body)
	}
	return b.Send(authflowtest.Request{Method: route.Method, Path: target})
}

// 50 browsers open one link at once (D59): of each kind of link that works once, one opening counts.
func TestD59OneLinkOpenedFiftyTimesWorksOnce(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	for name, link := range map[string]func(user sessionstore.User, browser *authflowtest.Browser) (link, done string){
		"deletion": func(user sessionstore.User, browser *authflowtest.Browser) (string, string) {
			browser.Post("/delete-user", authflowtest.Body{"callbackURL": "/bye"}).Is(200)
			return flow.Letter("delete-user", user.Email).Link(), "/bye"
		},
		"change of address": func(user sessionstore.User, browser *authflowtest.Browser) (string, string) {
			browser.Post("/change-email", authflowtest.Body{"newEmail": "new" + user.Email, "callbackURL": "/done"}).Is(200)
			return flow.Letter("change-email", "new"+user.Email).Link(), "/done"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := flow.For(t)
			user := flow.User("Ada")
			session := flow.Session(user)
			address, done := link(user, flow.Holding(session))
			var mu sync.Mutex
			succeeded := 0
			var all sync.WaitGroup
			for range 50 {
				browser := flow.Holding(session)
				all.Go(func() {
					if browser.Open(address).Header.Get("Location") == done {
						mu.Lock()
						succeeded++
						mu.Unlock()
					}
				})
			}
			all.Wait()
			if succeeded != 1 {
				t.Errorf("%d succeeded", succeeded)
			}
		})
	}
}
