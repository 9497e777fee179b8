package main

import (
	"io"
	"sync"
	"time"
)

const (
	// lineDelay is how long the line of a request may wait for others.
	lineDelay = 100 * time.Millisecond
	// lineBuffer is how many bytes may wait.
	lineBuffer = 32 << 10
)

// lineWriter writes log lines. Those of requests may wait a moment for each other, since a system call for each would cost
// a good part of what the request itself does: while requests come one by one they are written at once, and under load
// every lineDelay. What waits is lost when the process is killed without warning; so only lines of requests wait, and every
// other line goes out at once and takes along what came before it.
type lineWriter struct {
	now func() time.Time

	mu      sync.Mutex
	out     io.Writer
	waiting []byte
	written time.Time   // when something was written last
	timer   *time.Timer // runs while something waits
}

func newLineWriter(out io.Writer, now func() time.Time) *lineWriter {
	w := &lineWriter{out: out, now: now, waiting: make([]byte, 0, lineBuffer)}
	w.timer = time.AfterFunc(time.Hour, w.flush)
	w.timer.Stop()
	return w
}

// Write writes lines at once.
func (w *lineWriter) Write(lines []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 {
		w.release()
	}
	return w.out.Write(lines)
}

// writeSoon writes a line within lineDelay.
func (w *lineWriter) writeSoon(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting)+len(line) > lineBuffer {
		w.release()
	}
	if len(w.waiting) == 0 {
		if now := w.now(); now.Sub(w.written) >= lineDelay || len(line) > lineBuffer {
			w.written = now
			_, _ = w.out.Write(line) // there is nowhere to complain that the log cannot be written
			return
		}
		w.timer.Reset(lineDelay)
	}
	w.waiting = append(w.waiting, line...)
}

// flush writes what waits.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release()
}

func (w *lineWriter) release() {
	w.timer.Stop()
	if len(w.waiting) == 0 {
		return
	}
	w.written = w.now()
	_, _ = w.out.Write(w.waiting) // see writeSoon
	w.waiting = w.waiting[:0]
}
