package account_test

import (
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

func withFields(s *authflowtest.Settings) {
	plan, nick, note := storetest.Required("string", "free"), storetest.Field("string"), storetest.Field("string")
	plan.Input, nick.Unique, note.Returned = false, true, false
	s.UserFields = sessionstore.FieldConfigs{
		"company": storetest.Field("string"), "age": storetest.Field("number"), "born": storetest.Field("date"), "tags": storetest.Field("string[]"),
		"lang": storetest.Required("string", "en"), "plan": plan, "nick": nick, "note": note,
	}
}

func TestAUserUpdatesAdditionalFields(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, withFields)
	user := flow.User("Ada")
	browser, elsewhere := flow.SignedIn(user), flow.SignedIn(user)
	elsewhere.Get("/get-session").Has("user.company", nil).Has("user.lang", "en").Lacks("user.note")
	browser.Post("/update-user", authflowtest.Body{"company": "Engines", "age": "36", "born": "1815-12-10", "tags": []string{"a"}, "note": "n", "unknown": 1}).
		Says(200, `{"status":true}`).Sets("session_token")
	elsewhere.Get("/get-session").Has("user.company", "Engines").Has("user.age", 36.0).Has("user.born", "1815-12-10T00:00:00.000Z").
		Has("user.tags", []any{"a"}).Has("user.lang", "en").Has("user.plan", "free").Has("user.name", "Ada").Lacks("user.note").Lacks("user.unknown")
	browser.Post("/update-user", authflowtest.Body{"company": nil, "name": "Countess"}).Is(200)
	elsewhere.Get("/get-session").Has("user.company", nil).Has("user.name", "Countess").Has("user.age", 36.0)
	kept, err := flow.Store.FindUser(t.Context(), user.ID)
	if err != nil || kept.Fields.Get("note") != "n" {
		t.Errorf("%+v, %v", kept, err)
	}
	if e := flow.LastEvent(authflow.EventUserUpdated); e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
}

func TestD58UpdatesOfAdditionalFieldsThatAreRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, withFields)
	ada, grace := flow.SignedIn(flow.User("Ada")), flow.SignedIn(flow.User("Grace"))
	update := func(body authflowtest.Body) *authflowtest.Answer { return ada.Post("/update-user", body) }
	// D58
	update(authflowtest.Body{"plan": "pro", "name": "x"}).Says(400, `{"message":"plan is not allowed to be set","code":"FIELD_NOT_ALLOWED"}`)
	update(authflowtest.Body{"plan": ""}).Says(400, `{"message":"No fields to update"}`)
	update(authflowtest.Body{"plan": nil}).Says(400, `{"message":"No fields to update"}`)
	update(authflowtest.Body{"unknown": "x"}).Says(400, `{"message":"No fields to update"}`)
	update(authflowtest.Body{"age": "many", "tags": "a", "name": "x"}).
		Invalid("[body.age] Invalid input: expected number, received string; [body.tags] Invalid input: expected array of strings, received string")
	update(authflowtest.Body{"lang": nil}).Invalid("[body.lang] Invalid input: expected string, received null")
	update(authflowtest.Body{"company": "x", "email": "x@people.test"}).Fails(400, "EMAIL_CAN_NOT_BE_UPDATED")
	grace.Post("/update-user", authflowtest.Body{"nick": "amazing"}).Is(200)
	update(authflowtest.Body{"nick": "amazing", "name": "x"}).Fails(422, "FAILED_TO_UPDATE_USER")
	ada.Get("/get-session").Has("user.name", "Ada").Has("user.plan", "free").Has("user.nick", nil).Has("user.age", nil)
}
