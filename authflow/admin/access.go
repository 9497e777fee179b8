package admin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// Permissions are actions by resource: {user: [list, get]}.
type Permissions map[string][]string

// Roles are what each role allows. The zero value stands for those of better-auth's admin plugin.
type Roles map[string]Permissions

// defaultRoles are better-auth's: an administrator may do everything but impersonate another.
var defaultRoles = Roles{
	"admin": {
		"user":    {"create", "list", "set-role", "ban", "impersonate", "delete", "set-password", "set-email", "set-phone", "get", "update"},
		"session": {"list", "revoke", "delete"},
	},
	"user": {"user": {}, "session": {}},
}

// roles are those in force.
func (c Config) roles() Roles {
	if len(c.Roles) == 0 {
		return defaultRoles
	}
	return c.Roles
}

// allows tells whether the role allows all that is asked for, and anything is.
func (r Roles) allows(role string, asked Permissions) bool {
	allowed := r[role]
	for resource, actions := range asked {
		if len(actions) == 0 {
			return false
		}
		for _, action := range actions {
			if !slices.Contains(allowed[resource], action) {
				return false
			}
		}
	}
	return len(asked) > 0
}

// may tells whether the user has a role that allows all that is asked for, as better-auth's hasPermission.
func (c Config) may(u sessionstore.User, asked Permissions) bool {
	return slices.Contains(c.AdminUserIDs, string(u.ID)) || slices.ContainsFunc(c.rolesOf(u), func(role string) bool { return c.roles().allows(role, asked) })
}

// May tells whether a user with this id and the roles of this column may do something: for pages, which are not to offer what is refused.
func (c Config) May(id sessionstore.UserID, role, resource, action string) bool {
	return c.Enabled && c.may(sessionstore.User{ID: id, Role: &role}, Permissions{resource: {action}})
}

// rolesOf are the user's roles, as they stand in the column.
func (c Config) rolesOf(u sessionstore.User) []string {
	if u.Role == nil || *u.Role == "" {
		return []string{c.DefaultRole}
	}
	return strings.Split(*u.Role, ",")
}

// isAdmin tells whether impersonating the user takes more than the permission to impersonate.
func (c Config) isAdmin(u sessionstore.User) bool {
	return slices.Contains(c.AdminUserIDs, string(u.ID)) || slices.ContainsFunc(c.rolesOf(u), func(role string) bool {
		return slices.ContainsFunc(c.AdminRoles, func(admin string) bool { return strings.TrimSpace(admin) == role })
	})
}

// String names the roles.
func (r Roles) String() string { return strings.Join(slices.Sorted(maps.Keys(r)), ", ") }

// DecodeConfig reads the setting: {support: {user: [list, get]}}.
func (r *Roles) DecodeConfig(v any) error {
	if v == nil || v == "" {
		*r = nil
		return nil
	}
	named, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("is neither empty nor a map of roles, such as {support: {user: [list, get]}}")
	}
	roles := Roles{}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if name == "" || strings.ContainsAny(name, ", \t\r\n") {
			return fmt.Errorf("%q is not a role: the roles of a user are separated by commas", name)
		}
		resources, ok := named[name].(map[string]any)
		if !ok && named[name] != nil {
			return fmt.Errorf("%s: is no map of resources; write {user: [list, get]}", name)
		}
		roles[name] = Permissions{}
		for _, resource := range slices.Sorted(maps.Keys(resources)) {
			actions, err := decodeActions(resources[resource])
			if err != nil {
				return fmt.Errorf("%s.%s: %w", name, resource, err)
			}
			roles[name][resource] = actions
		}
	}
	*r = roles
	return nil
}

func decodeActions(v any) ([]string, error) {
	list, ok := v.([]any)
	actions := make([]string, len(list))
	for i, item := range list {
		text, isText := item.(string)
		ok = ok && isText
		actions[i] = text
	}
	if !ok && v != nil {
		return nil, fmt.Errorf("is no list of actions; write [list, get]")
	}
	return actions, nil
}
