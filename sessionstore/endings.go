package sessionstore

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// keptEndings bounds how many ended sessions, and how many users whose sessions ended, are remembered.
const keptEndings = 10_000

// endings remembers which sessions may have ended, and when, for as long as others may hold on to what they were told of one. It
// forgets the oldest first, and then knows nothing for certain of that time.
type endings struct {
	known    time.Time // since when everything is known that could be heard
	sessions *simplelru.LRU[TokenKey, time.Time]
	users    *simplelru.LRU[UserID, time.Time]
}

func newEndings(now time.Time, size int) *endings {
	e := &endings{known: now}
	// NewLRU fails on sizes below one only.
	e.sessions, _ = simplelru.NewLRU(size, func(_ TokenKey, at time.Time) { e.forgot(at) })
	e.users, _ = simplelru.NewLRU(size, func(_ UserID, at time.Time) { e.forgot(at) })
	return e
}

func (e *endings) forgot(at time.Time) {
	if at.After(e.known) {
		e.known = at
	}
}

func (e *endings) add(c change, now time.Time) {
	if c.token != (TokenKey{}) {
		e.sessions.Add(c.token, now)
	}
	if c.user != "" {
		e.users.Add(c.user, now)
	}
}

// anySince tells whether the session may have ended then or later.
func (e *endings) anySince(key TokenKey, user UserID, since time.Time) bool {
	if !since.After(e.known) {
		return true
	}
	session, sessionEnded := e.sessions.Peek(key)
	all, allEnded := e.users.Peek(user)
	return sessionEnded && !since.After(session) || allEnded && !since.After(all)
}

// MayHaveEnded tells whether the session, one of that user's, may have been ended at that moment or later. A false answer is certain of
// what this process did, heard of or has found out, and says nothing of what others did unheard. It is true also where it is not known:
// before the cache was made, and of what is too long ago to be remembered.
func (c *Cache) MayHaveEnded(token Token, user UserID, since time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := token.Key()
	_, unknown := c.unknown.Peek(key) // also when that is too long ago to be an answer: a token never comes back
	return unknown || c.endings.anySince(key, user, since)
}
