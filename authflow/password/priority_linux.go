package password

import (
	"runtime"
	"syscall"
)

// hashNice is how much further than the process hashing stands back for everything else on the machine: with 10 a thread gets about a tenth of a core for which another
// one competes, and a whole one when nobody does.
const hashNice = 10

// standBack lowers the priority of the calling goroutine's thread, which is its own from then on and ends with it. In Linux it belongs to
// each thread: setpriority(2), "C library/kernel differences". Without the right to, which takes a strange seccomp profile, all
// is as it was.
func standBack() {
	runtime.LockOSThread()
	thread := syscall.Gettid()
	// The kernel says 20 less the nice value, so that it is never negative: getpriority(2).
	if raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, thread); err == nil {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, thread, min(20-raw+hashNice, 19))
	}
}
