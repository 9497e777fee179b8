package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/admin"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// administered is a flow with the plugin, and a browser of an administrator.
func administered(t *testing.T, adjust ...func(*authflowtest.Settings)) (*authflowtest.Flow, sessionstore.User, *authflowtest.Browser) {
	t.Helper()
	flow := authflowtest.Start(t, append([]func(*authflowtest.Settings){func(s *authflowtest.Settings) { s.Admin.Enabled = true }}, adjust...)...)
	root := inRole(flow, "Root", "admin")
	return flow, root, flow.SignedIn(root)
}

func inRole(flow *authflowtest.Flow, name, role string) sessionstore.User {
	user := flow.User(name)
	flow.InTx(func(tx *sessionstore.Store) (err error) {
		for _, field := range tx.UserFields() {
			if field.Name == "role" {
				user, err = tx.UpdateUser(context.Background(), user.ID, sessionstore.UserChange{Fields: sessionstore.Fields{{Field: field, Value: role}}})
			}
		}
		return err
	})
	return user
}

// remembered wants the latest event of a name to be about this user, by this administrator.
func remembered(t *testing.T, flow *authflowtest.Flow, name authflow.EventName, user, actor sessionstore.User) {
	t.Helper()
	if e := flow.LastEvent(name); e.UserID != user.ID || e.ActorID != actor.ID || e.Outcome != authflow.OutcomeSuccess {
		t.Errorf("%s: remembered as %+v", name, e)
	}
}

type body = authflowtest.Body

func TestThereAreNoEndpointsUnlessThePluginIsOn(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := flow.SignedIn(flow.User("Ada"))
	ada.Get("/admin/list-users").Is(404)
	ada.Post("/admin/ban-user", body{"userId": "x"}).Is(404)
	ada.Get("/get-session").Lacks("user.role").Lacks("session.impersonatedBy")
}

func TestANewUserHasTheDefaultRoleAndNoBan(t *testing.T) {
	t.Parallel()
	flow, _, _ := administered(t, func(s *authflowtest.Settings) { s.Admin.DefaultRole = "guest" })
	signUp := body{"name": "Ada", "email": "ada@people.test", "password": authflowtest.Password}
	flow.Browser().Post("/sign-up/email", signUp).Has("user.role", "guest").Has("user.banned", false).Has("user.banReason", nil).Has("user.banExpires", nil)
	for field, value := range map[string]any{"role": "admin", "banReason": "x", "banExpires": "2099-01-01T00:00:00.000Z"} {
		signUp[field] = value
		flow.Browser().Post("/sign-up/email", signUp).Fails(400, "FIELD_NOT_ALLOWED")
		flow.SignedIn(flow.User("Grace")).Post("/update-user", body{field: value}).Fails(400, "FIELD_NOT_ALLOWED")
		delete(signUp, field)
	}
	flow.SignedIn(flow.User("Grace")).Post("/update-session", body{"impersonatedBy": "x"}).Fails(400, "FIELD_NOT_ALLOWED")
}

func TestWhoMayNotIsRefusedAndRemembered(t *testing.T) {
	t.Parallel()
	flow, root, _ := administered(t)
	ada := flow.User("Ada")
	browser := flow.SignedIn(ada)
	browser.Post("/admin/set-role", body{"userId": string(ada.ID), "role": "admin"}).Fails(403, "YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE")
	browser.Post("/admin/impersonate-user", body{"userId": string(root.ID)}).Fails(403, "YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS")
	e := flow.LastEvent(authflow.EventAdminRefused)
	if e.Outcome != authflow.OutcomeFailure || e.UserID != root.ID || e.ActorID != ada.ID || e.Reason != "user_impersonate" {
		t.Errorf("remembered as %+v", e)
	}
	for _, path := range []string{"/admin/list-users", "/admin/get-user?id=x"} {
		flow.Browser().Get(path).Says(401, "")
	}
}

func TestWhatAnAdministratorDoesIsRemembered(t *testing.T) {
	t.Parallel()
	flow, root, browser := administered(t, func(s *authflowtest.Settings) { s.Notify = true })
	ada := flow.User("Ada")
	id := string(ada.ID)
	browser.Post("/admin/set-role", body{"userId": id, "role": []string{"support", "user"}}).Has("user.role", "support,user")
	remembered(t, flow, authflow.EventRoleChanged, ada, root)
	browser.Post("/admin/update-user", body{"userId": id, "data": body{"name": "Countess", "email": "Countess@people.test"}}).Has("name", "Countess").Has("email", "countess@people.test")
	remembered(t, flow, authflow.EventUserUpdated, ada, root)
	remembered(t, flow, authflow.EventEmailChanged, ada, root)
	browser.Post("/admin/ban-user", body{"userId": id, "banReason": "Spam", "banExpiresIn": 60}).Has("user.banned", true).Has("user.banReason", "Spam")
	remembered(t, flow, authflow.EventUserBanned, ada, root)
	browser.Post("/admin/unban-user", body{"userId": id}).Has("user.banned", false).Has("user.banReason", nil)
	remembered(t, flow, authflow.EventUserUnbanned, ada, root)
	browser.Post("/admin/set-user-password", body{"userId": id, "newPassword": "another password"}).Has("status", true)
	remembered(t, flow, authflow.EventPasswordSet, ada, root)
	if flow.LettersTo("password-changed", "countess@people.test") != 1 {
		t.Errorf("letters: %v", flow.Letters())
	}
	session := flow.Session(ada)
	browser.Post("/admin/revoke-user-session", body{"sessionToken": string(session.Token)}).Has("success", true)
	remembered(t, flow, authflow.EventSessionRevoked, ada, root)
	browser.Post("/admin/revoke-user-sessions", body{"userId": id}).Has("success", true)
	remembered(t, flow, authflow.EventSessionsRevoked, ada, root)
	browser.Post("/admin/remove-user", body{"userId": id}).Has("success", true)
	remembered(t, flow, authflow.EventUserDeleted, ada, root)
	made := browser.Post("/admin/create-user", body{"name": "Grace", "email": "Grace@people.test", "password": "short", "data": body{"emailVerified": true}})
	made.Has("user.email", "grace@people.test").Has("user.role", "user")
	if e := flow.LastEvent(authflow.EventUserCreated); e.ActorID != root.ID || e.UserID == "" {
		t.Errorf("remembered as %+v", e)
	}
	flow.Browser().Post("/sign-in/email", body{"email": "grace@people.test", "password": "short"}).Is(200)
}

func TestWhatLeavesNoTraceIsNotDone(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t, func(s *authflowtest.Settings) { s.Unrecorded = authflow.EventUserBanned })
	ada := flow.User("Ada")
	session := flow.Session(ada)
	browser.Post("/admin/ban-user", body{"userId": string(ada.ID)}).Is(500)
	browser.Get("/admin/get-user?id="+string(ada.ID)).Has("banned", false)
	if !flow.Alive(session) {
		t.Error("the session ended without a trace")
	}
}

func TestABanIsKnownAtOnceAtThisReplica(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t)
	ada := flow.User("Ada")
	visitor := flow.SignedIn(ada)
	visitor.Get("/get-session").Has("user.name", "Ada") // which is remembered from now on
	browser.Post("/admin/ban-user", body{"userId": string(ada.ID)}).Is(200)
	visitor.Get("/get-session").Says(200, "null")
}

func TestARoleIsKnownAtOnceAtThisReplica(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t)
	ada := flow.User("Ada")
	visitor := flow.SignedIn(ada)
	visitor.Get("/admin/list-users").Fails(403, "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS")
	browser.Post("/admin/set-role", body{"userId": string(ada.ID), "role": "admin"}).Is(200)
	visitor.Get("/admin/list-users").Is(200)
	browser.Post("/admin/set-role", body{"userId": string(ada.ID), "role": "user"}).Is(200)
	visitor.Get("/admin/list-users").Fails(403, "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS")
}

func TestDefaultsOfABan(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t, func(s *authflowtest.Settings) {
		s.Admin.DefaultBanReason, s.Admin.DefaultBanExpiresIn, s.Admin.BannedUserMessage = "Rules", time.Hour, "Ask at the desk"
	})
	ada := flow.User("Ada")
	want := flow.Clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	browser.Post("/admin/ban-user", body{"userId": string(ada.ID)}).Has("user.banReason", "Rules").Has("user.banExpires", want)
	flow.Browser().Post("/sign-in/email", credentials(ada)).Fails(403, "BANNED_USER").Has("message", "Ask at the desk")
	// However long, it is a date that every database keeps.
	browser.Post("/admin/ban-user", body{"userId": string(ada.ID), "banExpiresIn": 1e300}).Is(200)
}

func namesIn(t *testing.T, answer *authflowtest.Answer) (names []string) {
	t.Helper()
	var list struct{ Users []struct{ Name string } }
	if err := json.Unmarshal([]byte(answer.Body), &list); err != nil {
		t.Error(err)
	}
	for _, u := range list.Users {
		names = append(names, u.Name)
	}
	return names
}

func TestUsersAreListedByAPageOfThem(t *testing.T) {
	t.Parallel()
	flow, _, browser := administered(t)
	for _, name := range []string{"Ada", "Grace", "Alan"} {
		flow.User(name)
	}
	page := browser.Get("/admin/list-users?sortBy=name&limit=2&offset=1").Has("total", 4.0).Has("limit", 2.0).Has("offset", 1.0)
	if names := namesIn(t, page); !slices.Equal(names, []string{"Alan", "Grace"}) {
		t.Errorf("a page of %q", names)
	}
	browser.Get("/admin/list-users?searchField=name&searchValue=gRA").Has("total", 1.0).Lacks("limit")
	browser.Get("/admin/list-users?filterField=role&filterValue=admin").Has("total", 1.0)
	browser.Get("/admin/list-users?filterField=banned&filterValue=true").Says(200, `{"users":[],"total":0}`)
	browser.Get("/admin/list-users?limit=1e9").Has("limit", 10000.0)
	browser.Get("/admin/list-users?sortBy=nothing").Says(200, `{"users":[],"total":0}`)
}

func TestAHiddenFieldIsNotFoundOutByOrder(t *testing.T) {
	t.Parallel()
	secret := sessionstore.FieldConfig{Type: sessionstore.FieldType{Kind: sessionstore.FieldString}}
	_, _, browser := administered(t, func(s *authflowtest.Settings) { s.UserFields = sessionstore.FieldConfigs{"secret": secret} })
	for _, query := range []string{"sortBy=secret", "filterField=secret&filterValue=a&filterOperator=gt"} {
		browser.Get("/admin/list-users?"+query).Says(200, `{"users":[],"total":0}`)
	}
}

func TestAdditionalFieldsAreSetWhateverUsersMay(t *testing.T) {
	t.Parallel()
	plan := sessionstore.FieldConfig{Type: sessionstore.FieldType{Kind: sessionstore.FieldString, OneOf: []string{"free", "pro"}}, Required: true, Returned: true}
	flow, _, browser := administered(t, func(s *authflowtest.Settings) {
		plan.Default = sessionstore.DefaultOf("free")
		s.UserFields = sessionstore.FieldConfigs{"plan": plan}
	})
	ada := string(flow.User("Ada").ID)
	browser.Post("/admin/update-user", body{"userId": ada, "data": body{"plan": "pro"}}).Has("plan", "pro")
	browser.Post("/admin/update-user", body{"userId": ada, "data": body{"plan": "gold", "name": 5, "emailVerified": "x"}}).Invalid(
		"[body.data.name] Invalid input: expected string, received number; [body.data.emailVerified] Invalid input: expected boolean, received string")
	browser.Post("/admin/update-user", body{"userId": ada, "data": body{"plan": "gold"}}).Fails(400, "VALIDATION_ERROR")
	browser.Post("/admin/create-user", body{"email": "g@people.test", "name": "G", "data": body{"plan": "pro"}}).Has("user.plan", "pro")
	browser.Post("/admin/create-user", body{"email": "h@people.test", "name": "H"}).Has("user.plan", "free")
}

func TestOperatorsById(t *testing.T) {
	t.Parallel()
	var ids []string
	flow, root, _ := administered(t)
	ids = append(ids, string(root.ID))
	beside := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.Beside, s.Admin.Enabled, s.Admin.AdminUserIDs, s.Admin.Roles = flow, true, ids, admin.Roles{"support": {"user": {"impersonate"}}}
	})
	operator, support := beside.SignedIn(root), beside.SignedIn(inRole(flow, "Grace", "support"))
	operator.Post("/admin/has-permission", body{"permissions": body{"anything": []string{"at all"}}}).Has("success", true)
	support.Post("/admin/impersonate-user", body{"userId": string(root.ID)}).Fails(403, "YOU_CANNOT_IMPERSONATE_ADMINS")
	operator.Post("/admin/set-role", body{"userId": string(root.ID), "role": "admin"}).Fails(400, "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE")
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	good := admin.Config{DefaultRole: "user", AdminRoles: []string{"admin"}, ImpersonationSessionDuration: time.Hour}
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for problem, change := range map[string]func(*admin.Config){
		"default_role: ":                   func(c *admin.Config) { c.DefaultRole = "a,b" },
		"admin_roles: \"owner\" is not":    func(c *admin.Config) { c.AdminRoles = []string{"owner"} },
		"default_ban_expires_in: ":         func(c *admin.Config) { c.DefaultBanExpiresIn = -time.Second },
		"impersonation_session_duration: ": func(c *admin.Config) { c.ImpersonationSessionDuration = 0 },
	} {
		bad := good
		change(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), problem) {
			t.Errorf("want %q, got %v", problem, err)
		}
	}
}

func TestRolesAreReadFromTheSettings(t *testing.T) {
	t.Parallel()
	var roles admin.Roles
	err := roles.DecodeConfig(map[string]any{"support": map[string]any{"user": []any{"list"}, "session": nil}, "guest": nil})
	if err != nil || roles.String() != "guest, support" || len(roles["support"]["user"]) != 1 {
		t.Errorf("read %v, %v", roles, err)
	}
	for _, bad := range []any{5, "admin", []any{"a"}, map[string]any{"a,b": nil}, map[string]any{"a": "b"}, map[string]any{"a": map[string]any{"user": "list"}}, map[string]any{"a": map[string]any{"user": []any{5}}}} {
		if err := roles.DecodeConfig(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

func TestABodyThatIsNoneIsTold(t *testing.T) {
	t.Parallel()
	_, _, browser := administered(t)
	browser.Send(authflowtest.Request{Method: http.MethodPost, Path: "/admin/ban-user", ContentType: "application/json", Body: `{"userId":`}).Fails(400, "BAD_REQUEST")
	browser.With("Origin", "https://evil.test").Post("/admin/ban-user", body{"userId": "x"}).Fails(403, "INVALID_ORIGIN")
}
