package authflow

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Session returns the live session the request carries, or nil. It is asked once and renewed when due, so a handler may call
// it freely. The error wraps sessionstore.ErrUnavailable when that cannot be known.
func (c *Call) Session() (*sessionstore.Identity, error) {
	if !c.resolved {
		query := c.R.URL.Query()
		identity, needsRefresh, err := c.flow.sessions.resolve(c.W, c.R, asking{
			withoutRefresh: isTruthy(query["disableRefresh"]),
			withoutCache:   c.route.Sensitive || isTruthy(query["disableCookieCache"]),
			readOnly:       c.flow.sessions.deferRefresh && !c.route.Renews,
			current:        isUnsafe(c.R.Method),
		})
		if err != nil {
			return nil, err
		}
		c.identity, c.needsRefresh, c.resolved = identity, needsRefresh, true
	}
	return c.identity, nil
}

// Identity is the session as Session found it: never nil where the route requires one.
func (c *Call) Identity() *sessionstore.Identity { return c.identity }

// NeedsRefresh tells whether the session is due to be renewed by the request that renews. Nil where renewing is not deferred, and where
// better-auth does not say.
func (c *Call) NeedsRefresh() *bool { return c.needsRefresh }

// asking is how a request wants to know its session.
type asking struct {
	withoutRefresh bool
	withoutCache   bool // whatever the cookie cache says
	readOnly       bool // renews nothing, deletes nothing
	current        bool // it may change something: see sessionstore.Lookup
}

// resolve is Resolve for the API, which also takes a dead session's cookies away and deletes the row of an expired one.
//
// Differs from better-auth: it takes the cookie cache's word for a session until that ends, so that who is signed out elsewhere stays
// signed in for max_age. Here the database is asked, or what is remembered of it. Only what else a good cookie does is the same: it
// postpones the renewal, and is not sent again.
func (s *Sessions) resolve(w http.ResponseWriter, r *http.Request, ask asking) (identity *sessionstore.Identity, needsRefresh *bool, err error) {
	if s.cache == nil {
		s.cookies.removeSessionData(w, r)
	}
	look, _ := s.token(r)
	if look.Token == "" {
		return nil, nil, nil
	}
	identity, err = s.live(r.Context(), look, ask)
	if err != nil {
		return nil, nil, err
	}
	if identity == nil {
		s.cookies.ExpireSession(w, r)
		return nil, nil, nil
	}
	if s.cacheHolds(w, r, identity, ask) || ask.withoutRefresh || s.cookies.DontRemember(r) {
		return identity, nil, nil
	}
	now := s.now()
	due := s.renewalDue(identity, now)
	if ask.readOnly {
		s.cache.set(w, r, identity, true)
		return identity, &due, nil
	}
	if !due {
		s.cache.set(w, r, identity, true)
		return identity, nil, nil
	}
	renewed := s.renew(identity, now)
	if renewed == nil { // it is as good as it was
		s.cache.set(w, r, identity, true)
		if s.deferRefresh {
			return identity, &due, nil
		}
		return identity, nil, nil
	}
	s.send(w, r, renewed, true)
	return renewed, nil, nil
}

// cacheHolds tells whether the browser has a good copy of the session in its cookie. One that is outdated is replaced, and one that is
// nothing taken away.
func (s *Sessions) cacheHolds(w http.ResponseWriter, r *http.Request, identity *sessionstore.Identity, ask asking) bool {
	if s.cache == nil || ask.withoutCache {
		return false
	}
	cached, sent := s.cache.read(r, identity.Session.Token)
	switch {
	case cached == nil && sent:
		s.cookies.expire(w.Header(), s.cookies.sessionData)
	case cached != nil && !cached.agrees(identity):
		s.cache.set(w, r, identity, !s.cookies.DontRemember(r))
	}
	return cached != nil
}

// CachedSession is a session as its cookie has it, to be shown as it is.
type CachedSession struct {
	Session json.RawMessage `json:"session"`
	User    json.RawMessage `json:"user"`
}

// CachedSession returns what the cookie cache says of the session, for an answer that opens nothing, when Session has failed because the
// database is away; otherwise nil. It says nothing of a session of which it is known that it may have ended.
func (c *Call) CachedSession(failure error) *CachedSession {
	s := c.flow.sessions
	if s.cache == nil || !errors.Is(failure, sessionstore.ErrUnavailable) || isTruthy(c.R.URL.Query()["disableCookieCache"]) {
		return nil
	}
	look, _ := s.token(c.R)
	if look.Token == "" {
		return nil
	}
	cached, _ := s.cache.read(c.R, look.Token)
	if cached == nil || !s.trusts(cached) {
		return nil
	}
	c.identity = &cached.identity
	c.flow.logger.LogAttrs(c.R.Context(), slog.LevelWarn, "session is shown as its cookie has it",
		slog.String("request_id", c.Client().RequestID), slog.String("user_id", string(cached.identity.User.ID)), slog.Any("err", failure))
	return &CachedSession{Session: cached.session, User: cached.user}
}

// clockSkew is how far ahead the clock of another server may be that wrote a cookie: 15 seconds, as better-auth allows.
const clockSkew = 15 * time.Second

// trusts tells whether a genuine cookie may stand in for the database. However long its writer lets it count, it is max_age here.
func (s *Sessions) trusts(cached *cachedSession) bool {
	now := s.cache.now()
	identity := cached.identity
	return !cached.updatedAt.After(now.Add(clockSkew)) && !cached.updatedAt.Add(s.cache.maxAge).Before(now) &&
		!identity.User.BannedAt(now) && !s.store.MayHaveEnded(identity.Session.Token, identity.User.ID, cached.updatedAt)
}
