package proxy

import (
	"errors"
	"net/http"
	"time"
)

// Ending is why a request was ended that neither side had finished.
type Ending int32

const (
	goesOn Ending = iota
	// SessionEnded: the session was revoked or has expired, or its user was banned or deleted.
	SessionEnded
	// NoLongerAllowed: the user has lost what the route asks for.
	NoLongerAllowed
	// SessionUnknown: for too long nobody could tell about the session.
	SessionUnknown
	// Draining: the process ends.
	Draining
)

// String is the reason in logs and metrics.
func (e Ending) String() string {
	return [...]string{"", "session_ended", "no_longer_allowed", "session_unknown", "draining"}[e]
}

// errEnded is why forwarding fails of an exchange that was ended.
var errEnded = errors.New("request ended before its time")

var refusalOfEnding = map[Ending]*refusal{
	SessionEnded:    {http.StatusUnauthorized, "UNAUTHORIZED", SessionEnded.String(), "The session has ended"},
	NoLongerAllowed: {http.StatusForbidden, "FORBIDDEN", NoLongerAllowed.String(), "You are no longer allowed to use this resource"},
	SessionUnknown:  {http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", SessionUnknown.String(), "Sessions cannot be checked at the moment; try again"},
	Draining:        {http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", Draining.String(), "The server is about to stop; try again"},
}

func (x *exchange) ending() Ending { return Ending(x.endedBy.Load()) }

// cut has an exchange that was ended come to its end. It needs the shard's lock: once the handler has returned, the
// connection belongs to the client's next request.
//
// A context that could be cancelled from here would have to be made for every request. Deadlines are there already: a read that
// fails has net/http cancel the context of an HTTP/1.1 request, and a write that is too late has it reset an HTTP/2 stream. The
// read that fails is the one by which net/http waits for the client to leave; a client that has sent bytes of its next
// request already is not waited for, and then the answer is withheld when it comes.
func (s *Streams) cut(x *exchange) {
	if t := x.watch.tunnel; t != nil {
		if !t.ending {
			t.ending = true
			s.closing.Go(func() { t.end(x.ending()) })
		}
		return
	}
	past := time.Unix(1, 0)
	control := http.NewResponseController(x.ResponseWriter)
	_ = control.SetReadDeadline(past) // a writer without deadlines belongs to a test or an adapter
	if x.answering.Load() || x.in.ProtoMajor >= 2 {
		_ = control.SetWriteDeadline(past)
	}
}

// beginAnswer notes that headers are about to be sent, after which no answer of our own is possible.
func (x *exchange) beginAnswer() error {
	x.answering.Store(true)
	if x.ending() != goesOn { // asked after having noted it: cut notes first and asks afterwards
		x.answering.Store(false)
		return errEnded
	}
	return nil
}
