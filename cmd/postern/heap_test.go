package main

import "testing"

func TestBallastYieldsToTheOperatorsSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ []string
		want    int
	}{
		"nothing set": {[]string{"PATH=/bin", "GOGC=", "XGOGC=1"}, heapBallast},
		"GOGC":        {[]string{"PATH=/bin", "GOGC=50"}, 0},
		"GOMEMLIMIT":  {[]string{"GOMEMLIMIT=64MiB"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := len(newHeap(c.environ).ballast); got != c.want {
				t.Errorf("the ballast is %d bytes, want %d", got, c.want)
			}
		})
	}
}

func TestSpareMemoryIsWhatNobodyUses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state heapState
		want  uint64
	}{
		"garbage and free pages":  {heapState{objects: 40, live: 10, free: 5}, 35},
		"just collected":          {heapState{objects: 10, live: 10}, 0},
		"less than was collected": {heapState{objects: 5, live: 10, free: 3}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.state.spare(); got != c.want {
				t.Errorf("spare is %d, want %d", got, c.want)
			}
		})
	}
}
