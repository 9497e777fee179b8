package proxy

import (
	"errors"
	"fmt"
	"testing"

	"github.com/posternhq/postern/sessionstore"
)

// TestDecideEveryCombination holds every combination of inputs against a table that states the policy a second time,
// as a reader would: the first row that fits says what must come out.
func TestDecideEveryCombination(t *testing.T) {
	t.Parallel()
	type input struct {
		auth     Auth
		roles    bool // the rule asks for the role admin
		setting  OnUnauthenticated
		identity string // "", "user", "admin", "norole"
		err      error
		kind     Kind
	}
	policy := []struct {
		name   string
		fits   func(in input) bool
		action Action
		known  bool // the application, or the log, is told of the identity
	}{
		{"public is always forwarded, as nobody", func(in input) bool { return in.auth == Public }, Forward, false},
		{"an error is never read as no session", func(in input) bool { return in.err != nil }, Unavailable, false},
		{"optional without a session is forwarded as nobody", func(in input) bool { return in.auth == Optional && in.identity == "" }, Forward, false},
		{"unredirectable requests get 401", func(in input) bool { return in.identity == "" && in.kind == Unredirectable }, Unauthenticated, false},
		{"so do all where the route says 401", func(in input) bool { return in.identity == "" && in.setting == AlwaysStatus }, Unauthenticated, false},
		{"programs get 401 unless the route says redirect", func(in input) bool { return in.identity == "" && in.kind == Fetch && in.setting == Auto }, Unauthenticated, false},
		{"the rest of those without a session is redirected", func(in input) bool { return in.identity == "" }, Redirect, false},
		{"whoever lacks the role is forbidden", func(in input) bool { return in.roles && in.identity != "admin" }, Forbidden, true},
		{"whoever is signed in is forwarded", func(input) bool { return true }, Forward, true},
	}
	who := map[string]*sessionstore.Identity{"": nil, "user": identity("a", "user,Admin"), "admin": identity("b", "user, admin"), "norole": identity("c", "")}
	used := make([]int, len(policy))
	for _, auth := range []Auth{Public, Optional, Required} {
		for _, roles := range []bool{false, true} {
			for _, setting := range []OnUnauthenticated{Auto, AlwaysStatus, AlwaysRedirect} {
				for name, id := range who {
					for _, err := range []error{nil, sessionstore.ErrUnavailable, errors.New("bug")} {
						for _, kind := range []Kind{Unredirectable, Fetch, Navigation} {
							in := input{auth, roles, setting, name, err, kind}
							rule := &Rule{Auth: auth, OnUnauthenticated: setting}
							if roles {
								rule.Roles = []string{"admin"}
							}
							got := Decide(rule, id, err, kind)
							for i, row := range policy {
								if !row.fits(in) {
									continue
								}
								used[i]++
								if got.Action != row.action || (got.Identity != nil) != row.known {
									t.Errorf("%+v: %s as %v, but %s", in, got.Action, got.Identity, row.name)
								}
								break
							}
						}
					}
				}
			}
		}
	}
	for i, n := range used {
		if n == 0 {
			t.Errorf("no combination reaches %q", policy[i].name)
		}
	}
}

func TestZeroValuesLetNothingThrough(t *testing.T) {
	t.Parallel()
	if action := (Decision{}).Action; action == Forward {
		t.Error("an empty decision forwards")
	}
	if d := Decide(&Rule{}, nil, nil, 0); d.Action != Unauthenticated {
		t.Errorf("an empty rule decides %s", d.Action)
	}
	for action, want := range map[Action]string{Unavailable: "unavailable", Forward: "forward", Unauthenticated: "unauthenticated", Redirect: "redirect", Forbidden: "forbidden"} {
		if fmt.Sprint(action) != want {
			t.Errorf("%v is called %q", want, action)
		}
	}
}
