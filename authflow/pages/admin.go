package pages

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// adminPath is below what the pages for administrators are.
const adminPath = Path + "/admin"

// stopPath is behind the button of the banner over an impersonation.
const stopPath = adminPath + "/stop"

// Administration is what pages for administrators stand on, beside the API: what it does not tell.
type Administration struct {
	// May tells whether somebody with this id and these roles may do something, so that no page offers what the API refuses.
	May func(id sessionstore.UserID, role, resource, action string) bool
	// Trail finds audit events. Nil: none are written.
	Trail func(ctx context.Context, f authflow.EventFilter) ([]authflow.RecordedEvent, error)
	// Health is how the process is.
	Health func() Health
}

// Health is how the process and its database are.
type Health struct {
	Version string
	Started time.Time

	Database string // ok, degraded or away

	Window          time.Duration // what the next ones are about
	Lookups, Hits   uint64        // of sessions, in the cache
	Invalidations   uint64        // heard of
	InvalidationLag time.Duration // of each, on average

	Hashing         int    // passwords that wait to be hashed
	HashingRejected uint64 // since the start, for lack of room
	Streams         int    // open
	MailFailed      uint64 // since the start
}

// administrator is who is signed in, if they may look at other users. Otherwise it has answered, or returns why not.
func (v *visit) administrator() (me *identity, err error) {
	if v.pages.Admin == nil {
		return nil, &problem{Status: http.StatusNotFound, Code: codeNotFound}
	}
	if !v.hasSessionCookie() {
		return nil, v.redirect(signInFor(v.r.URL.RequestURI()))
	}
	// What opens this is never a copy of the session.
	if err := v.call(http.MethodGet, "/get-session?disableCookieCache=true", nil, &me); err != nil {
		return nil, err
	}
	v.me, v.asked = me, true
	switch {
	case me == nil:
		return nil, v.redirect(signInFor(v.r.URL.RequestURI()))
	case !v.may("user", "list"):
		return nil, &problem{Status: http.StatusForbidden, Code: codeNoAdministrator}
	}
	return me, nil
}

// may tells whether who is signed in may do something.
func (v *visit) may(resource, action string) bool {
	return v.pages.Admin != nil && v.me != nil && v.pages.Admin.May(v.me.User.ID, v.me.User.Role, resource, action)
}

// overseer is an administrator who may see what happens to everybody.
func (v *visit) overseer() (*identity, error) {
	me, err := v.administrator()
	if err == nil && me != nil && !v.may("session", "list") {
		return nil, &problem{Status: http.StatusForbidden, Code: codeNoAdministrator}
	}
	return me, err
}

// found is a user as administrators see them.
type found struct {
	ID            sessionstore.UserID
	Name, Email   string
	EmailVerified bool
	Role          string
	Banned        bool
	BanReason     string
	BanExpires    *time.Time
	CreatedAt     time.Time

	Out bool `json:"-"` // kept out at the moment
}

func (v *visit) judge(f *found) {
	f.Out = f.Banned && (f.BanExpires == nil || v.pages.Core.Now().Before(*f.BanExpires))
}

// perPage is how many users or events a page shows.
const perPage = 25

type usersView struct {
	Value, Field, Which string // what was looked for
	Users               []found
	Total, First, Last  int
	Newer, Older        string // addresses of the pages beside this one; empty: there is none
	Create              bool
}

func showUsers(v *visit) error {
	if me, err := v.administrator(); err != nil || me == nil {
		return err
	}
	asked := v.r.URL.Query()
	view := usersView{Value: asked.Get("q"), Field: "email", Which: asked.Get("which"), Create: v.may("user", "create")}
	if asked.Get("in") == "name" {
		view.Field = "name"
	}
	offset := pageOffset(asked.Get("from"))
	query := url.Values{"limit": {itoa(perPage)}, "offset": {itoa(offset)}, "sortBy": {"createdAt"}, "sortDirection": {"desc"}}
	if view.Value != "" {
		query.Set("searchValue", view.Value)
		query.Set("searchField", view.Field)
	}
	switch view.Which {
	case "banned":
		query.Set("filterField", "banned")
		query.Set("filterValue", "true")
	case "unverified":
		query.Set("filterField", "emailVerified")
		query.Set("filterValue", "false")
	case "admin":
		query.Set("filterField", "role")
		query.Set("filterOperator", "contains")
		query.Set("filterValue", "admin")
	default:
		view.Which = ""
	}
	var answer struct {
		Users []found
		Total int
	}
	if err := v.call(http.MethodGet, "/admin/list-users?"+query.Encode(), nil, &answer); err != nil {
		return err
	}
	for i := range answer.Users {
		v.judge(&answer.Users[i])
	}
	view.Users, view.Total, view.First, view.Last = answer.Users, answer.Total, offset+1, offset+len(answer.Users)
	beside := func(from int) string {
		asked.Set("from", itoa(from))
		return adminPath + "?" + asked.Encode()
	}
	if offset > 0 {
		view.Newer = beside(max(0, offset-perPage))
	}
	if view.Last < view.Total {
		view.Older = beside(offset + perPage)
	}
	return v.show("users", view)
}

type newUserView struct{ Name, Email, Role string }

func showNewUser(v *visit) error {
	if me, err := v.administrator(); err != nil || me == nil {
		return err
	}
	return v.show("new-user", newUserView{Name: v.text("name"), Email: v.line("email"), Role: v.line("role")})
}

func createUser(v *visit) error {
	if me, err := v.administrator(); err != nil || me == nil {
		return err
	}
	body := fields{"name": v.line("name"), "email": v.line("email"), "data": fields{"emailVerified": v.form.Has("verified")}}
	if role := rolesIn(v.line("role")); len(role) > 0 {
		body["role"] = role
	}
	if password := v.text("password"); password != "" {
		body["password"] = password
	}
	var answer struct{ User found }
	if err := v.call(http.MethodPost, "/admin/create-user", body, &answer); err != nil {
		return err
	}
	v.kept.Notice = "user_created"
	return v.redirect(userPage(answer.User.ID))
}
