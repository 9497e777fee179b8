package audit

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Filter says which events are looked for. Its zero value is about all.
type Filter struct {
	Name    authflow.EventName
	Outcome authflow.EventOutcome
	Who     sessionstore.UserID // whose account it was, or who did it
	Address string              // of the client, as rows have it

	// Before is the last entry that was seen: those that are older follow. The zero Cursor begins with the newest.
	Before Cursor
	Limit  int
}

// Cursor is a place in the list of events.
type Cursor struct {
	At time.Time
	ID string
}

// Entry is one event, and its place.
type Entry struct {
	authflow.Event
	Cursor Cursor
}

// Search returns the events that are looked for, the newest first. There are none where events are not written.
func (r *Recorder) Search(ctx context.Context, f Filter) ([]Entry, error) {
	before := f.Before
	if before.At.IsZero() {
		before.At = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var found []Entry
	args := []any{string(f.Name), string(f.Outcome), string(f.Who), f.Address, before.At, before.ID, f.Limit}
	err := r.sql.Query(ctx, r.store, "Search", args, func(scan func(dest ...any) error) error {
		var e Entry
		var user, actor, session, account, address, agent, request, reason, place *string
		if err := scan(&e.Cursor.ID, &e.At, (*string)(&e.Name), (*string)(&e.Outcome), &user, &actor, &session, &account, &address, &agent, &request, &reason, &place); err != nil {
			return err
		}
		e.At = e.At.UTC()
		e.Cursor.At = e.At
		e.UserID, e.ActorID, e.SessionID = sessionstore.UserID(textOf(user)), sessionstore.UserID(textOf(actor)), sessionstore.SessionID(textOf(session))
		e.Account, e.UserAgent, e.RequestID, e.Reason, e.Place = textOf(account), textOf(agent), textOf(request), textOf(reason), textOf(place)
		e.ClientIP, _ = netip.ParseAddr(textOf(address)) // the zero Addr is "unknown"
		found = append(found, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("search audit events: %w", err)
	}
	return found, nil
}
