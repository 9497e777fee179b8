//go:build !unix

package http1

// supported tells whether connections can be looked at before they are used again. Where they cannot, all is left to the standard transport.
const supported = false

func (c *conn) alive() bool { return false }

func (c *conn) look(uintptr) {}
