package sessions

import (
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
)

func (f *Feature) mountList(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/list-sessions",
		Summary:     "All live sessions of the caller, tokens included",
		Session:     authflow.SessionFresh,
		OperationID: "listUserSessions",
		Answer:      []authflow.SessionObject{},
		Handle:      f.list,
	})
}

func (f *Feature) list(c *authflow.Call) error {
	sessions, err := f.store.ListSessions(c.R.Context(), c.Identity().User.ID)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	objects := make([]authflow.SessionObject, 0, len(sessions))
	for _, s := range sessions {
		if authflow.Impersonator(s) == "" { // as better-auth's admin plugin, which does not show those that an administrator has begun
			objects = append(objects, authflow.NewSessionObject(s))
		}
	}
	return c.JSON(objects)
}
