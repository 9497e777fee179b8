package audit

import (
	"context"
	"fmt"
	"time"
)

// Selection says which events are meant. Zero values leave a question open.
type Selection struct {
	Since, Until time.Time // Until excluded
	Event        string
	UserID       string
}

const exportBatch = 500

// endOfTime is later than any event, and both databases take it.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Export calls each with the events of a selection, the oldest first. An error of each ends it.
func (r *Recorder) Export(ctx context.Context, s Selection, each func(Row) error) error {
	at, id, until := s.Since.UTC().Truncate(time.Millisecond), "", s.Until.UTC()
	if s.Until.IsZero() {
		until = endOfTime
	}
	for {
		rows, err := r.rows(ctx, r.store, "Between", at, id, until, s.Event, s.UserID, exportBatch)
		if err != nil {
			return fmt.Errorf("export audit events: %w", err)
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
			at, id = row.At, row.ID
		}
		if len(rows) < exportBatch {
			return nil
		}
	}
}
