package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

const waiting = "better-auth.admin_session"

func TestAnAdministratorIsSomebodyElseForAWhile(t *testing.T) {
	t.Parallel()
	flow, root, browser := administered(t)
	ada := flow.User("Ada")
	own := browser.Token()
	browser.Post("/admin/impersonate-user", body{"userId": string(ada.ID)}).Has("user.id", string(ada.ID)).Has("session.impersonatedBy", string(root.ID))
	remembered(t, flow, authflow.EventImpersonationStarted, ada, root)
	browser.Get("/get-session").Has("user.name", "Ada").Has("session.impersonatedBy", string(root.ID))
	browser.Get("/admin/list-users").Fails(403, "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS")

	// What is done meanwhile is done by the administrator.
	browser.Post("/update-user", body{"name": "Countess"}).Is(200)
	remembered(t, flow, authflow.EventUserUpdated, ada, root)

	impersonated := browser.Token()
	browser.Post("/admin/stop-impersonating", body{}).Has("user.id", string(root.ID))
	remembered(t, flow, authflow.EventImpersonationStopped, ada, root)
	if browser.Token() != own || browser.Cookie(waiting) != "" {
		t.Errorf("back with %s, and %q", browser.Token(), browser.Cookie(waiting))
	}
	flow.Browser().With("Authorization", "Bearer "+string(impersonated)).Get("/list-accounts").Fails(401, "UNAUTHORIZED")
	browser.Post("/admin/stop-impersonating", body{}).Is(400).Has("message", "You are not impersonating anyone")
}

func TestAnImpersonationEndsByItself(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t, func(s *authflowtest.Settings) { s.Admin.ImpersonationSessionDuration = 10 * time.Minute })
	browser.Post("/admin/impersonate-user", body{"userId": string(flow.User("Ada").ID)}).Is(200)
	flow.Clock.Advance(10*time.Minute - time.Second)
	browser.Get("/get-session").Has("user.name", "Ada")
	flow.Clock.Advance(time.Second)
	browser.Get("/get-session").Says(200, "null")
	browser.Post("/admin/stop-impersonating", body{}).Says(401, "")
}

func TestUsersDoNotSeeThatTheyAreImpersonated(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t)
	ada := flow.User("Ada")
	visitor := flow.SignedIn(ada)
	browser.Post("/admin/impersonate-user", body{"userId": string(ada.ID)}).Is(200)
	for _, path := range []string{"/list-sessions", "/sessions"} {
		if answer := visitor.Get(path).Is(200); strings.Count(answer.Body, `"ipAddress"`) != 1 {
			t.Errorf("%s: %s", path, answer.Body)
		}
	}
}

func TestWhoIsImpersonatedPassesTheGates(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t)
	ada := flow.User("Ada")
	browser.Post("/admin/ban-user", body{"userId": string(ada.ID)}).Is(200)
	browser.Post("/admin/impersonate-user", body{"userId": string(ada.ID)}).Fails(403, "BANNED_USER").Sets()
	browser.Get("/get-session").Has("user.name", "Root")
}

func TestNobodyImpersonatesAnAdministrator(t *testing.T) {
	t.Parallel()
	flow, root, browser := administered(t)
	other := inRole(flow, "Other", "user,admin")
	browser.Post("/admin/impersonate-user", body{"userId": string(other.ID)}).Fails(403, "YOU_CANNOT_IMPERSONATE_ADMINS")
	browser.Post("/admin/impersonate-user", body{"userId": string(root.ID)}).Fails(403, "YOU_CANNOT_IMPERSONATE_ADMINS")
	if e := flow.LastEvent(authflow.EventAdminRefused); e.Reason != "user_impersonate-admins" {
		t.Errorf("remembered as %+v", e)
	}
	allowing := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Beside, s.Admin.Enabled, s.Admin.AllowImpersonatingAdmins = flow, true, true
	})
	allowing.SignedIn(root).Post("/admin/impersonate-user", body{"userId": string(other.ID)}).Is(200)
}

func TestTheWayBackIsTheAdministratorsOwn(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t)
	ada, grace := flow.User("Ada"), flow.User("Grace")
	browser.Post("/admin/impersonate-user", body{"userId": string(ada.ID)}).Is(200)
	kept := browser.Cookie(waiting)
	const gone = "Failed to find admin session"
	for name, value := range map[string]string{
		"none":           "",
		"forged":         kept + "x",
		"somebody's":     authflow.EscapeComponent(flow.Signed(string(flow.Session(grace).Token) + ":")),
		"nobody's":       authflow.EscapeComponent(flow.Signed("unknown:")),
		"the user's own": authflow.EscapeComponent(flow.Signed(string(browser.Token()) + ":")),
	} {
		browser.SetCookie(waiting, value)
		answer := browser.Post("/admin/stop-impersonating", body{}).Is(500)
		if answer.Has("message", gone).Sets(); t.Failed() {
			t.Fatal(name)
		}
	}
	browser.SetCookie(waiting, kept)
	browser.Post("/admin/stop-impersonating", body{}).Is(200)
}

func TestAnAdministratorWhoIsBannedDoesNotComeBack(t *testing.T) {
	t.Parallel()
	flow, root, browser := administered(t)
	other := flow.SignedIn(inRole(flow, "Other", "admin"))
	browser.Post("/admin/impersonate-user", body{"userId": string(flow.User("Ada").ID)}).Is(200)
	other.Post("/admin/ban-user", body{"userId": string(root.ID)}).Is(200)
	browser.Post("/admin/stop-impersonating", body{}).Is(500)
	if e := flow.LastEvent(authflow.EventImpersonationStopped); e.ActorID != sessionstore.UserID("") {
		t.Errorf("remembered as %+v", e)
	}
}
