package admin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Config is better-auth's admin plugin. Its root key is `auth.admin`.
type Config struct {
	Enabled bool `key:"enabled" restart:"true" default:"false" doc:"Whether users with the right roles may look after the others, by better-auth's /admin routes. 'postern migrate up' makes the columns. Bans are kept wherever their columns are, in any case."`

	DefaultRole  string   `key:"default_role" restart:"true" default:"user" doc:"Role of a new user, and of one who has none."`
	AdminRoles   []string `key:"admin_roles" default:"admin" doc:"Roles whose users nobody may impersonate without the permission impersonate-admins. They must be among roles."`
	AdminUserIDs []string `key:"admin_user_ids" doc:"Ids of users who may do everything, whatever their role: how the first administrator comes to be."`
	Roles        Roles    `key:"roles" example:"support: {user: [get, list], session: [list, revoke]}" doc:"What each role allows, as resource and actions. Empty: admin allows everything but user: [impersonate-admins], and user allows nothing. Resources are user (create, list, get, update, set-role, set-email, set-phone, set-password, ban, impersonate, impersonate-admins, delete), session (list, revoke, delete), and any of the application's for /admin/has-permission."`

	BannedUserMessage   string        `key:"banned_user_message" default:"You have been banned from this application. Please contact support if you believe this is an error." doc:"What somebody who is banned is told when they sign in."`
	DefaultBanReason    string        `key:"default_ban_reason" default:"No reason" doc:"Reason of a ban for which none is given."`
	DefaultBanExpiresIn time.Duration `key:"default_ban_expires_in" default:"0s" doc:"How long a ban lasts for which no end is given. 0: for ever."`

	ImpersonationSessionDuration time.Duration `key:"impersonation_session_duration" default:"1h" doc:"How long an administrator may be somebody else at a time."`
	AllowImpersonatingAdmins     bool          `key:"allow_impersonating_admins" default:"false" doc:"Whether administrators may impersonate administrators. Better give a role the permission user: [impersonate-admins]."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.DefaultRole == "" || strings.ContainsAny(c.DefaultRole, ", \t\r\n") {
		report("default_role: %q is not the name of one role, such as user", c.DefaultRole)
	}
	known := c.roles()
	for _, role := range c.AdminRoles {
		if len(c.AdminRoles) == 1 && role == "admin" {
			continue // the default, which better-auth does not check either
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(name string) bool { return strings.EqualFold(name, role) }) {
			report("admin_roles: %q is not one of auth.admin.roles (%s); define it there", role, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	if c.DefaultBanExpiresIn < 0 {
		report("default_ban_expires_in: %s is negative; use 0 for bans without an end", c.DefaultBanExpiresIn)
	}
	if c.ImpersonationSessionDuration < time.Minute {
		report("impersonation_session_duration: %s is below a minute; better-auth's default is 1h", c.ImpersonationSessionDuration)
	}
	return errors.Join(problems...)
}
