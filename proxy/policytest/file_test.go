package policytest

import (
	"testing"
	"time"
)

func TestPeopleAreWhatTheFileSays(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte("people:\n  Ada: {id: u1, roles: [a, b], signed_in_ago: 2h, fields: {tenant: blue}}\n  bob:\ntests:\n  - {request: GET /, expect: {decision: forward}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ada, bob := f.People["Ada"].Identity(now), f.People["bob"].Identity(now)
	if u := ada.User; u.ID != "u1" || u.Email != "ada@example.com" || u.Name != "Ada" || *u.Role != "a,b" || !u.EmailVerified || u.Fields.Get("tenant") != "blue" {
		t.Errorf("Ada is %+v", u)
	}
	if age := now.Sub(ada.Session.CreatedAt); age != 2*time.Hour {
		t.Errorf("Ada signed in %s ago", age)
	}
	if u := bob.User; u.ID != "bob" || u.Email != "bob@example.com" || *u.Role != "" || bob.Session.CreatedAt != now {
		t.Errorf("bob is %+v", u)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("people:\n  ada: {roles: [admin], by_bearer: true}\ntests:\n  - {name: a, request: GET /, who: ada, headers: {A: b}, expect: {decision: 401, headers: {C: ~}}}\n")
	f.Add("tests: [{request: GET /, expect: {decision: x}}]\npeople: {nobody: {}}\n")
	f.Add("a: &b [*b]\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse([]byte(text))
		if err != nil {
			return
		}
		for _, test := range file.Tests {
			if test.Method == "" && test.Target == "" || test.Expect.Decision == "" || test.Line == 0 {
				t.Errorf("%+v passes as a test", test)
			}
			if _, known := file.People[test.Who]; test.Who != "" && !known {
				t.Errorf("%+v is of nobody", test)
			}
		}
	})
}
