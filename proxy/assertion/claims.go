package assertion

import (
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// claims is what an assertion says: the registered claims of RFC 7519 §4.1, those of OpenID Connect Core §5.1 about the user,
// and the request it is for.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti,omitempty"` // where it is sent once

	subject
	Roles []string `json:"roles"`

	Method string `json:"method"`
	Path   string `json:"path"` // as the application gets it: without the query, not decoded
}

// subject is what is said of user and session. It is compared to know whether an assertion still holds.
type subject struct {
	User          sessionstore.UserID    `json:"sub"`
	Session       sessionstore.SessionID `json:"sid"`
	Email         string                 `json:"email"`
	EmailVerified bool                   `json:"email_verified"`
	Name          string                 `json:"name"`
	role          string
}

func subjectOf(i *sessionstore.Identity) subject {
	s := subject{User: i.User.ID, Session: i.Session.ID, Email: i.User.Email, EmailVerified: i.User.EmailVerified, Name: i.User.Name}
	if i.User.Role != nil {
		s.role = *i.User.Role
	}
	return s
}

// roles are the parts of better-auth's comma separated column.
func (s subject) roles() []string {
	list := []string{}
	for role := range strings.SplitSeq(s.role, ",") {
		if role = strings.TrimSpace(role); role != "" {
			list = append(list, role)
		}
	}
	return list
}
