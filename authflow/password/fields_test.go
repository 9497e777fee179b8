package password_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// withFields adds fields to users: company, age, born, tags and nick are the client's, tier must be given, lang has a default, plan and
// staff are the server's, note is nobody's to read.
func withFields(s *authflowtest.Settings) {
	change := func(f sessionstore.FieldConfig, do func(*sessionstore.FieldConfig)) sessionstore.FieldConfig {
		do(&f)
		return f
	}
	s.UserFields = sessionstore.FieldConfigs{
		"company": storetest.Field("string"),
		"age":     storetest.Field("number"),
		"born":    storetest.Field("date"),
		"tags":    storetest.Field("string[]"),
		"level":   storetest.Field([]any{"junior", "senior"}),
		"nick":    change(storetest.Field("string"), func(f *sessionstore.FieldConfig) { f.Unique = true }),
		"tier":    change(storetest.Field("string"), func(f *sessionstore.FieldConfig) { f.Required = true }),
		"lang":    storetest.Required("string", "en"),
		"plan":    change(storetest.Required("string", "free"), func(f *sessionstore.FieldConfig) { f.Input = false }),
		"staff":   change(storetest.Field("boolean"), func(f *sessionstore.FieldConfig) { f.Input = false }),
		"note": change(storetest.Field("string"), func(f *sessionstore.FieldConfig) {
			f.Returned, f.Default = false, sessionstore.DefaultOf("unseen")
		}),
	}
}

func TestSigningUpTakesAdditionalFields(t *testing.T) {
	t.Parallel()
	flow := start(t, withFields)
	answer := flow.Browser().Post("/sign-up/email", signUp("ada@people.test", authflowtest.Body{
		"tier": "gold", "company": "Engines", "age": 36, "born": "1815-12-10", "tags": []string{"a", "b"}, "level": "senior", "note": "secret", "unknown": 1,
	})).Is(200)
	want := regexp.MustCompile(`"id":"[A-Za-z0-9]{32}","age":36,"born":"1815-12-10T00:00:00\.000Z","company":"Engines","lang":"en","level":"senior",` +
		`"nick":null,"plan":"free","staff":null,"tags":\["a","b"\],"tier":"gold"\}\}$`)
	if !want.MatchString(answer.Body) {
		t.Errorf("body %s", answer.Body)
	}
	user, err := flow.Store.FindUserByEmail(t.Context(), "ada@people.test")
	if err != nil || user.Fields.Get("note") != "secret" || user.Fields.Get("age") != int64(36) {
		t.Errorf("%+v, %v", user.Fields, err)
	}
}

func TestAFormIsAllText(t *testing.T) {
	t.Parallel()
	flow := start(t, withFields)
	flow.Browser().Send(authflowtest.Request{
		Method: "POST", Path: "/sign-up/email", ContentType: "application/x-www-form-urlencoded",
		Body: "name=Ada&email=ada@people.test&password=correct+horse+battery&tier=5&age=36&born=1815-12-10&tags=%5B%22a%22%5D&company=",
	}).Is(200).Has("user.tier", "5").Has("user.age", 36.0).Has("user.born", "1815-12-10T00:00:00.000Z").Has("user.tags", []any{"a"}).Has("user.company", "")
}

func TestAdditionalFieldsThatAreRefused(t *testing.T) {
	t.Parallel()
	flow := start(t, withFields)
	taken := flow.Browser().Post("/sign-up/email", signUp("taken@people.test", authflowtest.Body{"tier": "t"})).Is(200).Text("user.email")
	for name, row := range map[string]struct {
		body authflowtest.Body
		want string
	}{
		"missing":           {authflowtest.Body{}, `400 {"message":"tier is required","code":"MISSING_FIELD"}`},
		"the server's":      {authflowtest.Body{"tier": "t", "staff": true}, `400 {"message":"staff is not allowed to be set","code":"FIELD_NOT_ALLOWED"}`},
		"first of two":      {authflowtest.Body{"staff": true, "age": "x"}, `400 {"message":"staff is not allowed to be set","code":"FIELD_NOT_ALLOWED"}`},
		"missing, mistyped": {authflowtest.Body{"age": "x"}, `400 {"message":"tier is required","code":"MISSING_FIELD"}`},
		"null":              {authflowtest.Body{"tier": nil}, `400 {"message":"[body.tier] Invalid input: expected string, received null","code":"VALIDATION_ERROR"}`},
		"mistyped": {authflowtest.Body{"tier": []int{}, "age": "x", "born": "soon", "tags": []int{1}, "level": "chief"},
			`400 {"message":"[body.age] Invalid input: expected number, received string; [body.born] Invalid input: expected date, received string; ` +
				`[body.level] Invalid option: expected one of \"junior\"|\"senior\"; [body.tags] Invalid input: expected array of strings, received array; ` +
				`[body.tier] Invalid input: expected string, received array","code":"VALIDATION_ERROR"}`},
		"long": {authflowtest.Body{"tier": strings.Repeat("x", 65537)},
			`400 {"message":"[body.tier] Too big: expected string to have <=65536 characters","code":"VALIDATION_ERROR"}`},
		"a NUL": {authflowtest.Body{"tier": "a\x00b"}, `400 {"message":"[body.tier] Invalid input","code":"VALIDATION_ERROR"}`},
	} {
		for _, email := range []string{"new@people.test", taken} {
			answer := flow.Browser().Post("/sign-up/email", signUp(email, row.body))
			if got := fmt.Sprintf("%d %s", answer.Status, answer.Body); got != row.want {
				t.Errorf("%s, %s:\ngot  %s\nwant %s", name, email, got, row.want)
			}
		}
	}
	if _, err := flow.Store.FindUserByEmail(t.Context(), "new@people.test"); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("a refused sign-up has left a user: %v", err)
	}
}

// What is sent for a field of the server's own never counts (D58): with a default it is the default, and what is as good as nothing is dropped.
func TestD58TheServersFieldsKeepTheirDefaults(t *testing.T) {
	t.Parallel()
	flow := start(t, withFields)
	for i, value := range []any{"pro", nil, "", 5, true} {
		flow.Browser().Post("/sign-up/email", signUp(fmt.Sprintf("new%d@people.test", i), authflowtest.Body{"tier": "t", "plan": value, "lang": nil, "staff": false})).
			Is(200).Has("user.plan", "free").Has("user.lang", "en").Has("user.staff", nil)
	}
}

// With additional fields, too, an address that is taken shows in nothing (D71): not in the members or what became of their values, and
// not in what only the database can tell.
func TestD71AdditionalFieldsDoNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	flow := start(t, withFields)
	flow.Browser().Post("/sign-up/email", signUp("grace@people.test", authflowtest.Body{"tier": "t", "nick": "amazing"})).Is(200)
	for email, body := range map[string]authflowtest.Body{
		"plain@people.test": {"tier": "t"},
		"texts@people.test": {"tier": 5, "age": "36", "born": "1815-12-10", "lang": nil, "plan": "pro", "note": "n", "staff": ""},
		"nicks@people.test": {"tier": "t", "nick": "free"},
		"taken@people.test": {"tier": "t", "nick": "amazing"},
	} {
		known := flow.Browser().Post("/sign-up/email", signUp("grace@people.test", body))
		unknown := flow.Browser().Post("/sign-up/email", signUp(email, body))
		if got, want := shape(known, "grace@people.test"), shape(unknown, email); got != want {
			t.Errorf("%v: answers differ\nknown:   %s\nunknown: %s", body, got, want)
		}
	}
	user, err := flow.Store.FindUserByEmail(t.Context(), "grace@people.test")
	if err != nil || user.Fields.Get("tier") != "t" || user.Fields.Get("nick") != "amazing" {
		t.Errorf("the account has changed: %+v, %v", user.Fields, err)
	}
	// Where a sign-up signs in, who has the value of a unique field is told in better-auth's words.
	told := start(t, withFields, open)
	told.Browser().Post("/sign-up/email", signUp("grace@people.test", authflowtest.Body{"tier": "t", "nick": "amazing"})).Is(200).Has("user.nick", "amazing")
	told.Browser().Post("/sign-up/email", signUp("ada@people.test", authflowtest.Body{"tier": "t", "nick": "amazing"})).Fails(422, "FAILED_TO_CREATE_USER")
	told.Browser().Post("/sign-up/email", signUp("grace@people.test", authflowtest.Body{"tier": "t"})).Fails(422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL")
}

func TestSigningInShowsAdditionalFields(t *testing.T) {
	t.Parallel()
	flow := start(t, withFields, open)
	flow.Browser().Post("/sign-up/email", signUp("ada@people.test", authflowtest.Body{"tier": "gold", "note": "n"})).Is(200)
	browser := flow.Browser()
	browser.Post("/sign-in/email", authflowtest.Body{"email": "ada@people.test", "password": authflowtest.Password}).
		Is(200).Has("user.tier", "gold").Has("user.plan", "free").Lacks("user.note")
	browser.Post("/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "another horse battery"}).
		Is(200).Has("user.tier", "gold").Lacks("user.note")
}
