package proxy

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// watchedBody ends exchanges over HTTP/2 whose body trickles, by the rule of pacedBody. A deadline will not do there: it closes the stream's
// body for good, also while nobody reads, so a timer looks at the clock instead. Once the application has begun to answer it is a stream in
// both directions, which may be idle for good reason, and is watched no longer.
type watchedBody struct {
	io.ReadCloser
	grace    time.Duration
	end      func()
	timer    *time.Timer
	received atomic.Int64
	waited   atomic.Int64 // nanoseconds, in Reads that have ended
	since    atomic.Int64 // when the Read under way began, in Unix nanoseconds; 0 when there is none
	over     atomic.Bool
}

// watchBody limits the body of an exchange whose client speaks HTTP/2. gRPC is left alone: its calls may be silent for as long as they like,
// and share a connection to the application. The returned function must be called in the end.
func (x *exchange) watchBody(grace time.Duration) (stop func()) {
	if grace <= 0 || x.in.ProtoMajor < 2 || x.in.ContentLength == 0 || isGRPC(x.in) {
		return func() {}
	}
	ctx, cancel := context.WithCancelCause(x.Context)
	x.Context = ctx
	x.watched = &watchedBody{grace: grace, end: func() { cancel(errSlowBody) }}
	x.watched.timer = time.AfterFunc(grace, x.watched.look)
	return func() {
		x.watched.excuse()
		cancel(nil)
	}
}

func (b *watchedBody) Read(p []byte) (int, error) {
	start := time.Now()
	b.since.Store(start.UnixNano())
	n, err := b.ReadCloser.Read(p)
	b.received.Add(int64(n))
	b.waited.Add(int64(time.Since(start)))
	b.since.Store(0)
	if err != nil {
		b.excuse()
	}
	return n, err
}

// rest is how long the look that found plenty of time waits at least.
const rest = 20 * time.Millisecond

// look ends the exchange when its time is up, and comes again otherwise.
func (b *watchedBody) look() {
	if b.over.Load() {
		return
	}
	left := b.grace + time.Duration(b.received.Load())*(time.Second/slowestBody) - time.Duration(b.waited.Load())
	since := b.since.Load()
	if since != 0 {
		left -= time.Duration(time.Now().UnixNano() - since)
	}
	if left <= 0 && since != 0 {
		b.end()
		return
	}
	b.timer.Reset(max(left, rest))
}

// excuse ends the watch.
func (b *watchedBody) excuse() {
	b.over.Store(true)
	b.timer.Stop()
}
