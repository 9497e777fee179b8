package main

import (
	"context"
	"time"

	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/sessionstore"
)

// newStreams watches what is under way, over all generations. An answer from memory may be as old as ttl, and older by
// stale_if_error while the database is away; a stream may go on by an answer that is as old.
func (a *app) newStreams() *proxy.Streams {
	cache := a.cfg.SessionCache
	return proxy.NewStreams(sessionWatch{a}, proxy.StreamOptions{
		Recheck: max(cache.TTL, time.Second),
		Grace:   max(cache.TTL+cache.StaleIfError, time.Second),
		Opened:  a.metrics.streamsOpen,
		Ended:   a.metrics.streamEnded,
	})
}

// sessionWatch asks the present generation about sessions, and the cache about what it has heard.
type sessionWatch struct{ app *app }

var _ proxy.SessionWatcher = sessionWatch{}

func (w sessionWatch) Recheck(ctx context.Context, identity *sessionstore.Identity) (*sessionstore.Identity, error) {
	return w.app.current.Load().api.core.Sessions.Recheck(ctx, identity)
}

func (w sessionWatch) MayHaveEnded(identity *sessionstore.Identity, since time.Time) bool {
	return w.app.store.MayHaveEnded(identity.Session.Token, identity.User.ID, since)
}
