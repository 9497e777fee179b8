package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/posternhq/postern/config"
)

// listen opens host:port, :port or unix:/path. A socket gets the configured permissions, if any.
func listen(address string, c config.Server) (net.Listener, error) {
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		tcp := net.ListenConfig{Control: endStalled(c.StallTimeout)}
		return tcp.Listen(context.Background(), "tcp", address)
	}
	if err := removeStaleSocket(path); err != nil {
		return nil, err
	}
	socket, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if mode, ok := c.FileMode(); ok {
		if err := os.Chmod(path, mode); err != nil {
			return nil, errors.Join(fmt.Errorf("set permissions of socket: %w", err), socket.Close())
		}
	}
	return socket, nil
}

// removeStaleSocket takes away the socket of a process that was killed. One that somebody listens on stays, and so does
// anything that is no socket.
func removeStaleSocket(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket", path)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return fmt.Errorf("another process listens on %s", path)
	}
	return os.Remove(path)
}
