//go:build unix

package http1

import "syscall"

// supported tells whether connections can be looked at before they are used again.
const supported = true

// alive tells whether nothing has come, no end and no byte, since the connection was put aside. One system call is the price of not sending
// a request into a connection that is closed already, and of never taking a stray byte for the begin of an answer.
func (c *conn) alive() bool {
	c.sound = false
	return c.raw.Control(c.probe) == nil && c.sound
}

func (c *conn) look(fd uintptr) {
	var b [1]byte
	_, err := syscall.Read(int(fd), b[:])
	c.sound = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
}
