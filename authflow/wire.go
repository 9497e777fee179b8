package authflow

import (
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// timeLayout is JavaScript's toISOString: UTC with exactly three fraction digits.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is a moment as better-auth's clients read it.
type Time time.Time

// MarshalText writes the moment as JavaScript's toISOString does.
func (t Time) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(timeLayout)), nil
}

// UserObject is a user on the wire.
type UserObject struct {
	Name          string              `json:"name"`
	Email         string              `json:"email"`
	EmailVerified bool                `json:"emailVerified"`
	Image         *string             `json:"image"` // present even when null
	CreatedAt     Time                `json:"createdAt"`
	UpdatedAt     Time                `json:"updatedAt"`
	ID            sessionstore.UserID `json:"id"`
}

// NewUserObject shows a user.
func NewUserObject(u sessionstore.User) UserObject {
	return UserObject{
		ID: u.ID, Name: u.Name, Email: u.Email, EmailVerified: u.EmailVerified, Image: u.Image,
		CreatedAt: Time(u.CreatedAt), UpdatedAt: Time(u.UpdatedAt),
	}
}

// SessionObject is a session on the wire, its token included: only ever shown to the session's own user.
type SessionObject struct {
	ExpiresAt Time                   `json:"expiresAt"`
	Token     sessionstore.Token     `json:"token"`
	CreatedAt Time                   `json:"createdAt"`
	UpdatedAt Time                   `json:"updatedAt"`
	IPAddress *string                `json:"ipAddress"`
	UserAgent *string                `json:"userAgent"`
	UserID    sessionstore.UserID    `json:"userId"`
	ID        sessionstore.SessionID `json:"id"`
}

// NewSessionObject shows a session.
func NewSessionObject(s sessionstore.Session) SessionObject {
	return SessionObject{
		ID: s.ID, UserID: s.UserID, Token: s.Token, IPAddress: s.IPAddress, UserAgent: s.UserAgent,
		ExpiresAt: Time(s.ExpiresAt), CreatedAt: Time(s.CreatedAt), UpdatedAt: Time(s.UpdatedAt),
	}
}
