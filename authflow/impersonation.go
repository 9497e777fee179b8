package authflow

import (
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// ImpersonatedBy is the field of a session that an administrator has begun in a user's name: the administrator's id. It is there where
// better-auth's admin plugin is.
const ImpersonatedBy = "impersonatedBy"

// MethodImpersonation is the method by which gates are asked about such a session.
const MethodImpersonation = "impersonation"

// Impersonator is who has begun the session in its user's name, or "".
func Impersonator(s sessionstore.Session) sessionstore.UserID {
	id, _ := s.Fields.Get(ImpersonatedBy).(string)
	return sessionstore.UserID(id)
}

// Impersonation lets an administrator be a user for a while. Their own session goes on meanwhile, and waits in a cookie.
type Impersonation struct {
	sessions *Sessions
	waiting  SignedCookie // <token>:<the dont-remember cookie>, as better-auth's admin_session
	lifetime time.Duration
	field    *sessionstore.AdditionalField
}

// Impersonation returns what makes such sessions, which last for lifetime. Without the field impersonatedBy there are none.
func (c *Core) Impersonation(lifetime time.Duration) *Impersonation {
	i := &Impersonation{sessions: c.Sessions, waiting: c.SignedCookie("admin_session", c.Sessions.expiresIn), lifetime: lifetime}
	for _, field := range c.SessionFields {
		if field.Name == ImpersonatedBy {
			i.field = field
		}
	}
	return i
}

// Create makes a session of the user, for whose session the call is, once every gate has let it pass.
func (i *Impersonation) Create(c *Call, tx *sessionstore.Store, u sessionstore.User) (sessionstore.Session, error) {
	actor := c.Identity().User.ID
	fields := sessionstore.Fields{{Field: i.field, Value: string(actor)}}
	return i.sessions.create(c, tx, u, i.lifetime, fields, Event{Name: EventImpersonationStarted, UserID: u.ID, ActorID: actor, Reason: MethodImpersonation})
}

// Issue hands the session to the browser, and puts the administrator's own aside.
func (i *Impersonation) Issue(c *Call, session sessionstore.Session, u sessionstore.User) {
	own, forgetful := c.Identity().Session.Token, "" // before the call has another session
	if i.sessions.cookies.DontRemember(c.R) {
		forgetful = "true"
	}
	i.sessions.Expire(c) // what else the browser has with the session; nor is this a device of the user's
	i.sessions.issue(c, session, u, false)
	i.waiting.Set(c.W, string(own)+":"+forgetful)
}

// Waiting is the token of the administrator's own session, and whether it outlives the browser. Empty: it is not known.
func (i *Impersonation) Waiting(c *Call) (token sessionstore.Token, remember bool) {
	own, forgetful, _ := strings.Cut(i.waiting.Value(c.R), ":")
	return sessionstore.Token(own), forgetful == ""
}

// Restore hands the administrator their own session again.
func (i *Impersonation) Restore(c *Call, own *sessionstore.Identity, remember bool) {
	i.sessions.issue(c, own.Session, own.User, remember)
	i.waiting.Expire(c.W)
}

// Find returns the live session of a token, as the database has it, or nil.
func (i *Impersonation) Find(c *Call, token sessionstore.Token) (*sessionstore.Identity, error) {
	identity, err := i.sessions.admitted(i.sessions.store.ReloadSession(c.R.Context(), token))
	if err != nil || identity == nil || !i.sessions.now().Before(identity.Session.ExpiresAt) {
		return nil, err
	}
	return identity, nil
}
