package audit

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// OfUser returns the latest events of one user, at most limit of them, the newest first: what is worth showing to the user. Request,
// session and actor are left out. There are none where events are not written.
func (r *Recorder) OfUser(ctx context.Context, user sessionstore.UserID, limit int) ([]authflow.Event, error) {
	var events []authflow.Event
	err := r.sql.Query(ctx, r.store, "OfUser", []any{string(user), limit}, func(scan func(dest ...any) error) error {
		e := authflow.Event{UserID: user}
		var at time.Time
		var address, agent, reason, place *string
		if err := scan(&at, (*string)(&e.Name), (*string)(&e.Outcome), &address, &agent, &reason, &place); err != nil {
			return err
		}
		e.At = at.UTC()
		e.UserAgent, e.Reason, e.Place = textOf(agent), textOf(reason), textOf(place)
		e.ClientIP, _ = netip.ParseAddr(textOf(address)) // the zero Addr is "unknown"
		events = append(events, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read audit events: %w", err)
	}
	return events, nil
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
