package main

import (
	"context"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"strings"
	"time"
)

const (
	// heapBallast is what lies in the heap without ever being touched, so that it takes part in the collector's arithmetic
	// and takes no memory. Go collects when the heap has doubled. What a small server keeps is so little that under load it
	// would collect dozens of times a second, at a tenth of its CPU time; with the ballast it may first make that much
	// garbage. GOGC cannot say this: a higher percentage would let a heap full of sessions grow just as many times.
	// https://blog.twitch.tv/en/2019/04/10/go-memory-ballast-how-i-learnt-to-stop-worrying-and-love-the-heap/
	heapBallast = 16 << 20

	// heapInterval is how often the heap is looked at.
	heapInterval = 10 * time.Second
	// heapQuiet is how much a server may allocate within an interval to count as at rest: some tens of requests a second,
	// or probes and scrapes alone.
	heapQuiet = 4 << 20
	// heapWorthwhile is how much there must be to give back.
	heapWorthwhile = 6 << 20
)

// heap trades memory for CPU time under load, and gives the memory back at rest: hashing a password takes 32 MiB, and a
// server to which nothing happens would not notice for minutes that nobody needs them any more.
type heap struct{ ballast []byte }

// newHeap leaves an operator alone who has made other arrangements.
func newHeap(environ []string) *heap {
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); value != "" && (name == "GOGC" || name == "GOMEMLIMIT") {
			return &heap{}
		}
	}
	return &heap{ballast: make([]byte, heapBallast)}
}

// run works until ctx ends.
func (h *heap) run(ctx context.Context) error {
	tick := time.NewTicker(heapInterval)
	defer tick.Stop()
	before := readHeap()
	for {
		select {
		case <-ctx.Done():
			runtime.KeepAlive(h.ballast)
			return nil
		case <-tick.C:
			now := readHeap()
			if now.allocated-before.allocated < heapQuiet && now.spare() > heapWorthwhile {
				debug.FreeOSMemory()
			}
			before = now
		}
	}
}

// heapState is in bytes.
type heapState struct {
	allocated uint64 // ever
	objects   uint64 // dead ones included until they are swept
	live      uint64 // at the last collection
	free      uint64 // in no use, and not given back
}

func readHeap() heapState {
	var s [4]runtimemetrics.Sample
	for i, name := range []string{
		"/gc/heap/allocs:bytes", "/memory/classes/heap/objects:bytes", "/gc/heap/live:bytes", "/memory/classes/heap/free:bytes",
	} {
		s[i].Name = name
	}
	runtimemetrics.Read(s[:])
	return heapState{allocated: s[0].Value.Uint64(), objects: s[1].Value.Uint64(), live: s[2].Value.Uint64(), free: s[3].Value.Uint64()}
}

// spare is about what a collection now would give back.
func (s heapState) spare() uint64 {
	return s.free + max(s.objects, s.live) - s.live
}
