package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wire is where lines arrive; it counts the writes.
type wire struct {
	mu     sync.Mutex
	text   strings.Builder
	writes int
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return w.text.Write(p)
}

func (w *wire) has() (string, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String(), w.writes
}

func expect(t *testing.T, w *wire, text string, writes int) {
	t.Helper()
	if got, n := w.has(); got != text || n != writes {
		t.Errorf("there are %q by %d writes, want %q by %d", got, n, text, writes)
	}
}

func TestLoneRequestIsLoggedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &wire{}
		w := newLineWriter(out, time.Now)
		w.writeSoon([]byte("a\n"))
		expect(t, out, "a\n", 1)
		time.Sleep(lineDelay)
		w.writeSoon([]byte("b\n"))
		expect(t, out, "a\nb\n", 2)
	})
}

func TestRequestsUnderLoadAreLoggedTogetherAndSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &wire{}
		w := newLineWriter(out, time.Now)
		for _, line := range []string{"a\n", "b\n", "c\n"} {
			w.writeSoon([]byte(line))
		}
		expect(t, out, "a\n", 1)
		time.Sleep(lineDelay)
		synctest.Wait()
		expect(t, out, "a\nb\nc\n", 2)
	})
}

func TestOtherLinesWaitForNothingAndKeepTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &wire{}
		w := newLineWriter(out, time.Now)
		w.writeSoon([]byte("a\n"))
		w.writeSoon([]byte("b\n"))
		if _, err := w.Write([]byte("alarm\n")); err != nil {
			t.Fatal(err)
		}
		expect(t, out, "a\nb\nalarm\n", 3)
	})
}

func TestFlushWritesWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &wire{}
		w := newLineWriter(out, time.Now)
		w.writeSoon([]byte("a\n"))
		w.writeSoon([]byte("b\n"))
		w.flush()
		w.flush()
		expect(t, out, "a\nb\n", 2)
	})
}

func TestLinesSurviveAFullBufferWholeAndInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out, want := &wire{}, strings.Builder{}
		w := newLineWriter(out, time.Now)
		for i := range 5000 {
			line := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", i%50))
			if i%1000 == 999 {
				line = strings.Repeat("y", lineBuffer+1) + "\n"
			}
			want.WriteString(line)
			w.writeSoon([]byte(line))
		}
		w.flush()
		if got, writes := out.has(); got != want.String() || writes > 30 {
			t.Errorf("%d bytes by %d writes, want %d by at most 30", len(got), writes, want.Len())
		}
	})
}
