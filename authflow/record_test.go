package authflow_test

import (
	"errors"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// What cannot be recorded does not happen, and no letter tells of it.
func TestWhatLeavesNoTraceDoesNotHappen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		event authflow.EventName
		path  string
		body  authflowtest.Body
	}{
		{authflow.EventSignUp, "/sign-up/email", authflowtest.Body{"name": "New", "email": "new@people.test", "password": authflowtest.Password}},
		{authflow.EventVerificationSent, "/sign-up/email", authflowtest.Body{"name": "New", "email": "new@people.test", "password": authflowtest.Password}},
		{authflow.EventSignIn, "/sign-in/email", authflowtest.Body{"email": "EMAIL", "password": authflowtest.Password}},
		{authflow.EventSignOut, "/sign-out", authflowtest.Body{}},
		{authflow.EventPasswordResetRequested, "/request-password-reset", authflowtest.Body{"email": "EMAIL"}},
		{authflow.EventPasswordChanged, "/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "a new password"}},
		{authflow.EventSessionsRevoked, "/change-password", authflowtest.Body{"currentPassword": authflowtest.Password, "newPassword": "a new password", "revokeOtherSessions": true}},
		{authflow.EventSessionsRevoked, "/revoke-sessions", authflowtest.Body{}},
		{authflow.EventSessionsRevoked, "/revoke-other-sessions", authflowtest.Body{}},
		{authflow.EventSessionRevoked, "/revoke-session", authflowtest.Body{"token": "TOKEN"}},
		{authflow.EventUserUpdated, "/update-user", authflowtest.Body{"name": "Other"}},
		{authflow.EventEmailChangeRequested, "/change-email", authflowtest.Body{"newEmail": "new@people.test"}},
		{authflow.EventUserDeletionRequested, "/delete-user", authflowtest.Body{}},
	} {
		t.Run(string(tt.event)+tt.path, func(t *testing.T) {
			t.Parallel()
			flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Unrecorded = tt.event })
			user := flow.User("Ada")
			session, other := flow.Session(user), flow.Session(user)
			for name, value := range tt.body {
				switch value {
				case "EMAIL":
					tt.body[name] = user.Email
				case "TOKEN":
					tt.body[name] = string(other.Token)
				}
			}
			browser := flow.Holding(session)
			browser.Post(tt.path, tt.body).Fails(500, "INTERNAL_SERVER_ERROR").Sets()
			browser.Get("/get-session").Is(200).Has("user.name", "Ada").Has("user.email", user.Email)
			browser.Post("/verify-password", authflowtest.Body{"password": authflowtest.Password}).Is(200)
			if !flow.Alive(session) || !flow.Alive(other) {
				t.Error("a session ended")
			}
			if sessions, err := flow.Store.ListSessions(t.Context(), user.ID); err != nil || len(sessions) != 2 {
				t.Errorf("%d sessions, %v", len(sessions), err)
			}
			if _, err := flow.Store.FindUserByEmail(t.Context(), "new@people.test"); !errors.Is(err, sessionstore.ErrNotFound) {
				t.Errorf("a user was made: %v", err)
			}
			if letters := flow.Letters(); len(letters) != 0 {
				t.Errorf("letters %v", letters)
			}
		})
	}
}
