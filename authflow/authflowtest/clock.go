package authflowtest

import (
	"strings"
	"sync"
	"time"
)

// Clock is a time that only tests move.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at an instant with more than millisecond precision, as real ones have.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC)} }

// Now is the time that was set.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lockedBuffer takes the log of concurrent requests.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
