package wire

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// bound is by how much Postern's memory may grow while somebody sends it what has no end.
const bound = 64 << 20

// grows runs something and returns by how many bytes the most memory that Postern had resident during it is above what it had
// before.
func (s *stack) grows(t *testing.T, run func()) int64 {
	t.Helper()
	before := s.memory(t, "VmRSS")
	// 5 sets the high-water mark to what is resident (proc(5)).
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.PID()), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	run()
	growth := max(0, s.memory(t, "VmHWM")-before)
	t.Logf("memory: %d MiB before, at most %d MiB more", before>>20, growth>>20)
	return growth
}

func (s *stack) wantBounded(t *testing.T, run func()) {
	t.Helper()
	if growth := s.grows(t, run); growth > bound {
		t.Errorf("memory grew by %d MiB", growth>>20)
	}
}

func (s *stack) memory(t *testing.T, of string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, of+":"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	t.Fatalf("no %s in %s", of, text)
	return 0
}
