package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/admin"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// administered is a flow with pages for administrators, and a browser of one.
func administered(t *testing.T, adjust ...func(*authflowtest.Settings)) (*authflowtest.Flow, sessionstore.User, *authflowtest.Browser) {
	t.Helper()
	flow := start(t, append([]func(*authflowtest.Settings){func(s *authflowtest.Settings) { s.Admin.Enabled, s.Pages.Admin = true, true }}, adjust...)...)
	root := flow.User("Root")
	flow.InTx(func(tx *sessionstore.Store) error {
		for _, field := range tx.UserFields() {
			if field.Name == "role" {
				_, err := tx.UpdateUser(context.Background(), root.ID, sessionstore.UserChange{Fields: sessionstore.Fields{{Field: field, Value: "admin"}}})
				return err
			}
		}
		return nil
	})
	return flow, root, flow.SignedIn(root)
}

func pageOf(u sessionstore.User) string {
	return "/auth/admin/user?" + url.Values{"id": {string(u.ID)}}.Encode()
}

func TestPagesForAdministratorsAreForThem(t *testing.T) {
	t.Parallel()
	flow, _, _ := administered(t)
	ada := flow.SignedIn(flow.User("Ada"))
	for _, path := range []string{"/auth/admin", "/auth/admin/new", "/auth/admin/events", "/auth/admin/health", "/auth/admin/user?id=x"} {
		flow.Browser().Page(path).Leads("/auth/sign-in?" + url.Values{"return_to": {path}}.Encode())
		ada.Page(path).Shows(403, "This page is for administrators.")
	}
	if page := ada.Page("/auth/account"); strings.Contains(page.Body, "/auth/admin") {
		t.Error("a user is shown the way to pages that are not theirs")
	}
	form := flow.Browser()
	root := form.Page("/auth/sign-in?return_to=/auth/admin/events")
	form.Submit(root, "/auth/sign-in", "email", flow.User("Grace").Email, "password", password).Leads("/auth/admin/events")
	without := start(t, func(s *authflowtest.Settings) { s.Admin.Enabled, s.Pages.Admin = true, false })
	without.SignedIn(without.User("Ada")).Page("/auth/admin").Is(404)
}

func TestUsersAreFoundAndMadeByPages(t *testing.T) {
	t.Parallel()
	flow, _, root := administered(t)
	flow.User("Ada")
	flow.Unverified("Grace <script>")
	root.Page("/auth/account").Shows(200, `href="/auth/admin"`)
	root.Page("/auth/admin").Shows(200, "Ada", "Grace &lt;script&gt;", "1–3 of 3", "Not confirmed", `<span class="badge">admin</span>`)
	found := root.Page("/auth/admin?q=gRACE&in=name")
	if found.Shows(200, "Grace", "1–1 of 1", `value="gRACE"`); strings.Contains(found.Body, "Ada") {
		t.Error("Ada was found as well")
	}
	root.Page("/auth/admin?which=banned").Shows(200, "Nobody was found.")
	root.Page("/auth/admin?which=admin&from=999").Shows(200, "Nobody was found.")

	form := root.Page("/auth/admin/new").Shows(200, "New user")
	root.Submit(form, "/auth/admin/new", "name", "Alan", "email", "not an address").Shows(400, `value="Alan"`, "aria-invalid")
	made := root.Submit(form, "/auth/admin/new", "name", "Alan", "email", "Alan@people.test", "role", "support, user", "verified", "yes").Is(303)
	root.Page(made.Header.Get("Location")).Shows(200, "The user is created.", "Alan", "support,user", "alan@people.test")
}

func TestAUserIsLookedAfterByForms(t *testing.T) {
	t.Parallel()
	flow, rootUser, root := administered(t)
	ada := flow.User("Ada")
	visitor := flow.SignedIn(ada)
	page := root.Page(pageOf(ada)).Shows(200, "Ada", "End the session on")
	if strings.Contains(page.Body, string(visitor.Token())) {
		t.Error("a page shows a session's token")
	}
	does := func(says string, fields ...string) {
		t.Helper()
		root.Submit(page, pageOf(ada), fields...).Leads(pageOf(ada))
		page = root.Page(pageOf(ada)).Shows(200, says)
	}
	does("The roles are changed.", "action", "role", "role", "support, user")
	does("The user is banned and signed out.", "action", "ban", "banReason", "Spam & eggs", "length", "86400")
	page.Shows(200, "Banned: Spam &amp; eggs", "Lift the ban", "Until")
	visitor.Get("/get-session").Says(200, "null")
	does("The user may sign in again.", "action", "unban")
	does("The password is set.", "action", "password", "newPassword", "another password")
	root.Submit(page, pageOf(ada), "action", "password", "newPassword", "short").Shows(400, "aria-invalid")
	other := flow.Session(ada)
	does("The session has ended.", "action", "revoke", "session", string(other.ID))
	if flow.Alive(other) {
		t.Error("the session goes on")
	}
	flow.Session(ada)
	does("All sessions of the user have ended.", "action", "revoke-all")
	root.Submit(page, pageOf(ada), "action", "remove").Shows(400, "Say that you are sure.")
	root.Submit(page, pageOf(ada), "action", "remove", "sure", "yes").Leads("/auth/admin")
	root.Page("/auth/admin").Shows(200, "The user is deleted.")
	if e := flow.LastEvent(authflow.EventUserDeleted); e.UserID != ada.ID || e.ActorID != rootUser.ID {
		t.Errorf("remembered as %+v", e)
	}
	root.Page(pageOf(ada)).Is(404)
}

func TestAnAdministratorIsTheUserForAWhileAndComesBack(t *testing.T) {
	t.Parallel()
	flow, _, root := administered(t)
	ada := flow.User("Ada")
	page := root.Page(pageOf(ada))
	root.Submit(page, pageOf(ada), "action", "impersonate").Leads("/auth/account")
	account := root.Page("/auth/account").Shows(200, "You see the application as", "<bdi><strong>Ada</strong></bdi>", "Be yourself again")
	root.Page("/auth/admin").Is(403)
	root.Submit(account, "/auth/admin/stop").Leads("/auth/admin")
	root.Page("/auth/admin").Shows(200, "You are yourself again.")

	// Without a way back it is the end of it all the same.
	page = root.Page(pageOf(ada))
	root.Submit(page, pageOf(ada), "action", "impersonate").Leads("/auth/account")
	account = root.Page("/auth/account")
	root.SetCookie("better-auth.admin_session", "")
	root.Submit(account, "/auth/admin/stop").Leads("/auth/sign-in")
	root.Get("/get-session").Says(200, "null")
}

func TestAFormOfAnotherSiteLooksAfterNobody(t *testing.T) {
	t.Parallel()
	flow, _, root := administered(t)
	ada := flow.User("Ada")
	root.Page("/auth/admin") // so that there is a cookie
	root.Send(authflowtest.Request{
		Method: "POST", Path: pageOf(ada), Page: true, ContentType: "application/x-www-form-urlencoded", Body: "action=remove&sure=yes&form=1.forged",
	}).Is(400)
	root.Page(pageOf(ada)).Is(200)
	root.With("Origin", "https://evil.test").Submit(root.Page(pageOf(ada)), pageOf(ada), "action", "ban").Is(403)
	root.Page(pageOf(ada)).Shows(200, "Ban user")
}

func TestEventsAndHealthAreShown(t *testing.T) {
	t.Parallel()
	flow, _, root := administered(t)
	ada := flow.User("Ada")
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": ada.Email, "password": "not it"})
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": ada.Email, "password": password})
	root.Page("/auth/admin/events").Shows(200, "Sign-in attempt", "wrong_password", "sign_in: password")
	failed := root.Page("/auth/admin/events?outcome=failure&who=" + url.QueryEscape(strings.ToUpper(ada.Email)))
	if failed.Shows(200, "wrong_password"); strings.Contains(failed.Body, "sign_in: password") {
		t.Error("what succeeded is shown among what failed")
	}
	root.Page("/auth/admin/events?who=nobody").Shows(200, "No events were found.")
	for range 30 {
		flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": "nobody@people.test", "password": "not it"})
	}
	first := root.Page("/auth/admin/events?event=sign_in_failed").Shows(200, "Older")
	older := strings.Count(first.Body, "<code")
	_, next, _ := strings.Cut(first.Body, `<p class="below"><a href="`)
	next, _, _ = strings.Cut(next, `"`)
	second := root.Page(strings.ReplaceAll(next, "&amp;", "&")).Is(200)
	if total := older + strings.Count(second.Body, "<code"); older != 25 || total != 31 {
		t.Errorf("%d events on the first page, %d in all", older, total)
	}
	health := root.Page("/auth/admin/health").Shows(200, "98.7 %", "of 1000 look-ups", "1.5ms", "It answers")
	if health.Header.Get("Refresh") == "" {
		t.Error("the page does not ask again")
	}
}

func TestARoleSeesNoMoreThanItMayDo(t *testing.T) {
	t.Parallel()
	flow, _, root := administered(t, func(s *authflowtest.Settings) {
		s.Admin.Roles = admin.Roles{"admin": {"user": {"list", "get"}}}
	})
	ada := flow.User("Ada")
	flow.Session(ada)
	page := root.Page(pageOf(ada)).Is(200)
	for _, offered := range []string{"Ban user", "Impersonate", "Set password", "Delete user", "End all sessions", "Roles"} {
		if strings.Contains(page.Body, offered) {
			t.Errorf("offered: %s", offered)
		}
	}
	root.Page("/auth/admin/events").Is(403)
	root.Submit(page, pageOf(ada), "action", "ban").Shows(403, "You are not allowed to ban users")
}
