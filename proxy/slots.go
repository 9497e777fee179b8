package proxy

import (
	"sync/atomic"
	"time"
)

// slots are how many requests an address may have at a time. An application with more than it can work on answers all of them
// late; refusing the rest at once leaves it what it can do, and lets clients know. Nil means no limit.
type slots struct {
	most  int32
	taken atomic.Int32
}

func newSlots(most int) *slots {
	if most == 0 {
		return nil
	}
	return &slots{most: int32(min(most, maxSlots))}
}

// maxSlots is as good as no limit, and cannot overflow.
const maxSlots = 1 << 30

func (s *slots) take() bool {
	if s == nil || s.taken.Add(1) <= s.most {
		return true
	}
	s.taken.Add(-1)
	return false
}

func (s *slots) free() {
	if s != nil {
		s.taken.Add(-1)
	}
}

// choose finds an address with room for the exchange, not among tried; false when there is none.
func (x *exchange) choose(now func() time.Time, tried ...*member) bool {
	x.leave()
	to := x.rule.pool.pick(now, tried...)
	if to == nil {
		return false
	}
	x.to, x.holds = to, true
	return true
}

// leave gives the place at the address back. A stream does so when it has opened: it is not what an application works on,
// and may stay for hours.
func (x *exchange) leave() {
	if x.holds {
		x.holds = false
		x.to.slots.free()
	}
}
