package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func userPage(id sessionstore.UserID) string {
	return adminPath + "/user?" + url.Values{"id": {string(id)}}.Encode()
}

type userView struct {
	found
	Self     bool
	Password bool // there are rules for one
	Sessions []userSession
	Trail    []trailEntry

	MayBan, MaySetRole, MaySetPassword, MayImpersonate, MayRemove, MayRevoke bool
}

type userSession struct {
	ID              string
	Program, System string
	Address         string
	Since, LastUsed time.Time
	Impersonated    bool

	token string
}

func showUser(v *visit) error {
	me, err := v.administrator()
	if err != nil || me == nil {
		return err
	}
	id := v.r.URL.Query().Get("id")
	view := userView{
		MayBan: v.may("user", "ban"), MaySetRole: v.may("user", "set-role"), MaySetPassword: v.may("user", "set-password"),
		MayImpersonate: v.may("user", "impersonate"), MayRemove: v.may("user", "delete"), MayRevoke: v.may("session", "revoke"),
	}
	if err := v.call(http.MethodGet, "/admin/get-user?"+url.Values{"id": {id}}.Encode(), nil, &view.found); err != nil {
		return err
	}
	v.judge(&view.found)
	view.Self = view.ID == me.User.ID
	if v.may("session", "list") {
		if view.Sessions, err = v.sessionsOf(view.ID); err != nil {
			return err
		}
		if v.pages.Admin.Trail != nil {
			if view.Trail, _, err = v.trail(authflow.EventFilter{Who: view.ID, Limit: 10}); err != nil {
				return err
			}
		}
	}
	return v.show("user", view)
}

// sessionsOf are a user's live sessions. Their tokens stay here: a page shows ids.
func (v *visit) sessionsOf(id sessionstore.UserID) ([]userSession, error) {
	var answer struct {
		Sessions []struct {
			ID, Token, UserAgent, IPAddress, ImpersonatedBy string
			CreatedAt, UpdatedAt                            time.Time
		}
	}
	if err := v.ask("/admin/list-user-sessions", fields{"userId": id}, &answer); err != nil {
		return nil, err
	}
	sessions := make([]userSession, len(answer.Sessions))
	for i, s := range answer.Sessions {
		program, system := authflow.Device(s.UserAgent)
		sessions[i] = userSession{
			ID: s.ID, Program: program, System: system, Address: s.IPAddress, Since: s.CreatedAt, LastUsed: s.UpdatedAt,
			Impersonated: s.ImpersonatedBy != "", token: s.Token,
		}
	}
	return sessions, nil
}

// changeUser does what one of the page's forms asks for.
func changeUser(v *visit) error {
	me, err := v.administrator()
	if err != nil || me == nil {
		return err
	}
	id := sessionstore.UserID(v.r.URL.Query().Get("id"))
	change, known := userChanges[v.text("action")]
	if !known {
		return &problem{Status: http.StatusBadRequest, Code: codeFormExpired}
	}
	if err := change.do(v, id); err != nil {
		return err
	}
	v.kept.Notice = change.notice
	switch change.notice {
	case "user_removed":
		return v.redirect(adminPath)
	case "impersonating":
		return v.redirect(accountPath)
	}
	return v.redirect(userPage(id))
}

// userChanges are what the forms do, and what the next page says when that is done.
var userChanges = map[string]struct {
	notice notice
	do     func(v *visit, id sessionstore.UserID) error
}{
	"ban": {"user_banned", func(v *visit, id sessionstore.UserID) error {
		body := fields{"userId": id}
		if reason := v.line("banReason"); reason != "" {
			body["banReason"] = reason
		}
		if seconds, err := strconv.Atoi(v.line("length")); err == nil && seconds > 0 {
			body["banExpiresIn"] = seconds
		}
		return v.post("/admin/ban-user", body)
	}},
	"unban": {"user_unbanned", func(v *visit, id sessionstore.UserID) error { return v.post("/admin/unban-user", fields{"userId": id}) }},
	"role": {"role_changed", func(v *visit, id sessionstore.UserID) error {
		return v.post("/admin/set-role", fields{"userId": id, "role": rolesIn(v.line("role"))})
	}},
	"password": {"password_given", func(v *visit, id sessionstore.UserID) error {
		if err := v.post("/admin/set-user-password", fields{"userId": id, "newPassword": v.text("newPassword")}); err != nil || !v.form.Has("end") {
			return err
		}
		return v.post("/admin/revoke-user-sessions", fields{"userId": id})
	}},
	"revoke": {"session_ended", func(v *visit, id sessionstore.UserID) error {
		sessions, err := v.sessionsOf(id)
		for _, s := range sessions {
			if s.ID == v.text("session") {
				return v.post("/admin/revoke-user-session", fields{"sessionToken": s.token})
			}
		}
		return err // it is over already: the second of two clicks
	}},
	"revoke-all": {"sessions_ended", func(v *visit, id sessionstore.UserID) error {
		return v.post("/admin/revoke-user-sessions", fields{"userId": id})
	}},
	"impersonate": {"impersonating", func(v *visit, id sessionstore.UserID) error {
		return v.post("/admin/impersonate-user", fields{"userId": id})
	}},
	"remove": {"user_removed", func(v *visit, id sessionstore.UserID) error {
		if !v.form.Has("sure") {
			return &problem{Status: http.StatusBadRequest, Code: codeNotSure}
		}
		return v.post("/admin/remove-user", fields{"userId": id})
	}},
}

func toAdmin(v *visit) error { return v.redirect(adminPath) }

// stopImpersonating is behind the button of the banner. Should there be no way back, it is still the end.
func stopImpersonating(v *visit) error {
	err := v.post("/admin/stop-impersonating", nil)
	switch {
	case err == nil:
		v.kept.Notice = "yourself_again"
		return v.redirect(adminPath)
	case isCode(err, "FAILED_TO_FIND_ADMIN_SESSION"), isCode(err, "FAILED_TO_FIND_USER"):
		if err := v.post("/sign-out", nil); err != nil {
			return err
		}
	}
	return v.redirect(SignInPath)
}

// rolesIn are the roles in a text that separates them by commas.
func rolesIn(text string) []string {
	var roles []string
	for role := range strings.SplitSeq(text, ",") {
		if role = strings.TrimSpace(role); role != "" {
			roles = append(roles, role)
		}
	}
	return roles
}

func itoa(n int) string { return strconv.Itoa(n) }

func pageOffset(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1e9 {
		return 0
	}
	return n
}
