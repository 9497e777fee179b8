package admin

import (
	"net/http"

	"github.com/posternhq/postern/authflow"
)

func (f *Feature) mountPermission(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/admin/has-permission",
		Summary:   "Whether the caller may do something",
		Sensitive: true,
		BodyShape: authflow.ShapeOneOf,
		Body: []authflow.Field{
			userID().Opt(), authflow.Text("role", "Not asked for: it is the caller's roles that count.").Opt(),
			authflow.Lists("permission", "What permissions was called once; refused.").Or(),
			authflow.Lists("permissions", "Actions by resource.").Or(),
		},
		Answer: permissionAnswer{},
		Errors: []*authflow.Error{authflow.ErrNoPermissions, authflow.ErrNobody},
		Handle: f.hasPermission,
	})
}

type permissionAnswer struct {
	Error   *string `json:"error"` // always null
	Success bool    `json:"success"`
}

func (f *Feature) hasPermission(c *authflow.Call) error {
	if !c.Body.Has("permissions") {
		return authflow.ErrNoPermissions
	}
	me, err := c.Session()
	switch {
	case err != nil:
		return err
	case me == nil:
		return authflow.ErrNobody
	}
	return c.JSON(permissionAnswer{Success: f.cfg.may(me.User, c.Body.Lists("permissions"))})
}
