package authflow

import (
	"encoding/json"
	"fmt"
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

// UserObject is a user on the wire. The additional fields are members beside the others.
type UserObject struct {
	Name          string              `json:"name"`
	Email         string              `json:"email"`
	EmailVerified bool                `json:"emailVerified"`
	Image         *string             `json:"image"` // present even when null
	CreatedAt     Time                `json:"createdAt"`
	UpdatedAt     Time                `json:"updatedAt"`
	ID            sessionstore.UserID `json:"id"`

	Additional sessionstore.Fields `json:"-"`
}

// MarshalJSON writes the additional fields as well, those that nobody is to be told left out.
func (u UserObject) MarshalJSON() ([]byte, error) {
	type plain UserObject
	return withAdditional(plain(u), u.Additional)
}

// NewUserObject shows a user.
func NewUserObject(u sessionstore.User) UserObject {
	return UserObject{
		ID: u.ID, Name: u.Name, Email: u.Email, EmailVerified: u.EmailVerified, Image: u.Image,
		CreatedAt: Time(u.CreatedAt), UpdatedAt: Time(u.UpdatedAt), Additional: u.Fields,
	}
}

// SessionObject is a session on the wire, its token included: only ever shown to the session's own user. The additional fields are
// members beside the others.
type SessionObject struct {
	ExpiresAt Time                   `json:"expiresAt"`
	Token     sessionstore.Token     `json:"token"`
	CreatedAt Time                   `json:"createdAt"`
	UpdatedAt Time                   `json:"updatedAt"`
	IPAddress *string                `json:"ipAddress"`
	UserAgent *string                `json:"userAgent"`
	UserID    sessionstore.UserID    `json:"userId"`
	ID        sessionstore.SessionID `json:"id"`

	Additional sessionstore.Fields `json:"-"`
}

// MarshalJSON writes the additional fields as well, those that nobody is to be told left out.
func (s SessionObject) MarshalJSON() ([]byte, error) {
	type plain SessionObject
	return withAdditional(plain(s), s.Additional)
}

// NewSessionObject shows a session.
func NewSessionObject(s sessionstore.Session) SessionObject {
	return SessionObject{
		ID: s.ID, UserID: s.UserID, Token: s.Token, IPAddress: s.IPAddress, UserAgent: s.UserAgent,
		ExpiresAt: Time(s.ExpiresAt), CreatedAt: Time(s.CreatedAt), UpdatedAt: Time(s.UpdatedAt),
		Additional: s.Fields,
	}
}

// withAdditional is the JSON of an object, which has members, and of the additional fields that are returned.
func withAdditional(object any, fields sessionstore.Fields) ([]byte, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		if !field.Field.Returned {
			continue
		}
		value, err := json.Marshal(field)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field.Field.Name, err)
		}
		// A name needs no escaping: the settings allow letters, digits and underscores.
		data = append(data[:len(data)-1], `,"`+field.Field.Name+`":`...)
		data = append(append(data, value...), '}')
	}
	return data, nil
}
