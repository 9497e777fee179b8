package password_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/sessionstore"
)

func signIn(user sessionstore.User, more ...authflowtest.Body) authflowtest.Body {
	body := authflowtest.Body{"email": user.Email, "password": authflowtest.Password}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return body
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	browser := flow.Browser().With("User-Agent", "Test/1.0").At("2001:db8:1:2:3::4")
	answer := browser.Post("/sign-in/email", authflowtest.Body{"email": strings.ToUpper(user.Email), "password": authflowtest.Password}).Sets("session_token")
	token := string(browser.Token())
	answer.Says(200, `{"redirect":false,"token":"`+token+`","user":{"name":"Ada","email":"`+user.Email+`","emailVerified":true,"image":null,`+
		`"createdAt":"2026-03-01T12:30:15.123Z","updatedAt":"2026-03-01T12:30:15.123Z","id":"`+string(user.ID)+`"}}`)
	if got := answer.Header.Get("Set-Auth-Token"); got != flow.Signed(token) {
		t.Errorf("set-auth-token %q", got)
	}
	browser.Get("/get-session").Is(200).
		Has("session.ipAddress", "2001:0db8:0001:0002:0000:0000:0000:0000").Has("session.userAgent", "Test/1.0").
		Has("session.expiresAt", "2026-03-08T12:30:15.123Z").Has("session.createdAt", "2026-03-01T12:30:15.123Z")
	if e := flow.LastEvent(authflow.EventSignIn); e.UserID != user.ID || e.Reason != "password" || e.SessionID == "" {
		t.Errorf("%+v", e)
	}
	// D54: every sign-in makes a new token.
	browser.Post("/signin", signIn(user)).Is(200)
	if string(browser.Token()) == token {
		t.Error("the second sign-in gave the first token")
	}
}

func TestWhereTheClientGoesAfterSigningIn(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	answer := flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"callbackURL": "/app?x=1#f"})).Is(200).Has("redirect", true).Has("url", "/app?x=1#f")
	if got := answer.Header.Get("Location"); got != "/app?x=1#f" {
		t.Errorf("location %q", got)
	}
	answer = flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"callbackURL": ""})).Is(200).Has("redirect", false).Has("url", "")
	if _, set := answer.Header["Location"]; set {
		t.Error("a location leads nowhere")
	}
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"callbackURL": "https://evil.test"})).Fails(403, "INVALID_CALLBACK_URL").Sets()
}

func TestAFormMaySignIn(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	form := "email=" + url.QueryEscape(user.Email) + "&password=" + url.QueryEscape(authflowtest.Password)
	flow.Browser().Send(formPost("/sign-in/email", form)).Is(200).Sets("session_token")
	flow.Browser().Send(formPost("/sign-in/email", form+"&rememberMe=false")).Invalid("[body.rememberMe] Invalid input: expected boolean, received string")
	flow.Browser().Send(formPost("/sign-in/email", "email=%ff@x.test&password=x")).Fails(400, "INVALID_EMAIL")
}

func TestASessionThatEndsWithTheBrowser(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	browser := flow.Browser()
	browser.Post("/sign-in/email", signIn(user, authflowtest.Body{"rememberMe": false})).Is(200).Sets("session_token", "dont_remember")
	browser.Get("/get-session").Is(200).Has("session.expiresAt", "2026-03-02T12:30:15.123Z")
	browser.Post("/update-user", authflowtest.Body{"name": "Countess"}).Is(200).Sets("session_token", "dont_remember")
	flow.Clock.Advance(24*time.Hour - time.Second)
	browser.Get("/get-session").Is(200).Sets()
	browser.Post("/sign-in/email", signIn(user)).Is(200).Sets("session_token", "-dont_remember")
}

// An unknown address, a wrong password and an account without password get one answer, after the same work (D71).
func TestD71SigningInDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user, unproved, without := flow.User("Ada"), flow.Unverified("Grace"), flow.WithoutPassword("Linus")
	for _, tt := range []struct{ email, reason string }{
		{"nobody@people.test", "unknown_account"}, {user.Email, "wrong_password"}, {unproved.Email, "wrong_password"}, {without.Email, "no_password"},
	} {
		before := flow.Hashes()
		answer := flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": tt.email, "password": "another password"}).
			Says(401, `{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}`)
		if got, want := shape(answer), "401 {\"message\":\"Invalid email or password\",\"code\":\"INVALID_EMAIL_OR_PASSWORD\"} "+
			"[Cache-Control[no-store] Content-Length[74] Content-Type[application/json]]"; got != want {
			t.Errorf("%s: %s", tt.reason, got)
		}
		if got := flow.Hashes() - before; got != 1 {
			t.Errorf("%s: %d hashes", tt.reason, got)
		}
		e := flow.LastEvent(authflow.EventSignInFailed)
		if e.Reason != tt.reason || (e.UserID == "") != (tt.reason == "unknown_account") || (e.Account == "") == (tt.reason == "unknown_account") {
			t.Errorf("%+v", e)
		}
	}
	if len(flow.Letters()) != 0 {
		t.Error("a wrong password had a letter written")
	}
}

func TestAnUnprovedAddressIsRefusedWithANewLink(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.Unverified("Ada")
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"callbackURL": "/in"})).Fails(403, "EMAIL_NOT_VERIFIED").Sets()
	flow.Browser().Open(flow.Letter("verify-email", user.Email).Link()).RedirectsTo("/in")
	if e := flow.LastEvent(authflow.EventSignInFailed); e.Reason != "unverified" || e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
	flow.Browser().Post("/sign-in/email", signIn(user)).Is(200)
}

func TestNoNewLinkWhereNoneIsWanted(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) { s.Verification.SendOnSignIn = false })
	flow.Browser().Post("/sign-in/email", signIn(flow.Unverified("Ada"))).Fails(403, "EMAIL_NOT_VERIFIED")
	if len(flow.Letters()) != 0 {
		t.Error("a letter was written")
	}
}

func TestWhatSigningInRefusesAtOnce(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	for name, tt := range map[string]struct {
		email, password string
		status          int
		code            string
	}{
		"no address":               {"ada", "x", 400, "INVALID_EMAIL"},
		"address with NUL":         {"a\x00@people.test", "x", 400, "INVALID_EMAIL"},
		"a letter that becomes k":  {"\u212aate@people.test", "x", 400, "INVALID_EMAIL"},
		"address with blanks":      {" " + user.Email, authflowtest.Password, 400, "INVALID_EMAIL"},
		"a full-width at":          {"ada\uff20people.test", "x", 400, "INVALID_EMAIL"},
		"an address without end":   {strings.Repeat("a.", 100_000) + "@b.co", "x", 400, "INVALID_EMAIL"},
		"a password without end":   {user.Email, strings.Repeat("x", 200_000), 400, "PASSWORD_TOO_LONG"},
		"a password of 129":        {user.Email, strings.Repeat("x", 129), 400, "PASSWORD_TOO_LONG"},
		"a password without start": {user.Email, "", 401, "INVALID_EMAIL_OR_PASSWORD"},
	} {
		flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": tt.email, "password": tt.password}).Fails(tt.status, tt.code)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if got := flow.Hashes(); got != 1 {
		t.Errorf("%d hashes, want that of the empty password", got)
	}
	closed := start(t, func(s *authflowtest.Settings) { s.Password.Enabled = false })
	closed.Browser().Post("/sign-in/email", signIn(closed.User("Ada"))).Fails(400, "EMAIL_PASSWORD_DISABLED")
}

func TestAHashOfAnotherKindIsReplacedAtSignIn(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	stored := func() string {
		account, err := flow.Store.FindCredential(t.Context(), user.ID)
		if err != nil {
			t.Fatal(err)
		}
		return *account.Password
	}
	const foreign = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i" // abc
	flow.SetHash(user, foreign)
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": "wrong"})).Is(401)
	if stored() != foreign {
		t.Error("a wrong password replaced the hash")
	}
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": "abc"})).Is(200)
	upgraded := stored()
	if !strings.HasPrefix(upgraded, "$argon2id$") {
		t.Errorf("the hash is %q", upgraded)
	}
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": "abc"})).Is(200)
	if stored() != upgraded {
		t.Error("a hash of the configured kind was replaced")
	}
}

func TestAHashNobodyKnowsIsNobodysPassword(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	flow.SetHash(user, "hunter2")
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": "hunter2"})).Fails(401, "INVALID_EMAIL_OR_PASSWORD")
	if log := flow.Log(); !strings.Contains(log, "stored password cannot be compared") || strings.Contains(log, "hunter2") {
		t.Errorf("the log says %q", log)
	}
}

func TestAGateStopsEveryWayOfSigningInHere(t *testing.T) {
	t.Parallel()
	var asked []string
	banned := &authflow.Error{Status: 403, Code: "BANNED_USER", Message: "You have been banned"}
	gate := func(s *authflowtest.Settings) {
		s.Gates = append(s.Gates, authflowtest.GateFunc(func(_ *authflow.Call, _ *sessionstore.Store, _ sessionstore.User, method string) error {
			asked = append(asked, method)
			return banned
		}))
	}
	flow := start(t, open, gate)
	user := flow.User("Ada")
	flow.Browser().Post("/sign-in/email", signIn(user)).Fails(403, "BANNED_USER").Sets()

	flow.Browser().Post("/sign-up/email", signUp("new@people.test")).Fails(403, "BANNED_USER").Sets()
	if _, err := flow.Store.FindUserByEmail(t.Context(), "new@people.test"); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("of the refused sign-up there is left: %v", err)
	}

	session := flow.Session(user)
	browser := flow.Holding(session)
	browser.Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "a new password", "revokeOtherSessions": true}).Fails(403, "BANNED_USER").Sets()
	browser.Post("/verify-password", authflowtest.Body{"password": authflowtest.Password}).Is(200) // nothing of the change stayed
	if !flow.Alive(session) {
		t.Error("the refused change ended the session")
	}
	if got := strings.Join(asked, " "); got != "password sign-up change-password" {
		t.Errorf("the gate was asked about %s", got)
	}
	if sessions, err := flow.Store.ListSessions(t.Context(), user.ID); err != nil || len(sessions) != 1 {
		t.Errorf("%d sessions, %v", len(sessions), err)
	}
}

func TestAUserDeletedWhileSigningInIsNoFault(t *testing.T) {
	t.Parallel()
	flow := start(t, func(s *authflowtest.Settings) {
		s.Gates = append(s.Gates, authflowtest.GateFunc(func(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, _ string) error {
			return tx.DeleteUser(c.R.Context(), u.ID)
		}))
	})
	flow.Browser().Post("/sign-in/email", signIn(flow.User("Ada"))).Fails(401, "UNAUTHORIZED").Sets()
}

func TestASignInForWhichThereIsNoRoomIsToldToComeBack(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Password.HashWorkers, s.Password.HashQueue = 1, 1 })
	goOn := make(chan struct{})
	password.Cheapen(flow.Password, func() { <-goOn })
	answers := make(chan *authflowtest.Answer, 3)
	for range 3 { // one is hashed, one waits, one is too many
		go func() {
			answers <- flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": "nobody@people.test", "password": "x"})
		}()
	}
	turnedAway := <-answers
	turnedAway.Fails(503, "TOO_MANY_SIGN_INS")
	if got := turnedAway.Header.Get("Retry-After"); got != "5" {
		t.Errorf("retry after %q", got)
	}
	close(goOn)
	// The worker may not have taken the first yet when the second came, which then was one too many as well.
	for range 2 {
		if a := <-answers; a.Status != 503 {
			a.Fails(401, "INVALID_EMAIL_OR_PASSWORD")
		}
	}
}

// D54: a reset shuts out whoever knows the former password, also with a sign-in that was under way.
func TestD54ASignInDoesNotOutliveAReset(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	former, err := bcrypt.GenerateFromPassword([]byte(authflowtest.Password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	flow.SetHash(user, string(former)) // of another kind than the configured one, so that the sign-in makes a hash in between
	password.Cheapen(flow.Password, func() {
		if _, err := flow.Store.SetPassword(t.Context(), user.ID, password.CheapHash("set by the reset")); err != nil {
			t.Error(err)
		}
	})
	flow.Browser().Post("/sign-in/email", signIn(user)).Fails(401, "INVALID_EMAIL_OR_PASSWORD").Sets()
	flow.Browser().Post("/sign-in/email", signIn(user, authflowtest.Body{"password": "set by the reset"})).Is(200)
}
