package authflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// fakeStore answers from its fields; a test sets what it is about.
type fakeStore struct {
	elsewhere  *sessionstore.Identity // what another replica has made of the session
	identity   *sessionstore.Identity
	find       error
	alive      bool
	remove     error
	renewedTo  time.Time
	deleted    int
	looks      []sessionstore.Lookup
	lookedUp   []sessionstore.Token // of looks
	transacted error
}

func (s *fakeStore) Find(_ context.Context, look sessionstore.Lookup) (*sessionstore.Identity, error) {
	s.looks = append(s.looks, look)
	s.lookedUp = append(s.lookedUp, look.Token)
	return s.identity, s.find
}

func (s *fakeStore) ReloadSession(ctx context.Context, token sessionstore.Token) (*sessionstore.Identity, error) {
	return s.Find(ctx, sessionstore.Lookup{Token: token})
}

func (s *fakeStore) MayHaveEnded(sessionstore.Token, sessionstore.UserID, time.Time) bool {
	return false
}

func (s *fakeStore) Renew(identity *sessionstore.Identity, until time.Time) *sessionstore.Identity {
	if !s.alive {
		return nil
	}
	s.renewedTo = until.Truncate(time.Millisecond)
	renewed := *identity
	renewed.Session.ExpiresAt = s.renewedTo
	return &renewed
}

func (s *fakeStore) DeleteExpiredSession(context.Context, sessionstore.Token) (bool, error) {
	s.deleted++
	if s.elsewhere != nil {
		s.identity = s.elsewhere
		return false, nil
	}
	return true, s.remove
}

func (s *fakeStore) InTx(context.Context, func(*sessionstore.Store) error) error { return s.transacted }

// What is remembered here may be older than a renewal by another replica.
func TestASessionThatAnotherReplicaRenewedLives(t *testing.T) {
	t.Parallel()
	store := fakeStore{identity: storedSession(999 * time.Hour), elsewhere: storedSession(time.Hour)}
	core := newTestCore(t, &store)
	w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Session: SessionRequired, Handle: func(c *Call) error {
		return c.JSON(nil)
	}}, sessionRequest(""))
	if w.Code != 200 || w.Header()["Set-Cookie"] != nil {
		t.Errorf("%d, cookies %q", w.Code, w.Header()["Set-Cookie"])
	}
}

type nullRecorder struct{ err error }

func (r nullRecorder) Record(context.Context, *sessionstore.Store, Event) error { return r.err }

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func testConfig() Config {
	return Config{
		BasePath: "/api/auth", Secret: testSecret,
		Session: SessionConfig{ExpiresIn: 7 * 24 * time.Hour, UpdateAge: 24 * time.Hour, FreshAge: 24 * time.Hour},
		Cookie:  CookieConfig{Prefix: "better-auth", SameSite: "lax", Secure: "auto"},
	}
}

func newTestCore(t *testing.T, store SessionStore, change ...func(*Deps)) *Core {
	t.Helper()
	deps := Deps{Store: store, Recorder: nullRecorder{}, BaseURL: "http://localhost:3000", Now: func() time.Time { return testNow }}
	for _, f := range change {
		f(&deps)
	}
	core, err := NewCore(testConfig(), deps)
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// serveRoute answers one request by a flow of one route.
func serveRoute(t *testing.T, core *Core, route Route, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	flow, err := New(core, mountFunc(func(router *Router) { router.Handle(route) }))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	flow.ServeHTTP(w, r)
	return w
}

func TestErrorsBecomeHTTPInOnePlace(t *testing.T) {
	t.Parallel()
	secret := errors.New("password=hunter2")
	for _, tt := range []struct {
		name   string
		err    error
		status int
		body   string
		retry  string
		logged bool
	}{
		{"one for the client", ErrInvalidToken(401), 401, `{"message":"Invalid token","code":"INVALID_TOKEN"}`, "", false},
		{"without code", ErrNoFieldsToUpdate, 400, `{"message":"No fields to update"}`, "", false},
		{"without words", ErrNotFound, 404, "", "", false},
		{"with a cause", ErrInvalidEmail.Because(secret), 400, `{"message":"Invalid email","code":"INVALID_EMAIL"}`, "", true},
		{"wrapped", fmt.Errorf("sign in: %w", ErrInvalidEmail.Because(secret)), 400, `{"message":"Invalid email","code":"INVALID_EMAIL"}`, "", true},
		{"busy, with a cause", (&Error{Status: 503, Code: "BUSY", Message: "Busy", RetryAfter: 5}).Because(secret), 503, `{"message":"Busy","code":"BUSY"}`, "5", true},
		{"database away", fmt.Errorf("find user: %w: %w", sessionstore.ErrUnavailable, secret), 503, `{"message":"Service is temporarily unavailable. Please try again.","code":"SERVICE_UNAVAILABLE"}`, "1", true},
		{"a value the database cannot hold", fmt.Errorf("create user: %w: %w", sessionstore.ErrInvalid, secret), 400, `{"message":"Invalid input","code":"VALIDATION_ERROR"}`, "", false},
		{"the client is gone", fmt.Errorf("hash: %w", context.Canceled), 499, `{"message":"Client closed request","code":"CLIENT_CLOSED_REQUEST"}`, "", false},
		{"ours alone", fmt.Errorf("create user: %w", secret), 500, `{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR"}`, "", true},
		{"a conflict nobody translated", fmt.Errorf("create user: %w", sessionstore.ErrConflict), 500, `{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR"}`, "", true},
		{"already answered", errAnswered, 200, "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			core := newTestCore(t, &fakeStore{}, func(d *Deps) { d.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			w := serveRoute(t, core, Route{Method: "GET", Path: "/x/:id", Handle: func(*Call) error { return tt.err }},
				httptest.NewRequest(http.MethodGet, "/api/auth/x/raw-path", nil))
			if w.Code != tt.status || w.Body.String() != tt.body || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("%d %s, Retry-After %q", w.Code, w.Body, w.Header().Get("Retry-After"))
			}
			wantType := ""
			if tt.body != "" {
				wantType = "application/json"
			}
			if got := w.Header().Get("Content-Type"); got != wantType {
				t.Errorf("content type %q", got)
			}
			if logged := strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), "conflict"); logged != tt.logged {
				t.Errorf("the log says %q", log.String())
			}
			if strings.Contains(log.String(), "raw-path") {
				t.Errorf("the log holds the raw path: %q", log.String())
			}
		})
	}
}

func TestAnErrorIsKnownByItsCode(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	if err := fmt.Errorf("x: %w", ErrInvalidPassword.Because(cause)); !errors.Is(err, ErrInvalidPassword) || !errors.Is(err, cause) || errors.Is(err, ErrInvalidEmail) {
		t.Error("a copy with a cause is another error")
	}
	if ErrInvalidPassword.Cause != nil {
		t.Error("the list itself has changed")
	}
	if errors.Is(ErrInvalidToken(400), ErrInvalidToken(401)) {
		t.Error("errors of two statuses are the same")
	}
	for err, want := range map[error]string{
		ErrInvalidEmail:                "Invalid email",
		ErrInvalidEmail.Because(cause): "Invalid email: cause",
		ErrNotFound:                    "Not Found",
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
}

func TestTheCoreRefusesToBeBuiltOfTooLittle(t *testing.T) {
	t.Parallel()
	good := Deps{Store: &fakeStore{}, Recorder: nullRecorder{}, BaseURL: "http://localhost:3000"}
	for name, change := range map[string]func(*Config, *Deps){
		"no secret":   func(c *Config, _ *Deps) { c.Secret = "" },
		"no store":    func(_ *Config, d *Deps) { d.Store = nil },
		"no recorder": func(_ *Config, d *Deps) { d.Recorder = nil },
		"no base":     func(_ *Config, d *Deps) { d.BaseURL = "" },
		"bad origin":  func(c *Config, _ *Deps) { c.TrustedOrigins = []string{"nonsense"} },
	} {
		cfg, deps := testConfig(), good
		change(&cfg, &deps)
		if _, err := NewCore(cfg, deps); err == nil {
			t.Errorf("%s: built", name)
		}
	}
	core, err := NewCore(testConfig(), good)
	if err != nil {
		t.Fatal(err)
	}
	if core.APIURL != "http://localhost:3000/api/auth" || core.Now().Nanosecond()%int(time.Millisecond) != 0 || core.Now().Location() != time.UTC {
		t.Errorf("api %s, now %s", core.APIURL, core.Now())
	}
}

func TestANoteThatCannotBeWrittenIsAtLeastSeen(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	core := newTestCore(t, &fakeStore{}, func(d *Deps) {
		d.Logger, d.Recorder = slog.New(slog.NewTextHandler(&log, nil)), nullRecorder{errors.New("no room")}
	})
	w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Handle: func(c *Call) error {
		c.Note(Event{Name: EventSignOut})
		return c.JSONStatus(http.StatusAccepted, true)
	}}, httptest.NewRequest(http.MethodGet, "/api/auth/x", nil))
	if w.Code != http.StatusAccepted || !strings.Contains(log.String(), "no room") {
		t.Errorf("%d, log %q", w.Code, log.String())
	}
}

// storedSession is one whose last renewal was that long ago.
func storedSession(age time.Duration) *sessionstore.Identity {
	began := testNow.Add(-age)
	return &sessionstore.Identity{
		Session: sessionstore.Session{ID: "s1", Token: strayToken, UserID: "u1", CreatedAt: began, UpdatedAt: began, ExpiresAt: began.Add(7 * 24 * time.Hour)},
		User:    sessionstore.User{ID: "u1", Email: "ada@people.test"},
	}
}

func sessionRequest(query string, cookies ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/auth/x"+query, nil)
	r.Header.Set("Cookie", strings.Join(append(cookies, "better-auth.session_token="+strayToken+"."+straySignature), "; "))
	return r
}

func TestASessionIsRenewedOnceADayHasPassed(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	dontRemember := "better-auth.dont_remember=true." + NewKeys(testSecret).Sign("true")
	for _, tt := range []struct {
		name, query, cookie string
		age                 time.Duration
		renewed             bool
	}{
		{"just begun", "", "", 0, false},
		{"a millisecond before", "", "", day - time.Millisecond, false},
		{"at the edge", "", "", day, true},
		{"long after", "", "", 6 * day, true},
		{"a millisecond before its end", "", "", 7*day - time.Millisecond, true},
		{"told not to", "?disableRefresh=true", "", 2 * day, false},
		{"told by any word", "?disableRefresh=false", "", 2 * day, false},
		{"told by nothing", "?disableRefresh=", "", 2 * day, true},
		{"told without value", "?disableRefresh", "", 2 * day, true},
		{"told twice", "?disableRefresh=&disableRefresh=", "", 2 * day, false},
		{"ends with the browser", "", dontRemember, 2 * day, false},
		{"says falsely that it ends with the browser", "", "better-auth.dont_remember=true.forged", 2 * day, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{identity: storedSession(tt.age), alive: true}
			before := *store.identity
			core := newTestCore(t, store)
			var seen *sessionstore.Identity
			w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Session: SessionRequired, Handle: func(c *Call) error {
				again, err := c.Session()
				if seen = c.Identity(); err != nil || again != seen || len(store.lookedUp) != 1 {
					t.Errorf("asked again: %v, %d look-ups", err, len(store.lookedUp))
				}
				return c.JSON(nil)
			}}, sessionRequest(tt.query, tt.cookie))
			if w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			wantExpiry, wantCookies := before.Session.ExpiresAt, 0
			if tt.renewed {
				wantExpiry, wantCookies = testNow.Add(7*day).Truncate(time.Millisecond), 1
			}
			if !seen.Session.ExpiresAt.Equal(wantExpiry) || len(w.Header()["Set-Cookie"]) != wantCookies {
				t.Errorf("expires %s, cookies %q", seen.Session.ExpiresAt, w.Header()["Set-Cookie"])
			}
			if !store.renewedTo.Equal(seen.Session.ExpiresAt) && tt.renewed {
				t.Errorf("the row expires %s", store.renewedTo)
			}
			if !reflect.DeepEqual(*store.identity, before) {
				t.Error("the shared identity has changed")
			}
			// The proxy asks the same way, but for the flag of the API's query.
			if tt.query == "" {
				store.renewedTo = time.Time{}
				w := httptest.NewRecorder()
				identity, err := core.Sessions.Resolve(w, sessionRequest("", tt.cookie))
				if err != nil || !identity.Session.ExpiresAt.Equal(wantExpiry) || len(w.Header()["Set-Cookie"]) != wantCookies {
					t.Errorf("the proxy gets %+v, %v, cookies %q", identity, err, w.Header()["Set-Cookie"])
				}
				if _, told := w.Header()["Set-Auth-Token"]; told {
					t.Error("the application's answer carries the token as a header")
				}
			}
		})
	}
}

func TestADeadSession(t *testing.T) {
	t.Parallel()
	unavailable := fmt.Errorf("find session: %w", sessionstore.ErrUnavailable)
	broken := errors.New("broken")
	for _, tt := range []struct {
		name    string
		store   fakeStore
		status  int // of a route that requires a session
		expires bool
		deletes int
		proxied string // what the proxy makes of it: "nobody", "user" or "error"
	}{
		{"unknown", fakeStore{find: sessionstore.ErrNotFound}, 401, true, 0, "nobody"},
		{"expired this moment", fakeStore{identity: storedSession(7 * 24 * time.Hour)}, 401, true, 1, "nobody"},
		{"expired long ago", fakeStore{identity: storedSession(999 * time.Hour)}, 401, true, 1, "nobody"},
		{"expired, and not to be deleted now", fakeStore{identity: storedSession(999 * time.Hour), remove: unavailable}, 503, false, 1, "nobody"},
		{"unknowable", fakeStore{find: unavailable}, 503, false, 0, "error"},
		{"broken", fakeStore{find: broken}, 500, false, 0, "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := tt.store
			core := newTestCore(t, &store)
			w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Session: SessionRequired, Handle: func(*Call) error {
				t.Error("the handler ran")
				return nil
			}}, sessionRequest(""))
			if expired := len(w.Header()["Set-Cookie"]) == 3; w.Code != tt.status || expired != tt.expires || store.deleted != tt.deletes {
				t.Errorf("%d, cookies %q, %d deleted", w.Code, w.Header()["Set-Cookie"], store.deleted)
			}
			w = httptest.NewRecorder()
			identity, err := core.Sessions.Resolve(w, sessionRequest(""))
			got := "nobody"
			if err != nil {
				got = "error"
			} else if identity != nil {
				got = "user"
			}
			if got != tt.proxied || len(w.Header()) != 0 || store.deleted != tt.deletes {
				t.Errorf("the proxy gets %s (%v), headers %v", got, err, w.Header())
			}
			if found, err := core.Sessions.Lookup(t.Context(), strayToken); (found != nil && got == "nobody" && tt.store.alive) || (err != nil) != (tt.store.find != nil && tt.store.find != sessionstore.ErrNotFound) {
				t.Errorf("a look-up gets %v, %v", found, err)
			}
		})
	}
}

// What can not be renewed now is as good as it was.
func TestASessionThatIsNotToBeRenewedNowGoesOn(t *testing.T) {
	t.Parallel()
	store := fakeStore{identity: storedSession(48 * time.Hour)}
	core := newTestCore(t, &store)
	w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Session: SessionRequired, Handle: func(c *Call) error {
		return c.JSON(c.Identity().Session.ExpiresAt.Equal(store.identity.Session.ExpiresAt))
	}}, sessionRequest(""))
	if w.Code != 200 || w.Body.String() != "true" || len(w.Header()["Set-Cookie"]) > 0 {
		t.Errorf("%d %s, cookies %q", w.Code, w.Body, w.Header()["Set-Cookie"])
	}
	w = httptest.NewRecorder()
	if identity, err := core.Sessions.Resolve(w, sessionRequest("")); identity != store.identity || err != nil || len(w.Header()) > 0 {
		t.Errorf("the proxy gets %v, %v, headers %v", identity, err, w.Header())
	}
}

func TestD57ABadlySignedCookieIsNeverLookedUp(t *testing.T) {
	t.Parallel()
	store := &fakeStore{find: sessionstore.ErrNotFound}
	core := newTestCore(t, store)
	r := httptest.NewRequest(http.MethodGet, "/api/auth/x", nil)
	r.Header.Set("Cookie", "better-auth.session_token="+strayToken+".forged")
	w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Handle: func(c *Call) error {
		identity, err := c.Session()
		return c.JSON(identity == nil && err == nil)
	}}, r)
	if w.Body.String() != "true" || len(store.lookedUp) != 0 || len(w.Header()["Set-Cookie"]) != 0 {
		t.Errorf("%s, %d look-ups, cookies %q", w.Body, len(store.lookedUp), w.Header()["Set-Cookie"])
	}
	for _, value := range []string{strayToken + ".forged", "", "a b", "é"} {
		if found, err := core.Sessions.Lookup(t.Context(), value); found != nil || err != nil || len(store.lookedUp) != 0 {
			t.Errorf("%q: %v, %v", value, found, err)
		}
	}
}

func TestABearerTokenComesBeforeTheCookie(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		authorization string
		want          sessionstore.Token
	}{
		"plain":        {"Bearer other", "other"},
		"wrong":        {"Bearer other.signature", strayToken},
		"not a bearer": {"Basic other", strayToken},
	} {
		r := sessionRequest("")
		r.Header.Set("Authorization", tt.authorization)
		core := newTestCore(t, &fakeStore{})
		if got, _ := core.Sessions.token(r); got.Token != tt.want {
			t.Errorf("%s: %q counts", name, string(got.Token))
		}
	}
}

func TestFreshnessCountsFromTheSignIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		age, fresh time.Duration
		status     int
	}{
		{24*time.Hour - time.Millisecond, 24 * time.Hour, 200},
		{24 * time.Hour, 24 * time.Hour, 403},
		{100 * time.Hour, 0, 200},
	} {
		store := &fakeStore{identity: storedSession(tt.age), alive: true}
		store.identity.Session.UpdatedAt = testNow
		core := newTestCore(t, store)
		core.Sessions.freshAge = tt.fresh
		w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Session: SessionFresh, Handle: func(c *Call) error { return c.JSON(nil) }}, sessionRequest(""))
		if w.Code != tt.status {
			t.Errorf("%v old, fresh for %v: %d %s", tt.age, tt.fresh, w.Code, w.Body)
		}
		if renewed := len(w.Header()["Set-Cookie"]) == 1; renewed != (tt.age >= 24*time.Hour) {
			t.Errorf("%v old: cookies %q; renewal comes before freshness", tt.age, w.Header()["Set-Cookie"])
		}
	}
}

func TestTheObserverHearsTheRouteAndNeverThePath(t *testing.T) {
	t.Parallel()
	var heard []Outcome
	core := newTestCore(t, &fakeStore{identity: storedSession(0)}, func(d *Deps) {
		d.Observe = func(_ *http.Request, o Outcome) { heard = append(heard, o) }
	})
	route := Route{Method: "GET", Path: "/x/:id", Session: SessionRequired, Handle: func(c *Call) error { return c.JSON(c.Param("id")) }}
	r := sessionRequest("")
	r.URL.Path = "/api/auth/x/secret"
	if w := serveRoute(t, core, route, r); w.Body.String() != `"secret"` {
		t.Error(w.Body)
	}
	r = sessionRequest("")
	r.URL.Path = "/api/auth/unknown/secret"
	w := serveRoute(t, core, route, r)
	if w.Code != 404 || w.Body.Len() != 0 || len(w.Header()) != 0 {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	want := []Outcome{{Route: "/api/auth/x/:id", UserID: "u1", SessionID: "s1"}, {}}
	if fmt.Sprint(heard) != fmt.Sprint(want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}

func TestPathsOutsideTheBasePathAreNotOurs(t *testing.T) {
	t.Parallel()
	core := newTestCore(t, &fakeStore{})
	for _, path := range []string{"/", "/x", "/api", "/api/auth", "/api/authx", "/API/AUTH/x", "/api%2fauth/x", "/api//auth/x", "/x/api/auth/x"} {
		w := serveRoute(t, core, Route{Method: "GET", Path: "/x", Handle: func(c *Call) error { return c.JSON(nil) }}, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 404 || w.Body.Len() != 0 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// While a replica cannot hear of what others change, memory must do for reading alone.
func TestWhoMayChangeSomethingIsLookedUpAsOfNow(t *testing.T) {
	t.Parallel()
	identity := &sessionstore.Identity{Session: sessionstore.Session{ExpiresAt: time.Now().Add(7 * 24 * time.Hour)}}
	for method, want := range map[string]bool{
		http.MethodGet: false, http.MethodHead: false, http.MethodOptions: false,
		http.MethodPost: true, http.MethodPut: true, http.MethodPatch: true, http.MethodDelete: true, "PROPFIND": true,
	} {
		store := &fakeStore{identity: identity}
		core := newTestCore(t, store)
		r := httptest.NewRequest(method, "/api/tasks", nil)
		r.Header.Set("Authorization", "Bearer token")
		if found, err := core.Sessions.Resolve(httptest.NewRecorder(), r); err != nil || found == nil {
			t.Fatalf("%s: %v, %v", method, found, err)
		}
		if store.looks[0].Current != want {
			t.Errorf("%s: looked up as of now: %t", method, !want)
		}
	}
}

// Whoever has a signature of ours is looked up before those who have none.
func TestASignatureVouchesForAToken(t *testing.T) {
	t.Parallel()
	for authorization, want := range map[string]bool{"": true, "Bearer " + strayToken: false, "Bearer " + strayToken + "." + straySignature: true} {
		store := &fakeStore{identity: storedSession(0)}
		r := sessionRequest("")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		if _, err := newTestCore(t, store).Sessions.Resolve(httptest.NewRecorder(), r); err != nil {
			t.Fatal(err)
		}
		if look := store.looks[0]; look.Vouched != want || look.Token != strayToken {
			t.Errorf("%q is looked up as %+v", authorization, look.Vouched)
		}
	}
}
