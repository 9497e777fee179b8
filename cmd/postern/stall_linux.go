package main

import (
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), RFC 5482, which package syscall does not name.
const tcpUserTimeout = 0x12

// endStalled has the system close connections on which the other side takes nothing for so long, although there is something for
// it. It costs nothing per write, which a deadline would. Connections inherit it from their listener.
func endStalled(after time.Duration) func(network, address string, socket syscall.RawConn) error {
	return func(_, _ string, socket syscall.RawConn) error {
		var failed error
		err := socket.Control(func(fd uintptr) {
			failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(after.Milliseconds())) // 0: the system's own
		})
		if err != nil {
			return err
		}
		return failed
	}
}
