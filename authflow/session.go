package authflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// rememberedNot is how long the row of a session lives that ends with the browser: 1 day, as better-auth's.
const rememberedNot = 24 * time.Hour

// SessionStore is what Sessions needs of the database. sessionstore.Cache fits.
type SessionStore interface {
	// Find returns an expired session too; ErrNotFound means there is no such token.
	Find(ctx context.Context, look sessionstore.Lookup) (*sessionstore.Identity, error)
	// Renew extends a session, in the database a moment later, and returns it as it is then; nil when that can not be done now.
	Renew(identity *sessionstore.Identity, until time.Time) *sessionstore.Identity
	// ReloadSession is Find that asks the database.
	ReloadSession(ctx context.Context, token sessionstore.Token) (*sessionstore.Identity, error)
	// DeleteExpiredSession removes the session if its row has expired, and tells whether it has.
	DeleteExpiredSession(ctx context.Context, token sessionstore.Token) (bool, error)
	// MayHaveEnded tells whether the session could have been ended since then. Only false is certain, and only of what could be heard.
	MayHaveEnded(token sessionstore.Token, user sessionstore.UserID, since time.Time) bool
	InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error
}

// Sessions finds, begins, renews and ends sessions. It serves the API and, as a resolver, the proxy.
type Sessions struct {
	store   SessionStore
	cookies *Cookies
	cache   *cookieCache // nil when it is off
	gates   []Gate
	witness SessionWitness // nil: nobody
	now     func() time.Time

	expiresIn           time.Duration
	updateAge           time.Duration
	freshAge            time.Duration
	deferRefresh        bool
	requireSignedBearer bool
}

// Resolve returns the live session that a proxied request carries, or nil. When renewal is due it is done, and the browser gets
// the cookie again, so that a user of the application alone stays signed in. An error means that the session cannot be known.
//
// Unlike the API it never takes a dead cookie from the browser: the answer to a request that was long on its way could take
// the cookie of a newer session.
func (s *Sessions) Resolve(w http.ResponseWriter, r *http.Request) (*sessionstore.Identity, error) {
	look, byCookie := s.token(r)
	if look.Token == "" {
		return nil, nil
	}
	// A connection that is upgraded may change anything later, whatever it began with.
	look.Current = isUnsafe(r.Method) || r.Header.Get("Upgrade") != ""
	identity, err := s.find(r.Context(), look)
	if err != nil || identity == nil {
		return nil, err
	}
	now := s.now()
	if !now.Before(identity.Session.ExpiresAt) {
		return nil, nil
	}
	if s.deferRefresh || !s.renewalDue(identity, now) || s.cookies.DontRemember(r) {
		return identity, nil
	}
	renewed := s.renew(identity, now)
	if renewed == nil {
		return identity, nil // it is good as it is; the next request tries again
	}
	if byCookie {
		s.send(w, r, renewed, true)
		w.Header().Del("Set-Auth-Token") // for clients of the API; the application's answer is not one of ours
		w.Header().Del("Access-Control-Expose-Headers")
	}
	return renewed, nil
}

// live returns the session of a token, or nil when it is dead. The row of an expired one is deleted, unless nothing may be written;
// should another replica have renewed it since it was remembered here, it lives.
func (s *Sessions) live(ctx context.Context, look sessionstore.Lookup, ask asking) (*sessionstore.Identity, error) {
	look.Current = ask.current
	identity, err := s.find(ctx, look)
	if err != nil || identity == nil || s.now().Before(identity.Session.ExpiresAt) {
		return identity, err
	}
	if !ask.readOnly {
		deleted, err := s.store.DeleteExpiredSession(ctx, look.Token)
		if err != nil {
			return nil, fmt.Errorf("delete expired session: %w", err)
		}
		if deleted {
			return nil, nil
		}
	}
	identity, err = s.admitted(s.store.ReloadSession(ctx, look.Token))
	if err != nil || identity == nil || s.now().Before(identity.Session.ExpiresAt) {
		return identity, err
	}
	return nil, nil
}

// isUnsafe tells whether a request may change something (RFC 9110 §9.2.1).
func isUnsafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

// find returns the session of a token, expired or not, or nil when there is none, or when its user is banned.
//
// Differs from better-auth: its admin plugin deletes the sessions of whom it bans, and lets live those of a user who is banned in
// any other way.
func (s *Sessions) find(ctx context.Context, look sessionstore.Lookup) (*sessionstore.Identity, error) {
	return s.admitted(s.store.Find(ctx, look))
}

func (s *Sessions) admitted(identity *sessionstore.Identity, err error) (*sessionstore.Identity, error) {
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("resolve session: %w", err)
	case identity.User.BannedAt(s.now()):
		return nil, nil
	}
	return identity, nil
}

// Lookup returns the live session that a bearer token stands for, or nil. It renews nothing: who asks is not the user. What they will do by the
// answer is not known, so it is as current as that to a request that changes something.
func (s *Sessions) Lookup(ctx context.Context, value string) (*sessionstore.Identity, error) {
	look := s.readBearer(value)
	if look.Token == "" {
		return nil, nil
	}
	look.Current = true
	identity, err := s.find(ctx, look)
	if err != nil || identity == nil || !s.now().Before(identity.Session.ExpiresAt) {
		return nil, err
	}
	return identity, nil
}

// token returns the token that counts: a bearer token before the cookie, as in better-auth.
func (s *Sessions) token(r *http.Request) (look sessionstore.Lookup, byCookie bool) {
	if look := s.bearerToken(r); look.Token != "" {
		return look, false
	}
	return sessionstore.Lookup{Token: s.cookies.Token(r), Vouched: true}, true
}

// DefersRefresh tells whether sessions are renewed by a request of its own.
func (s *Sessions) DefersRefresh() bool { return s.deferRefresh }

// send sends the session's cookies to the browser.
func (s *Sessions) send(w http.ResponseWriter, r *http.Request, identity *sessionstore.Identity, remember bool) {
	s.cookies.SetSession(w, r, identity.Session.Token, remember)
	s.cache.set(w, r, identity, remember)
}

// renewalDue is better-auth's rule: once the last renewal is update_age ago.
func (s *Sessions) renewalDue(identity *sessionstore.Identity, now time.Time) bool {
	return !now.Before(identity.Session.ExpiresAt.Add(s.updateAge - s.expiresIn))
}

// renew extends the session and returns it as it is then, or nil when that has to wait. The browser is told with this answer, and the database a
// moment later, since nobody is to wait for that. Should the database never hear of it, the cookie outlives the row: the row decides, and as
// it still says that renewal is due, the user's next request makes good for it.
func (s *Sessions) renew(identity *sessionstore.Identity, now time.Time) *sessionstore.Identity {
	return s.store.Renew(identity, now.Add(s.expiresIn))
}

// Create makes a session in the caller's transaction, once every gate has let it pass. The browser gets it by Issue, after the
// transaction is committed. method is how the user proved who they are.
func (s *Sessions) Create(c *Call, tx *sessionstore.Store, u sessionstore.User, remember bool, method string) (sessionstore.Session, error) {
	lifetime := s.expiresIn
	if !remember {
		lifetime = rememberedNot
	}
	return s.create(c, tx, u, lifetime, nil, Event{Name: EventSignIn, UserID: u.ID, Reason: method})
}

// create makes a session that event tells of, once every gate has let it pass.
func (s *Sessions) create(c *Call, tx *sessionstore.Store, u sessionstore.User, lifetime time.Duration, fields sessionstore.Fields, event Event) (sessionstore.Session, error) {
	for _, g := range s.gates {
		if err := g.Admit(c, tx, u, event.Reason); err != nil {
			c.refused(u, err)
			return sessionstore.Session{}, err
		}
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	address, agent := storedAddress(c.Client().Addr), userAgent(c.R)
	session := sessionstore.Session{
		ID:        sessionstore.SessionID(sessionstore.NewID()),
		UserID:    u.ID,
		Token:     sessionstore.Token(RandomString(32, AlphabetMixed)),
		ExpiresAt: now.Add(lifetime),
		CreatedAt: now,
		UpdatedAt: now,
		IPAddress: &address,
		UserAgent: &agent,
		Fields:    fields,
	}
	err := tx.CreateSession(c.R.Context(), &session)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound): // the user was deleted since they proved who they are
		return sessionstore.Session{}, ErrUnauthorized.Because(err)
	case err != nil:
		return sessionstore.Session{}, fmt.Errorf("create session: %w", err)
	}
	event.SessionID = session.ID
	if err = c.Record(tx, event); err != nil || s.witness == nil || event.Reason == MethodImpersonation {
		return session, err
	}
	return session, s.witness.Began(c, tx, u, session, event.Reason)
}

// Issue hands a session to the browser of someone who has just proved who they are. remember false makes it end with the browser.
func (s *Sessions) Issue(c *Call, session sessionstore.Session, u sessionstore.User, remember bool) {
	s.issue(c, session, u, remember)
	c.RememberDevice(u.Email)
}

func (s *Sessions) issue(c *Call, session sessionstore.Session, u sessionstore.User, remember bool) {
	c.identity, c.resolved = &sessionstore.Identity{Session: session, User: u}, true
	s.send(c.W, c.R, c.identity, remember)
}

// Reissue sends the cookie again, keeping to the browser's choice of being remembered or not.
func (s *Sessions) Reissue(c *Call, session sessionstore.Session, u sessionstore.User) {
	s.issue(c, session, u, !s.cookies.DontRemember(c.R))
}

// Begin makes a session and hands it to the browser.
func (s *Sessions) Begin(c *Call, u sessionstore.User, remember bool, method string) (sessionstore.Session, error) {
	var session sessionstore.Session
	err := s.store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		session, err = s.Create(c, tx, u, remember, method)
		return err
	})
	if err != nil {
		return sessionstore.Session{}, err
	}
	s.Issue(c, session, u, remember)
	return session, nil
}

// Expire takes the session's cookies from the browser. The row is the caller's to delete, first.
func (s *Sessions) Expire(c *Call) {
	s.cookies.ExpireSession(c.W, c.R)
	c.identity, c.resolved = nil, true
}

// Fresh tells whether the sign-in is recent enough for what asks for it. It counts from the session's making, not its renewal.
func (s *Sessions) Fresh(session sessionstore.Session) bool {
	return s.freshAge == 0 || s.now().Sub(session.CreatedAt) < s.freshAge
}

// CachesInCookie tells whether a session may be shown as its cookie has it.
func (s *Sessions) CachesInCookie() bool { return s.cache != nil }

// CookieName is that of the cookie that carries a session's token.
func (s *Sessions) CookieName() string { return s.cookies.sessionToken }
