package password

import (
	"fmt"
	"slices"
	"testing"
)

func waitingJob(client, account string, known bool) *job {
	return &job{done: make(chan struct{}), turn: turn{client, account}, known: known, index: -1}
}

// A thousand addresses that try stolen passwords, each with a turn of its own, and one who has signed in before.
func TestStrangersDoNotDelayWhomTheAccountKnows(t *testing.T) {
	t.Parallel()
	l := newLanes()
	for i := range 1000 {
		l.add(waitingJob(fmt.Sprint("client", i), fmt.Sprint("account", i), false))
	}
	ada := waitingJob("home", "ada", true)
	l.add(ada)
	if l.take() != ada {
		t.Error("somebody else goes first")
	}
	// Known ones do not shut strangers out either.
	for i := range 30 {
		l.add(waitingJob(fmt.Sprint("home", i), fmt.Sprint("user", i), true))
	}
	var lane []bool
	for range 26 {
		lane = append(lane, l.take().known)
	}
	run := slices.Repeat([]bool{true}, longestStreak)
	want := slices.Concat(run[1:], []bool{false}, run, []bool{false}, run, []bool{false}) // ada was the first
	if !slices.Equal(lane, want) {
		t.Errorf("lanes %v, want %v", lane, want)
	}
}

// When there is no room, a stranger gives way to a known one, and never the other way round.
func TestAStrangerGivesWay(t *testing.T) {
	t.Parallel()
	l := newLanes()
	first, second := waitingJob("a", "x", false), waitingJob("a", "y", false)
	l.add(first)
	l.add(second)
	if got := l.giveWay(waitingJob("home", "ada", true)); got != second {
		t.Errorf("%v gives way", got)
	}
	if got := l.giveWay(waitingJob("b", "z", false)); got != second {
		t.Errorf("%v gives way to a client that had no turn yet", got)
	}
	if got := l.giveWay(waitingJob("a", "z", false)); got != nil {
		t.Errorf("%v gives way to who comes last", got)
	}
	full := newLanes()
	full.add(waitingJob("home", "ada", true))
	if got := full.giveWay(waitingJob("b", "z", false)); got != nil {
		t.Error("a known one gives way to a stranger")
	}
	if got := full.giveWay(waitingJob("home", "ada", true)); got != nil {
		t.Error("one gives way to who comes after")
	}
}
