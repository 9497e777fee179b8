package password

import (
	"syscall"
	"testing"
)

func TestHashingStandsBack(t *testing.T) {
	t.Parallel()
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	q := newQuiet()
	defer q.stop()
	var quiet int
	q.do(func() { quiet, err = syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid()) })
	if want := max(own-hashNice, 1); err != nil || quiet != want {
		t.Errorf("priority %d, want %d (%v)", quiet, want, err)
	}
	after, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil || after != own {
		t.Errorf("everybody else has priority %d, had %d (%v)", after, own, err)
	}
}
