package sessions

import (
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

var (
	errSessionNotFound = &authflow.Error{Status: http.StatusNotFound, Code: "SESSION_NOT_FOUND", Message: "Session not found"}
	errCurrentSession  = &authflow.Error{Status: http.StatusBadRequest, Code: "CANNOT_REVOKE_CURRENT_SESSION", Message: "The current session cannot be revoked here. Sign out instead."}
)

func (f *Feature) mountREST(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/me",
		Summary: "The caller, or 401",
		Session: authflow.SessionRequired,
		Answer:  meAnswer{},
		Handle:  f.me,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/verify-token",
		Summary: "Whose session the cookie or bearer token is, or 401",
		Session: authflow.SessionRequired,
		Answer:  meAnswer{},
		Handle:  f.me,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/verify-token",
		Summary:      "Whose session a token is, given in the body, as bearer token or as cookie, or 401",
		BodyOptional: true,
		Body:         []authflow.Field{authflow.Text("token", "The token; without it that of the request counts.").Opt().Max(1024)},
		Answer:       meAnswer{},
		Errors:       []*authflow.Error{authflow.ErrUnauthorized},
		Handle:       f.verifyToken,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/sessions",
		Summary: "All live sessions of the caller, with device, address and last use, without tokens",
		Session: authflow.SessionRequired,
		Answer:  devicesAnswer{},
		Handle:  f.devices,
	})
	r.Handle(authflow.Route{
		Method: http.MethodDelete, Path: "/sessions/:id",
		Summary:     "End one of the caller's other sessions, by its id",
		Session:     authflow.SessionRequired,
		Params:      []authflow.Field{authflow.Text("id", "The session's id, as in GET /sessions.")},
		OperationID: "deleteSession",
		Answer:      statusAnswer{},
		Errors:      []*authflow.Error{errCurrentSession, errSessionNotFound},
		Handle:      f.deleteSession,
	})
}

// device is a session as plain HTTP clients see it. It has no token: a list of sessions must not be a list of keys.
type device struct {
	ID         sessionstore.SessionID `json:"id"`
	Device     string                 `json:"device"`
	UserAgent  string                 `json:"userAgent"`
	IPAddress  string                 `json:"ipAddress"`
	Location   string                 `json:"location"` // in English; empty without geoip.file, or when unknown
	CreatedAt  authflow.Time          `json:"createdAt"`
	LastUsedAt authflow.Time          `json:"lastUsedAt"` // as exact as auth.session.update_age
	ExpiresAt  authflow.Time          `json:"expiresAt"`
	IsCurrent  bool                   `json:"isCurrent"`
}

func (f *Feature) newDevice(s sessionstore.Session, current sessionstore.SessionID) device {
	agent := text(s.UserAgent)
	return device{
		ID: s.ID, Device: authflow.DeviceLabel(agent), UserAgent: agent, IPAddress: text(s.IPAddress),
		Location:  f.core.Place(text(s.IPAddress), "en"),
		CreatedAt: authflow.Time(s.CreatedAt), LastUsedAt: authflow.Time(s.UpdatedAt), ExpiresAt: authflow.Time(s.ExpiresAt),
		IsCurrent: s.ID == current,
	}
}

type meAnswer struct {
	User    authflow.UserObject `json:"user"`
	Session device              `json:"session"`
}

func (f *Feature) me(c *authflow.Call) error {
	return c.JSON(f.newMeAnswer(c.Identity(), c.Identity().Session.ID))
}

func (f *Feature) newMeAnswer(identity *sessionstore.Identity, current sessionstore.SessionID) meAnswer {
	return meAnswer{User: authflow.NewUserObject(identity.User), Session: f.newDevice(identity.Session, current)}
}

func (f *Feature) verifyToken(c *authflow.Call) error {
	var identity *sessionstore.Identity
	var err error
	if c.Body.Has("token") {
		identity, err = f.core.Sessions.Lookup(c.R.Context(), c.Body.String("token"))
	} else {
		identity, err = c.Session()
	}
	switch {
	case err != nil:
		return err
	case identity == nil:
		return authflow.ErrUnauthorized
	}
	return c.JSON(f.newMeAnswer(identity, identity.Session.ID))
}

type devicesAnswer struct {
	Sessions []device `json:"sessions"`
}

func (f *Feature) devices(c *authflow.Call) error {
	me := c.Identity()
	sessions, err := f.store.ListSessions(c.R.Context(), me.User.ID)
	if err != nil {
		return err
	}
	answer := devicesAnswer{Sessions: []device{}}
	for _, s := range sessions {
		if authflow.Impersonator(s) == "" || s.ID == me.Session.ID {
			answer.Sessions = append(answer.Sessions, f.newDevice(s, me.Session.ID))
		}
	}
	return c.JSON(answer)
}

func (f *Feature) deleteSession(c *authflow.Call) error {
	id := sessionstore.SessionID(c.Param("id"))
	if id == c.Identity().Session.ID {
		return errCurrentSession
	}
	own, err := f.ownSession(c, func(s sessionstore.Session) bool { return s.ID == id })
	switch {
	case err != nil:
		return err
	case own == nil: // also for another user's session: that it exists is nobody else's business
		return errSessionNotFound
	}
	if err := f.end(c, *own); err != nil {
		return err
	}
	return c.JSON(statusAnswer{Status: true})
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
