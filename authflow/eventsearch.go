package authflow

import (
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// EventFilter says which recorded events are looked for. Its zero value is about all.
type EventFilter struct {
	Name    EventName
	Outcome EventOutcome
	Who     sessionstore.UserID // whose account it was, or who did it
	Address string              // of the client, as rows have it

	// Before is the last one that was seen: those that are older follow. The zero EventCursor begins with the newest.
	Before EventCursor
	Limit  int
}

// EventCursor is a place in the list of recorded events.
type EventCursor struct {
	At time.Time
	ID string
}

// RecordedEvent is an event, and its place.
type RecordedEvent struct {
	Event
	Cursor EventCursor
}
