package proxy

import (
	"errors"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Outcome is what there is to know about a request once it is over; for a stream or WebSocket that may be hours later.
type Outcome struct {
	Route     string // pattern of the rule, DefaultPattern, or empty when the request was refused before any rule
	Auth      Auth   // what the rule asks; meaningless when Route is empty
	Path      string // on which was decided; empty when the request was refused before that
	UserID    sessionstore.UserID
	SessionID sessionstore.SessionID
	Refused   bool   // answered before any rule was consulted; Action is meaningless
	Action    Action // what was decided
	Reason    string // a constant word: why it was not simply forwarded; empty when it was
	// UpstreamTime runs from handing the request to the transport until the answer was copied to its end.
	UpstreamTime time.Duration
	// Err is the cause of an answer 502, 503 or 504, or ErrAborted; for the log, never for a client.
	Err error
}

// ErrAborted says that an answer was cut off on its way: the application failed or the client left in the middle. The
// client's connection is closed without a proper end, so that a part is not taken for the whole (D93).
var ErrAborted = errors.New("answer cut off")
