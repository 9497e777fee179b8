package http1

import (
	"sync"
	"time"
)

// idle holds the connections that are not in use, the one that was used last at the end. That one is used next, so that those
// which are not needed become old.
type idle struct {
	mu      sync.Mutex
	conns   []*conn
	timer   *time.Timer // runs while there are connections
	closing bool        // none is kept until the next is asked for
}

// sweepEvery is how often, at least, idle connections are looked at: one that the other end has closed holds a file for nothing.
const sweepEvery = 10 * time.Second

// take returns a connection that can be used, or nil.
func (i *idle) take(timeout time.Duration) *conn {
	for {
		c := i.pop()
		if c == nil {
			return nil
		}
		if (timeout <= 0 || time.Since(c.idleSince) < timeout) && c.alive() {
			return c
		}
		c.abort()
	}
}

func (i *idle) pop() *conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closing = false
	last := len(i.conns) - 1
	if last < 0 {
		return nil
	}
	c := i.conns[last]
	i.conns[last] = nil
	i.conns = i.conns[:last]
	return c
}

func (i *idle) put(c *conn) {
	c.idleSince = time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closing || len(i.conns) >= c.transport.MaxIdle {
		c.abort()
		return
	}
	i.conns = append(i.conns, c)
	if i.timer == nil {
		t := c.transport
		i.timer = time.AfterFunc(t.sweepAfter(c.idleSince), func() { i.sweep(t) })
	}
}

// sweepAfter is when to look again, given the oldest.
func (t *Transport) sweepAfter(oldest time.Time) time.Duration {
	if t.IdleTimeout <= 0 {
		return sweepEvery
	}
	return min(sweepEvery, max(time.Millisecond, t.IdleTimeout-time.Since(oldest)))
}

// sweep closes the connections that are too old, and those that the other end has closed.
func (i *idle) sweep(t *Transport) {
	i.mu.Lock()
	defer i.mu.Unlock()
	kept := i.conns[:0]
	for _, c := range i.conns {
		if (t.IdleTimeout <= 0 || time.Since(c.idleSince) < t.IdleTimeout) && c.alive() {
			kept = append(kept, c)
		} else {
			c.abort()
		}
	}
	clear(i.conns[len(kept):])
	i.conns, i.timer = kept, nil
	if len(kept) > 0 {
		i.timer = time.AfterFunc(t.sweepAfter(kept[0].idleSince), func() { i.sweep(t) })
	}
}

func (i *idle) closeAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, c := range i.conns {
		c.abort()
	}
	clear(i.conns)
	i.conns, i.closing = i.conns[:0], true
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
}
