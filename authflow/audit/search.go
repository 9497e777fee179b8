package audit

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// Search returns the events that are looked for, the newest first. There are none where events are not written.
func (r *Recorder) Search(ctx context.Context, f authflow.EventFilter) ([]authflow.RecordedEvent, error) {
	before := f.Before
	if before.At.IsZero() {
		before.At = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var found []authflow.RecordedEvent
	args := []any{string(f.Name), string(f.Outcome), string(f.Who), f.Address, before.At, before.ID, f.Limit}
	err := r.sql.Query(ctx, r.store, "Search", args, func(scan func(dest ...any) error) error {
		var e authflow.RecordedEvent
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
