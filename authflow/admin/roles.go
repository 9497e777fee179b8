package admin

import (
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountRoles(r *authflow.Router) {
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/set-role",
		Summary:     "Give a user one role or several, instead of those they have",
		Body:        []authflow.Field{userID(), authflow.TextOr("role", "The role, or the roles.")},
		OperationID: "setUserRole",
		Answer:      userAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotChangeRole, authflow.ErrNoSuchRole, authflow.ErrNoSuchUser},
		Handle:      f.setRole,
	})
}

func (f *Feature) setRole(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotChangeRole, id, "user", "set-role"); err != nil {
		return err
	}
	roles := c.Body.TextOr("role")
	if err := f.checkRoles(roles); err != nil {
		return err
	}
	role := strings.Join(roles, ",")
	user, err := f.change(c, id, f.set(map[string]any{"role": role}), nil, authflow.Event{Name: authflow.EventRoleChanged})
	if err != nil {
		return err
	}
	return c.JSON(userAnswer{authflow.NewUserObject(user)})
}

// checkRoles refuses a role that there is not. Where the settings define none, any will do, as in better-auth.
func (f *Feature) checkRoles(roles []string) error {
	for _, role := range roles {
		if _, known := f.cfg.Roles[role]; len(f.cfg.Roles) > 0 && !known {
			return authflow.ErrNoSuchRole
		}
	}
	return nil
}

// readRole is what a body's data says of the role: text, or a list of it.
func (f *Feature) readRole(value any) (string, error) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	roles := make([]string, len(list))
	for i, item := range list {
		text, ok := item.(string)
		if !ok {
			return "", authflow.ErrInvalidRoleType
		}
		roles[i] = text
	}
	return strings.Join(roles, ","), f.checkRoles(roles)
}
