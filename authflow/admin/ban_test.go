package admin_test

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/admin"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

func start(t *testing.T) *authflowtest.Flow {
	return authflowtest.Start(t, func(s *authflowtest.Settings) { s.AdminColumns = true })
}

func credentials(u sessionstore.User) authflowtest.Body {
	return authflowtest.Body{"email": u.Email, "password": authflowtest.Password}
}

func TestABannedUserGetsNoSession(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada, grace := flow.User("Ada"), flow.Unverified("Grace")
	flow.SignedIn(grace).Post("/send-verification-email", authflowtest.Body{"email": grace.Email}).Is(200)
	flow.Ban(ada, nil)
	flow.Ban(grace, nil)

	flow.Browser().Post("/sign-in/email", credentials(ada)).Fails(403, "BANNED_USER").Sets()
	flow.Browser().Open(flow.Letter("verify-email", grace.Email).Link()).Fails(403, "BANNED_USER").Sets()
	// Who does not know the password does not learn of the ban.
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": ada.Email, "password": "not the password"}).Fails(401, "INVALID_EMAIL_OR_PASSWORD")

	for _, e := range flow.Events() {
		if e.Name == authflow.EventSignInFailed && e.Reason == "banned_user" && e.UserID == ada.ID {
			return
		}
	}
	t.Errorf("no trace of the refusal in %v", flow.Events())
}

func TestASessionDiesWithTheBan(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.User("Ada")
	browser := flow.SignedIn(ada)
	token := string(browser.Token())
	browser.Get("/get-session").Has("user.name", "Ada")
	flow.Ban(ada, nil)
	flow.Clock.Advance(31 * time.Second) // what was remembered of the user is forgotten
	browser.Get("/get-session").Says(200, "null").TakesSessionAway()
	flow.Browser().With("Authorization", "Bearer "+token).Get("/list-accounts").Fails(401, "UNAUTHORIZED")
}

func TestTheApplicationSeesNobodyBanned(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.User("Ada")
	browser := flow.SignedIn(ada)
	flow.Ban(ada, nil)
	flow.Clock.Advance(31 * time.Second)
	r := httptest.NewRequest("GET", "/api/tasks", nil)
	r.Header.Set("Authorization", "Bearer "+string(browser.Token()))
	identity, err := flow.Core.Sessions.Resolve(httptest.NewRecorder(), r)
	if err != nil || identity != nil {
		t.Errorf("resolved %v, %v", identity, err)
	}
}

func TestABanEndsByItself(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada := flow.User("Ada")
	browser := flow.SignedIn(ada)
	until := flow.Clock.Now().Add(time.Hour)
	flow.Ban(ada, &until)
	flow.Clock.Advance(time.Hour - time.Second)
	flow.Browser().Post("/sign-in/email", credentials(ada)).Fails(403, "BANNED_USER")

	flow.Clock.Advance(time.Second)
	browser.Get("/get-session").Has("user.name", "Ada")
	flow.Browser().Post("/sign-in/email", credentials(ada)).Is(200)
	if reason := flow.BanReason(ada); reason != nil {
		t.Errorf("the ban is over, and its reason still %q", *reason)
	}
}

func TestWithoutThePluginsColumnsNobodyIsBanned(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	flow.Browser().Post("/sign-in/email", credentials(flow.User("Ada"))).Is(200)
}

func TestTheGateOfABanUsesTheClockOfTheWall(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(time.Hour)
	user := sessionstore.User{Banned: true, BanExpires: &past}
	if err := (admin.BanGate{}).Admit(nil, nil, user, "password"); !errors.Is(err, authflow.ErrBanned) {
		t.Errorf("admitted: %v", err)
	}
}
