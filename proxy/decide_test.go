package proxy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// TestDecideEveryCombination holds every combination of inputs against a table that states the policy a second time,
// as a reader would: the first row that fits says what must come out.
func TestDecideEveryCombination(t *testing.T) {
	t.Parallel()
	type input struct {
		auth     Auth
		demand   string // what the rule asks of a user: "", "role", "email", "age" or "all"
		setting  OnUnauthenticated
		identity string // "" for nobody's
		err      error
		kind     Kind
		path     string
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	user := func(roles string, verified bool, age time.Duration) *sessionstore.Identity {
		id := identity("a", roles)
		id.User.EmailVerified, id.Session.CreatedAt = verified, now.Add(-age)
		return id
	}
	who := map[string]*sessionstore.Identity{
		"": nil, "user": user("user,Admin", true, time.Minute), "norole": user("", true, time.Minute), "admin": user("user, admin", true, time.Hour),
		"unverified": user("admin", false, time.Minute), "old": user("admin", true, time.Hour+time.Second), "old unverified": user("", false, 24*time.Hour),
	}
	asks := func(in input, demand string) bool { return in.demand == demand || in.demand == "all" }
	policy := []struct {
		name   string
		fits   func(in input) bool
		action Action
		reason string
		known  bool // the application, or the log, is told of the identity
	}{
		{"public is always forwarded, as nobody", func(in input) bool { return in.auth == Public }, Forward, "", false},
		{"an error is never read as no session", func(in input) bool { return in.err != nil }, Unavailable, "session_unknown", false},
		{"optional without a session is forwarded as nobody", func(in input) bool { return in.auth == Optional && in.identity == "" }, Forward, "", false},
		{"unredirectable requests get 401", func(in input) bool { return in.identity == "" && in.kind == Unredirectable }, Unauthenticated, "no_session", false},
		{"so do all where the route says 401", func(in input) bool { return in.identity == "" && in.setting == AlwaysStatus }, Unauthenticated, "no_session", false},
		{"so do all that ask an API, unless the route says redirect", func(in input) bool {
			return in.identity == "" && in.setting == Auto && (in.path == "/api" || in.path == "/api/x")
		}, Unauthenticated, "no_session", false},
		{"programs get 401 unless the route says redirect", func(in input) bool { return in.identity == "" && in.kind == Fetch && in.setting != AlwaysRedirect }, Unauthenticated, "no_session", false},
		{"the rest of those without a session is redirected", func(in input) bool { return in.identity == "" }, Redirect, "no_session", false},
		{"whoever has not proved their address is forbidden", func(in input) bool { return asks(in, "email") && strings.Contains(in.identity, "unverified") }, Forbidden, "email_not_verified", true},
		{"whoever lacks the role is forbidden", func(in input) bool {
			return asks(in, "role") && (in.identity == "user" || in.identity == "norole" || in.identity == "old unverified")
		}, Forbidden, "role", true},
		{"whoever signed in too long ago must do it again", func(in input) bool { return asks(in, "age") && strings.Contains(in.identity, "old") }, Stale, "session_age", true},
		{"whoever is signed in is forwarded", func(input) bool { return true }, Forward, "", true},
	}
	used := make([]int, len(policy))
	check := func(in input) {
		rule := &Rule{Auth: in.auth, OnUnauthenticated: in.setting}
		if asks(in, "role") {
			rule.Roles = []string{"admin"}
		}
		if asks(in, "age") {
			rule.MaxSessionAge = time.Hour
		}
		rule.VerifiedEmail = asks(in, "email")
		got := Decide(rule, Asking{Identity: who[in.identity], SessionErr: in.err, Kind: in.kind, Path: in.path, Now: now})
		for i, row := range policy {
			if !row.fits(in) {
				continue
			}
			used[i]++
			if got.Action != row.action || got.Reason != row.reason || (got.Identity != nil) != row.known {
				t.Errorf("%+v: %s for %q as %v, but %s", in, got.Action, got.Reason, got.Identity, row.name)
			}
			break
		}
	}
	for _, auth := range []Auth{Public, Optional, Required} {
		for _, demand := range []string{"", "role", "email", "age", "all"} {
			for _, setting := range []OnUnauthenticated{Auto, AlwaysStatus, AlwaysRedirect} {
				for name := range who {
					for _, err := range []error{nil, sessionstore.ErrUnavailable, errors.New("bug")} {
						for _, kind := range []Kind{Unredirectable, Fetch, Navigation} {
							for _, path := range []string{"/", "/api", "/api/x", "/apix", "/x/api"} {
								check(input{auth, demand, setting, name, err, kind, path})
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
	if d := Decide(&Rule{}, Asking{}); d.Action != Unauthenticated {
		t.Errorf("an empty rule decides %s", d.Action)
	}
	for action, want := range map[Action]string{Unavailable: "unavailable", Forward: "forward", Unauthenticated: "unauthenticated", Redirect: "redirect", Forbidden: "forbidden", Stale: "stale"} {
		if fmt.Sprint(action) != want {
			t.Errorf("%v is called %q", want, action)
		}
	}
}
