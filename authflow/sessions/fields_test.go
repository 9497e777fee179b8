package sessions_test

import (
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

func withFields(s *authflowtest.Settings) {
	risk, note := storetest.Required("string", "low"), storetest.Field("string")
	risk.Input, note.Returned = false, false
	s.Auth.Session.AdditionalFields = sessionstore.FieldConfigs{
		"theme": storetest.Required("string", "light"), "seats": storetest.Field("number"), "seen": storetest.Field("date"), "risk": risk, "note": note,
	}
}

func TestASessionsFieldsAreShownAndUpdated(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, withFields)
	user := flow.User("Ada")
	browser := flow.Browser()
	browser.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password, "theme": "dark", "risk": "none"}).Is(200)
	browser.Get("/get-session").Has("session.theme", "light").Has("session.risk", "low").Has("session.seats", nil).Has("session.seen", nil).Lacks("session.note")
	other := flow.SignedIn(user)
	flow.Clock.Advance(time.Minute)
	answer := browser.Post("/update-session", authflowtest.Body{"theme": "dark", "seats": "3", "seen": "2026-01-02", "note": "n", "expiresAt": "2030-01-01", "userId": "x", "token": "x"}).
		Is(200).Sets("session_token").Has("session.theme", "dark").Has("session.seats", 3.0).Has("session.seen", "2026-01-02T00:00:00.000Z").
		Has("session.risk", "low").Has("session.userId", string(user.ID)).Has("session.expiresAt", "2026-03-08T12:30:15.123Z").
		Has("session.updatedAt", "2026-03-01T12:31:15.123Z").Lacks("session.note").Lacks("user")
	browser.Get("/get-session").Has("session.theme", "dark").Has("session.token", answer.Text("session.token"))
	other.Get("/get-session").Has("session.theme", "light").Has("session.updatedAt", "2026-03-01T12:30:15.123Z")

	var list []map[string]any
	browser.Get("/list-sessions").Is(200).Decode(&list)
	if len(list) != 2 || list[0]["theme"] == list[1]["theme"] || list[0]["note"] != nil {
		t.Errorf("%v", list)
	}
	browser.Post("/update-session", authflowtest.Body{"seats": nil}).Has("session.seats", nil).Has("session.theme", "dark")
	identity, err := flow.Store.FindSession(t.Context(), sessionstore.Token(answer.Text("session.token")))
	if err != nil || identity.Session.Fields.Get("note") != "n" {
		t.Errorf("%+v, %v", identity, err)
	}
}

func TestSessionUpdatesThatAreRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, withFields)
	session := flow.Session(flow.User("Ada"))
	browser := flow.Holding(session)
	update := func(body any) *authflowtest.Answer { return browser.Post("/update-session", body) }
	for _, body := range []authflowtest.Body{{}, {"unknown": 1}, {"expiresAt": "2030-01-01", "userId": "x", "token": "x", "id": "x"}, {"risk": ""}, {"risk": nil}} { // D58
		update(body).Says(400, `{"message":"No fields to update"}`).Sets()
	}
	update(authflowtest.Body{"risk": "none", "theme": "dark"}).Says(400, `{"message":"risk is not allowed to be set","code":"FIELD_NOT_ALLOWED"}`)
	update(authflowtest.Body{"theme": nil, "seats": true, "seen": 5}).
		Invalid("[body.seats] Invalid input: expected number, received boolean; [body.seen] Invalid input: expected date, received number; [body.theme] Invalid input: expected string, received null")
	update([]int{}).Invalid("[body] Invalid input: expected record, received array")
	flow.Browser().Post("/update-session", authflowtest.Body{"theme": "dark"}).Fails(401, "UNAUTHORIZED")
	browser.Get("/get-session").Has("session.theme", "light").Has("session.risk", "low")
}

// A session that another replica has revoked may still be remembered here. Its update must not pass for one.
func TestASessionRevokedMeanwhileIsNotUpdated(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, withFields)
	session := flow.Session(flow.User("Ada"))
	browser := flow.Holding(session)
	browser.Get("/get-session").Has("session.theme", "light") // remembered from now on
	elsewhere, err := sessionstore.Open(t.Context(), flow.Database, sessionstore.Options{Now: flow.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	if _, err := elsewhere.DeleteSession(t.Context(), session.Token); err != nil {
		t.Fatal(err)
	}
	browser.Post("/update-session", authflowtest.Body{"theme": "dark"}).Fails(401, "FAILED_TO_GET_SESSION").TakesSessionAway()
}
