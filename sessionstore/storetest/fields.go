package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// UserFields has an additional field of every kind, with every attribute that a store must know.
func UserFields() sessionstore.FieldConfigs {
	return sessionstore.FieldConfigs{
		"company":    Field("string"),
		"age":        Field("number"),
		"customer":   func() sessionstore.FieldConfig { f := Field("number"); f.Bigint = true; return f }(),
		"newsletter": Required("boolean", false),
		"birthday":   Field("date"),
		"tags":       Field("string[]"),
		"scores":     Field("number[]"),
		"prefs":      Field("json"),
		"plan":       Required([]any{"free", "pro"}, "free"),
		"nickName": func() sessionstore.FieldConfig {
			f := Field("string")
			f.Unique, f.Column = true, `nick "name"`
			return f
		}(),
		"costCenter": func() sessionstore.FieldConfig { f := Field("string"); f.Required = true; return f }(),
	}
}

// SessionFields are some for sessions.
func SessionFields() sessionstore.FieldConfigs {
	return sessionstore.FieldConfigs{
		"theme":      Required("string", "light"),
		"activeTeam": Field("string"),
		"seen":       Field("date"),
		"flags":      Required("string[]", []any{"new"}),
	}
}

// Field is an optional additional field, as the settings have it.
func Field(kind any) sessionstore.FieldConfig {
	f := sessionstore.FieldConfig{Input: true, Returned: true}
	if err := f.Type.DecodeConfig(kind); err != nil {
		panic(err) // a mistake in a test
	}
	return f
}

// Required is an additional field that has a default.
func Required(kind, otherwise any) sessionstore.FieldConfig {
	f := Field(kind)
	f.Required, f.Default = true, sessionstore.DefaultOf(otherwise)
	return f
}

// Values are additional fields of these names. Values are taken as they are.
func Values(of sessionstore.AdditionalFields, values map[string]any) sessionstore.Fields {
	var list sessionstore.Fields
	for _, field := range of {
		if value, ok := values[field.Name]; ok {
			list = append(list, sessionstore.FieldValue{Field: field, Value: value})
		}
	}
	return list
}

func runFields(t *testing.T, open func(t *testing.T, s Setup) Subject) {
	for name, schema := range mappings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			s := open(t, Setup{Schema: schema, UserFields: UserFields(), SessionFields: SessionFields(), Clock: clock})
			s.Clock = clock
			for _, test := range fields {
				t.Run(test.name, func(t *testing.T) { test.run(t, s) })
			}
		})
	}
}

// nobodys is what a user has in every field when only what must be given is given.
func nobodys() map[string]any {
	return map[string]any{
		"age": nil, "birthday": nil, "company": nil, "costCenter": "42", "customer": nil, "newsletter": false, "nickName": nil,
		"plan": "free", "prefs": nil, "scores": nil, "tags": nil,
	}
}

// with is a user who has these fields and a cost center.
func (s Subject) with(values map[string]any) sessionstore.User {
	u := s.newUser()
	given := map[string]any{"costCenter": "42"}
	for name, value := range values {
		given[name] = value
	}
	u.Fields = Values(s.UserFields(), given)
	return u
}

// equalFields asserts that the fields are all there are, and have these values.
func equalFields(t *testing.T, got sessionstore.Fields, of sessionstore.AdditionalFields, want map[string]any) {
	t.Helper()
	equal(t, got, Values(of, want))
	equal(t, len(got), len(of))
}

var fields = []test{
	{"a field that is not given gets its default, or else null", func(t *testing.T, s Subject) {
		u := s.with(nil)
		must(t, s.CreateUser(t.Context(), &u))
		equalFields(t, u.Fields, s.UserFields(), nobodys())
		got, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
		equal(t, got, u)
		session := s.createSession(t, u.ID)
		identity, err := s.Find(t.Context(), session.Token)
		must(t, err)
		equalFields(t, identity.Session.Fields, s.SessionFields(), map[string]any{
			"activeTeam": nil, "flags": []string{"new"}, "seen": nil, "theme": "light",
		})
		equal(t, *identity, sessionstore.Identity{Session: session, User: u})
	}},
	{"null takes the default only where a value is required", func(t *testing.T, s Subject) {
		u := s.with(map[string]any{"plan": nil, "company": nil})
		must(t, s.CreateUser(t.Context(), &u))
		got, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
		equalFields(t, got.Fields, s.UserFields(), nobodys())
	}},
	{"values of every kind are read back as written", func(t *testing.T, s Subject) {
		values := map[string]any{
			"age": int64(math.MaxInt32), "birthday": time.Date(1815, 12, 10, 23, 59, 58, 999e6, time.UTC), "company": "O'Brien \"Ω\" {user.more values} $1",
			"costCenter": "", "customer": int64(math.MaxInt64), "newsletter": true, "nickName": string(s.newUser().ID), "plan": "pro",
			"prefs": json.RawMessage(`{"a":[1,null,"<&>"]}`), "scores": []float64{-0.5, 1e300}, "tags": []string{"a,b", `"`, "{}", ""},
		}
		u := s.with(values)
		must(t, s.CreateUser(t.Context(), &u))
		got, err := s.FindUser(t.Context(), u.ID)
		must(t, err)
		equalFields(t, got.Fields, s.UserFields(), values)
		other := s.with(map[string]any{"age": int64(math.MinInt32), "customer": int64(math.MinInt64), "tags": []string{}, "scores": []float64{}, "birthday": time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)})
		must(t, s.CreateUser(t.Context(), &other))
		read, err := s.FindUser(t.Context(), other.ID)
		must(t, err)
		for _, v := range other.Fields {
			equal(t, read.Fields.Get(v.Field.Name), v.Value)
		}
	}},
	{"a number is kept exactly or refused by name", func(t *testing.T, s Subject) {
		for _, n := range []any{0.5, int64(math.MaxInt32) + 1, 1e300} {
			u := s.with(map[string]any{"age": n})
			err := s.CreateUser(t.Context(), &u)
			var refused *sessionstore.FieldError
			if errors.As(err, &refused) {
				equal(t, refused.Field, "age")
				is(t, err, sessionstore.ErrInvalid)
				continue
			}
			must(t, err)
			got, err := s.FindUser(t.Context(), u.ID)
			must(t, err)
			equal(t, got.Fields.Get("age"), n)
		}
	}},
	{"a user without a required field is ErrInvalid", func(t *testing.T, s Subject) {
		u := s.newUser()
		is(t, s.CreateUser(t.Context(), &u), sessionstore.ErrInvalid)
		u = s.with(map[string]any{"costCenter": nil})
		is(t, s.CreateUser(t.Context(), &u), sessionstore.ErrInvalid)
		_, err := s.FindUser(t.Context(), u.ID)
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"a change leaves out the fields that are not named, and null clears", func(t *testing.T, s Subject) {
		u := s.with(map[string]any{"company": "Analytical Engines", "age": int64(36)})
		must(t, s.CreateUser(t.Context(), &u))
		want := nobodys()
		want["company"], want["age"] = "Analytical Engines", int64(36)
		for _, change := range []map[string]any{{"company": "Engines"}, {"age": nil, "tags": []string{"x"}}, {"newsletter": true}, {}} {
			s.Clock.Advance(time.Second)
			got, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Fields: Values(s.UserFields(), change)})
			must(t, err)
			for name, value := range change {
				want[name] = value
			}
			equalFields(t, got.Fields, s.UserFields(), want)
			equal(t, got.UpdatedAt, s.now())
			read, err := s.FindUser(t.Context(), u.ID)
			must(t, err)
			equal(t, read, got)
		}
		_, err := s.UpdateUser(t.Context(), u.ID, sessionstore.UserChange{Fields: Values(s.UserFields(), map[string]any{"plan": nil})})
		var refused *sessionstore.FieldError
		if !errors.As(err, &refused) || refused.Field != "plan" {
			t.Errorf("null where a value is required: %v", err)
		}
	}},
	{"what is taken of a unique field is ErrConflict", func(t *testing.T, s Subject) {
		first, second := s.with(nil), s.with(nil)
		nick := map[string]any{"nickName": "nick of " + string(first.ID)}
		first.Fields = append(first.Fields, Values(s.UserFields(), nick)...)
		must(t, s.CreateUser(t.Context(), &first))
		must(t, s.CreateUser(t.Context(), &second))
		third := s.with(nick)
		is(t, s.CreateUser(t.Context(), &third), sessionstore.ErrConflict)
		_, err := s.UpdateUser(t.Context(), second.ID, sessionstore.UserChange{Fields: Values(s.UserFields(), nick)})
		is(t, err, sessionstore.ErrConflict)
	}},
	{"a session is changed in its fields alone, and the change is seen at once", func(t *testing.T, s Subject) {
		u := s.with(nil)
		must(t, s.CreateUser(t.Context(), &u))
		session := s.newSession(u.ID)
		session.Fields = Values(s.SessionFields(), map[string]any{"activeTeam": "a"})
		must(t, s.CreateSession(t.Context(), &session))
		before, err := s.Find(t.Context(), session.Token)
		must(t, err)
		s.Clock.Advance(time.Second)
		seen := s.now()
		change := Values(s.SessionFields(), map[string]any{"theme": "dark", "seen": seen, "flags": []string{}})
		got, err := s.UpdateSession(t.Context(), session.Token, change)
		must(t, err)
		want := before.Session
		want.UpdatedAt = s.now()
		want.Fields = Values(s.SessionFields(), map[string]any{"activeTeam": "a", "theme": "dark", "seen": seen, "flags": []string{}})
		equal(t, got, want)
		after, err := s.Find(t.Context(), session.Token)
		must(t, err)
		equal(t, after.Session, want)
		list, err := s.ListSessions(t.Context(), u.ID)
		must(t, err)
		equal(t, list, []sessionstore.Session{want})
		equal(t, s.renew(t, want, s.now().Add(2*time.Hour)), true)
		after, err = s.Find(t.Context(), session.Token)
		must(t, err)
		equal(t, after.Session.Fields, want.Fields)
	}},
	{"a session that has expired or is gone has no fields to change", func(t *testing.T, s Subject) {
		u := s.with(nil)
		must(t, s.CreateUser(t.Context(), &u))
		session := s.createSession(t, u.ID)
		change := Values(s.SessionFields(), map[string]any{"theme": "dark"})
		s.Clock.Advance(2 * time.Hour)
		_, err := s.UpdateSession(t.Context(), session.Token, change)
		is(t, err, sessionstore.ErrNotFound)
		_, err = s.UpdateSession(t.Context(), "nobody's", change)
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"many sessions looked up at once each come with their own fields", func(t *testing.T, s Subject) {
		var wait sync.WaitGroup
		for i := range 30 {
			company := fmt.Sprintf("Engines %d", i)
			u := s.with(map[string]any{"company": company})
			must(t, s.CreateUser(t.Context(), &u))
			session := s.newSession(u.ID)
			session.Fields = Values(s.SessionFields(), map[string]any{"activeTeam": company})
			must(t, s.CreateSession(t.Context(), &session))
			wait.Go(func() {
				identity, err := s.Find(t.Context(), session.Token)
				if err != nil || identity.User.Fields.Get("company") != any(company) || identity.Session.Fields.Get("activeTeam") != any(company) {
					t.Errorf("%s: %+v, %v", company, identity, err)
				}
			})
		}
		wait.Wait()
	}},
	{"whoever signs in comes with their fields", func(t *testing.T, s Subject) {
		u := s.with(map[string]any{"company": "Engines"})
		must(t, s.CreateUser(t.Context(), &u))
		must(t, s.CreateAccount(t.Context(), s.newCredential(u.ID, "hash")))
		got, account, err := s.FindUserWithCredential(t.Context(), u.Email)
		must(t, err)
		equal(t, *account.Password, "hash")
		want, err := s.FindUserByEmail(t.Context(), u.Email)
		must(t, err)
		equal(t, got, want)
		equal(t, got.Fields.Get("company"), any("Engines"))
	}},
}
