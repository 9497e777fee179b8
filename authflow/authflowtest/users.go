package authflowtest

import (
	"fmt"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Password is that of every user a test makes.
const Password = "correct horse battery staple"

// cheapHash is Password under argon2id with the least of everything, so that comparing it costs nothing.
const cheapHash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$lUbZ8Jzij/5bOe3RDFNWB4YcFPBWi0usvNmLvSsyG7I"

// User makes a user with Password whose address is proved, without asking the API.
func (f *Flow) User(name string) sessionstore.User {
	f.t.Helper()
	return f.add(name, true)
}

// Unverified makes a user with Password whose address is not proved.
func (f *Flow) Unverified(name string) sessionstore.User {
	f.t.Helper()
	return f.add(name, false)
}

func (f *Flow) add(name string, verified bool) sessionstore.User {
	f.t.Helper()
	now := f.Core.Now()
	user := sessionstore.User{
		ID:            sessionstore.UserID(sessionstore.NewID()),
		Name:          name,
		Email:         fmt.Sprintf("user%d@people.test", f.users.Add(1)),
		EmailVerified: verified,
		CreatedAt:     now,
		UpdatedAt:     now,
	}
	f.must(f.Store.CreateUser(f.t.Context(), &user))
	f.SetHash(user, cheapHash)
	return user
}

// SetHash gives the user a credential with the hash, instead of the one there is.
func (f *Flow) SetHash(user sessionstore.User, hash string) {
	f.t.Helper()
	changed, err := f.Store.SetPassword(f.t.Context(), user.ID, hash)
	f.must(err)
	if changed {
		return
	}
	f.must(f.Store.CreateAccount(f.t.Context(), sessionstore.Account{
		ID: sessionstore.AccountID(sessionstore.NewID()), UserID: user.ID,
		ProviderID: sessionstore.CredentialProvider, AccountID: string(user.ID), Password: &hash,
		CreatedAt: user.CreatedAt, UpdatedAt: user.UpdatedAt,
	}))
}

// WithoutPassword makes a user who came by another way than a password.
func (f *Flow) WithoutPassword(name string) sessionstore.User {
	f.t.Helper()
	now := f.Core.Now()
	user := sessionstore.User{
		ID: sessionstore.UserID(sessionstore.NewID()), Name: name, Email: fmt.Sprintf("user%d@people.test", f.users.Add(1)),
		EmailVerified: true, CreatedAt: now, UpdatedAt: now,
	}
	f.must(f.Store.CreateUser(f.t.Context(), &user))
	return user
}

// Session makes a session that begins now, without asking the API.
func (f *Flow) Session(user sessionstore.User) sessionstore.Session {
	f.t.Helper()
	now, address, agent := f.Core.Now(), "192.0.2.1", "test"
	session := sessionstore.Session{
		ID: sessionstore.SessionID(sessionstore.NewID()), UserID: user.ID, Token: sessionstore.Token(sessionstore.NewID()),
		ExpiresAt: now.Add(7 * 24 * time.Hour), CreatedAt: now, UpdatedAt: now, IPAddress: &address, UserAgent: &agent,
	}
	f.must(f.Store.CreateSession(f.t.Context(), &session))
	return session
}

// SignedIn is a browser that holds the cookie of a new session of the user.
func (f *Flow) SignedIn(user sessionstore.User) *Browser {
	f.t.Helper()
	return f.Holding(f.Session(user))
}

// Holding is a browser that holds the cookie of the session.
func (f *Flow) Holding(session sessionstore.Session) *Browser {
	b := f.Browser()
	b.SetCookie(b.sessionCookie(), authflow.EscapeComponent(f.Signed(string(session.Token))))
	return b
}

// Signed is a value with its signature, not encoded.
func (f *Flow) Signed(value string) string { return value + "." + f.Core.Keys.Sign(value) }

// Alive tells whether the session's row is there, whatever its expiry.
func (f *Flow) Alive(session sessionstore.Session) bool {
	f.t.Helper()
	sessions, err := f.Store.ListSessions(f.t.Context(), session.UserID)
	f.must(err)
	for _, s := range sessions {
		if s.ID == session.ID {
			return true
		}
	}
	return false
}
