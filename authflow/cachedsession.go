package authflow

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// cachedSession is what a genuine session_data cookie says.
type cachedSession struct {
	session, user json.RawMessage       // as they are, with fields that this server does not know
	identity      sessionstore.Identity // of it, what it takes to judge the cookie
	updatedAt     time.Time
}

// isoTime is a moment as better-auth's reader demands it: ECMA-262's format, in UTC.
type isoTime struct{ at time.Time }

func (t *isoTime) UnmarshalText(text []byte) (err error) {
	if !strings.HasSuffix(string(text), "Z") {
		return errors.New("not in UTC")
	}
	t.at, err = time.Parse(time.RFC3339Nano, string(text))
	return err
}

// parseCached reads an object that one of our keys answers for. What better-auth demands of it is demanded here, also of the fields
// that are not looked at.
func parseCached(object []byte) (cached *cachedSession, version string, err error) {
	var payload struct {
		Session, User json.RawMessage
		UpdatedAt     *float64
		Version       string
	}
	var session struct {
		ID, Token            *string
		UserID               sessionstore.UserID
		ExpiresAt            *isoTime
		CreatedAt, UpdatedAt isoTime
		IPAddress, UserAgent *string
	}
	var user struct {
		ID, Email, Name      *string
		Image                *string
		EmailVerified        bool
		CreatedAt, UpdatedAt isoTime
		Banned               bool
		BanExpires           *isoTime
	}
	for _, part := range []struct {
		text *json.RawMessage
		into any
	}{{(*json.RawMessage)(&object), &payload}, {&payload.Session, &session}, {&payload.User, &user}} {
		if err := json.Unmarshal(*part.text, part.into); err != nil {
			return nil, "", err
		}
	}
	if payload.UpdatedAt == nil || session.ID == nil || session.Token == nil || session.ExpiresAt == nil ||
		user.ID == nil || user.Email == nil || user.Name == nil || session.UserID != sessionstore.UserID(*user.ID) {
		return nil, "", errors.New("incomplete")
	}
	cached = &cachedSession{session: payload.Session, user: payload.User, updatedAt: time.UnixMilli(int64(*payload.UpdatedAt))}
	cached.identity = sessionstore.Identity{
		Session: sessionstore.Session{ID: sessionstore.SessionID(*session.ID), UserID: session.UserID, Token: sessionstore.Token(*session.Token), ExpiresAt: session.ExpiresAt.at},
		User:    sessionstore.User{ID: sessionstore.UserID(*user.ID), Banned: user.Banned},
	}
	if user.BanExpires != nil {
		cached.identity.User.BanExpires = &user.BanExpires.at
	}
	return cached, payload.Version, nil
}

// agrees tells whether the cookie says what the database says. Fields that only another server knows do not count.
func (c *cachedSession) agrees(identity *sessionstore.Identity) bool {
	return covers(c.session, NewSessionObject(identity.Session)) && covers(c.user, NewUserObject(identity.User))
}

func covers(text json.RawMessage, object any) bool {
	var theirs, ours map[string]any
	known, err := json.Marshal(object)
	if err != nil || json.Unmarshal(known, &ours) != nil || json.Unmarshal(text, &theirs) != nil {
		return false
	}
	for name, value := range ours {
		if !reflect.DeepEqual(theirs[name], value) {
			return false
		}
	}
	return true
}
