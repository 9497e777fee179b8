package ratelimit

import (
	"sync"
	"time"

	"github.com/posternhq/postern/authflow"
)

// window is what this replica knows of a key.
type window struct {
	mu     sync.Mutex
	ends   time.Time
	used   int  // hits allowed here
	room   int  // hits that may be allowed here without asking
	shared bool // the row knows of all that are in used and room
	full   bool // nothing more until it ends
}

// begin opens a window that nobody else has heard of.
func (w *window) begin(now time.Time, limit authflow.Limit) {
	w.ends, w.used, w.room = now.Add(limit.Window), 0, unasked(limit)
	w.shared, w.full = false, false
}

// grant makes room after the database has counted n hits and some that were allowed before, hits in all.
func (w *window) grant(n, hits int, ends time.Time, limit authflow.Limit) {
	w.ends, w.shared = ends, true
	w.room = min(n, max(0, limit.Max-(hits-n)))
	w.full = w.room == 0
}

// alone makes room for one hit if this replica has not allowed all by itself.
func (w *window) alone(limit authflow.Limit) {
	if w.full = w.used >= limit.Max; !w.full {
		w.room = 1
	}
}

// unreported are the hits that the row does not know of.
func (w *window) unreported() int {
	if w.shared {
		return 0
	}
	return w.used
}

func (w *window) hit(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Before(w.ends) && w.used > 0
}

// Shares of a limit; doc.go tells what they mean.
const (
	countedEach = 20 // a limit below this is counted hit by hit
	unaskedPart = 5
	askedPart   = 20
)

// unasked is how many hits each replica allows before it asks.
func unasked(limit authflow.Limit) int {
	if limit.Max < countedEach {
		return 0
	}
	return limit.Max / unaskedPart
}

// asked is how many hits it asks for at a time.
func asked(limit authflow.Limit) int { return max(1, limit.Max/askedPart) }
